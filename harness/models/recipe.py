"""All that a conversion is made from: a card's part of it, or what a command line says of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.fetch.store import sha256_of
from harness.models.calibration import ArrayExamples, Examples, SampleExamples
from harness.models.catalog import CARD, Io, ModelCard, Variant
from harness.models.entry import LocalPin, locate
from harness.models.source_card import (
    ConcreteSource,
    KerasSource,
    OnnxSource,
    SavedModelSource,
    Source,
    TfjsSource,
    TfliteSource,
)
from harness.strict_yaml import did_you_mean

_FUNCTION = re.compile(r"[\w./\\-]+:[A-Za-z_]\w*")
_MODEL_JSON = "model.json"
_FILES: Mapping[str, tuple[str, Any]] = {
    ".keras": ("keras", KerasSource),
    ".h5": ("keras", KerasSource),
    ".hdf5": ("keras", KerasSource),
    ".json": ("tfjs", TfjsSource),
    ".onnx": ("onnx", OnnxSource),
    ".tflite": ("tflite", TfliteSource),
}
_FLAGS = {"signatures": "--signature", "tags": "--tags", "input_shapes": "--input-shape", "outputs": "--output"}
INTEGER_VARIANTS = (Variant.INT8, Variant.INT16X8)


@dataclass(frozen=True)
class Recipe:
    """A source, and what is wanted of it. `where` is what an error calls it; local files lie in `folder`."""

    id: str
    where: str
    folder: Path
    source: Source
    variants: tuple[Variant, ...]
    examples: Examples | None = None
    io: Io = Io.INTEGER
    select_ops: bool = False

    def require(self, variant: Variant | str) -> Variant:
        """The variant, if it is among these. Raises UsageError `card.variant`."""
        if variant not in self.variants:
            names = [str(known) for known in self.variants]
            hint = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}"
            if not self.examples and variant in INTEGER_VARIANTS and not isinstance(self.source, TfliteSource):
                hint = "give real inputs with --calibrate inputs.npz, one array an input"
            what = f"{self.id} has no variant '{variant}'{did_you_mean(str(variant), names)}"
            raise UsageError("card.variant", what, hint=hint)
        return Variant(variant)


def recipe_of(
    card: ModelCard, catalog: Path | None = None, say: Callable[[str], None] = lambda _message: None
) -> Recipe:
    """What a card says of conversion; `catalog` is the folder with `samples.yaml`. Raises as `locate`."""
    where = str(card.folder / CARD)
    examples: Examples | None = None
    if card.calibration and card.calibration.arrays:
        examples = ArrayExamples(locate(card.calibration.arrays, card.folder, where, say))
    elif card.calibration:
        examples = SampleExamples(card.calibration.samples, card.task, card.place, catalog)
    return Recipe(card.id, where, card.folder, card.source, card.variants, examples, card.io)


def is_source(text: str) -> bool:
    """Whether a word of the command line names a file, a folder or a function, and not a model of the catalogue."""
    return bool(_FUNCTION.fullmatch(text)) or "/" in text or bool(Path(text).suffix) or Path(text).is_dir()


def recipe_for(
    text: str,
    *,
    signatures: Sequence[str] = (),
    tags: Sequence[str] = (),
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    outputs: Sequence[str] = (),
    examples: Examples | None = None,
    io: Io = Io.INTEGER,
    select_ops: bool = False,
) -> Recipe:
    """The recipe for a file, a SavedModel's or TensorFlow.js model's folder, or `module:function` (`file.py:function`).

    Its id is the file's name in the letters that an id may have. Without examples there is no integer variant.

    Raises:
        UsageError: `source.missing`; `source.unknown` for a kind of file that isn't read; `source.option` for an
            option that this kind hasn't got.
        ModelError: as `harness.models.inspect.inspect`, for a `.tflite` file.
    """
    given = {
        "signatures": tuple(signatures),
        "tags": tuple(tags),
        "input_shapes": dict(input_shapes or {}),
        "outputs": tuple(outputs),
    }
    source, folder, name = _source(text, {option: value for option, value in given.items() if value})
    if isinstance(source, TfliteSource):
        from harness.models.inspect import inspect
        from harness.models.precision import precision_of

        if examples or select_ops:
            raise _no_option(text, "--calibrate and --select-ops", "a .tflite file is taken as it is")
        variants: tuple[Variant, ...] = (precision_of(inspect(Path(text))),)
    else:
        variants = tuple(variant for variant in Variant if examples or variant not in INTEGER_VARIANTS)
    label = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:48] or "model"
    return Recipe(
        label if label[0].isalpha() else f"m_{label}", text, folder, source, variants, examples, io, select_ops
    )


def _source(text: str, options: Mapping[str, Any]) -> tuple[Source, Path, str]:
    """The source, the folder that its files lie in, and what it is called."""
    path = Path(text)
    if _FUNCTION.fullmatch(text) and not path.exists():
        module, _, function = text.rpartition(":")
        file = Path(module)
        made = _made(text, ConcreteSource, "concrete", options, function=f"{file.name}:{function}")
        return made, file.parent, function
    if not path.exists():
        raise UsageError("source.missing", f"{text} isn't there", hint="check the path")
    resolved = path.resolve()
    if path.is_dir() and not (path / _MODEL_JSON).is_file():
        made = _made(text, SavedModelSource, "saved_model", options, folder=resolved.name)
        return made, resolved.parent, resolved.name
    name = path.stem if path.name != _MODEL_JSON else resolved.parent.name
    if path.is_dir():
        name, resolved = resolved.name, resolved / _MODEL_JSON
    if resolved.suffix not in _FILES:
        raise UsageError(
            "source.unknown",
            f"{text} is no kind of model that is read here",
            hint=f"give a file ({', '.join(_FILES)}), the folder of a SavedModel or a TensorFlow.js model, "
            "module:function or file.py:function",
        )
    kind, model = _FILES[resolved.suffix]
    pin = LocalPin(path=resolved.name, sha256=sha256_of(resolved))
    return _made(text, model, kind, options, file=pin), resolved.parent, name


def _made(text: str, model: Any, kind: str, options: Mapping[str, Any], **parts: Any) -> Source:
    if unknown := [option for option in options if option not in model.model_fields]:
        raise _no_option(
            text, " and ".join(_FLAGS[option] for option in unknown), f"a source of kind '{kind}' has none"
        )
    made: Source = model(kind=kind, **options, **parts)
    return made


def _no_option(text: str, option: str, why: str) -> UsageError:
    return UsageError("source.option", f"{text} can't be converted with {option}", why=why)
