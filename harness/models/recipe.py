"""All that a conversion is made from: a card's part of it, or what a command line says of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.fetch.store import sha256_of
from harness.models.calibration import ArrayExamples, Examples, SampleExamples
from harness.models.catalog import CARD, Io, ModelCard, Variant
from harness.models.entry import LocalPin, locate
from harness.models.source_card import ConcreteSource, KerasSource, SavedModelSource, Source, TfliteSource
from harness.strict_yaml import did_you_mean

_FUNCTION = re.compile(r"[\w./\\-]+:[A-Za-z_]\w*")
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
    examples: Examples | None = None,
    io: Io = Io.INTEGER,
    select_ops: bool = False,
) -> Recipe:
    """The recipe for a file, a SavedModel's folder, or `module:function` (`file.py:function`).

    Its id is the file's name in the letters that an id may have. Without examples there is no integer variant.

    Raises:
        UsageError: `source.missing`; `source.unknown` for a kind of file that isn't read; `source.option` for an
            option that this kind hasn't got.
        ModelError: as `harness.models.inspect.inspect`, for a `.tflite` file.
    """
    source, folder, name = _source(text, tuple(signatures), tuple(tags), dict(input_shapes or {}))
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


def _source(
    text: str, signatures: tuple[str, ...], tags: tuple[str, ...], shapes: dict[str, tuple[int, ...]]
) -> tuple[Source, Path, str]:
    path = Path(text)
    if _FUNCTION.fullmatch(text) and not path.exists():
        module, _, function = text.rpartition(":")
        if tags:
            raise _no_option(text, "--tags", "only a SavedModel has tags")
        file = Path(module)
        source = ConcreteSource(
            kind="concrete", function=f"{file.name}:{function}", signatures=signatures, input_shapes=shapes
        )
        return source, file.parent, function
    if not path.exists():
        raise UsageError("source.missing", f"{text} isn't there", hint="check the path")
    folder = path.resolve().parent
    if path.is_dir():
        source_folder = path.resolve().name
        found = SavedModelSource(
            kind="saved_model", folder=source_folder, signatures=signatures, tags=tags, input_shapes=shapes
        )
        return found, folder, source_folder
    if signatures or tags:
        raise _no_option(text, "--signature and --tags", "only a SavedModel or a function has them")
    if path.suffix in (".keras", ".h5", ".hdf5"):
        keras = KerasSource(kind="keras", file=_pinned(path), input_shapes=shapes)
        return keras, folder, path.stem
    if path.suffix == ".tflite":
        if shapes:
            raise _no_option(text, "--input-shape", "a .tflite file is taken as it is")
        return TfliteSource(kind="tflite", file=_pinned(path)), folder, path.stem
    raise UsageError(
        "source.unknown",
        f"{text} is no kind of model that is read here",
        hint="give a .keras, .h5 or .tflite file, a SavedModel's folder, module:function or file.py:function",
    )


def _pinned(path: Path) -> LocalPin:
    return LocalPin(path=path.resolve().name, sha256=sha256_of(path))


def _no_option(text: str, option: str, why: str) -> UsageError:
    return UsageError("source.option", f"{text} can't be converted with {option}", why=why)
