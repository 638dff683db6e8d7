"""From a source to `.tflite` files, one a variant; TensorFlow is imported only when one of them isn't in the cache."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, ModelError, UsageError
from harness.fetch.space import space_on_disk
from harness.fetch.store import cache_root, cached, key_of
from harness.models import source, workers
from harness.models.calibration import Example
from harness.models.catalog import Io, ModelCard, Variant
from harness.models.entry import locate
from harness.models.graphs import Built
from harness.models.inspect import inspect
from harness.models.precision import precision_of
from harness.models.quiet import silenced, tensorflow
from harness.models.recipe import INTEGER_VARIANTS, Recipe, recipe_of
from harness.models.source_card import TfliteSource
from harness.models.unsupported import read_refusal, refusal_error

# The runtime in the app: what a converted model has to load on. The host's own is newer and would never tell.
RUNTIME = (2, 16, 1)
_WORTH_WORKERS_S = 20.0  # of conversion to come: a further process spends some 8 s on TensorFlow and the source
_INTEGER = {Variant.INT8: "int8", Variant.INT16X8: "int16"}


@dataclass(frozen=True)
class ConvertedModel:
    """A variant as the converter wrote it. `key` names all that it was made from."""

    model: str
    variant: Variant
    path: Path
    key: str


def convert(
    card: ModelCard,
    variants: Sequence[Variant],
    *,
    catalog: Path | None = None,
    say: Callable[[str], None] = lambda _message: None,
) -> tuple[ConvertedModel, ...]:
    """These variants of a card's model: `convert_recipe` of what the card says. `catalog` has the photos' pins."""
    return convert_recipe(recipe_of(card, catalog, say), variants, say=say)


def convert_recipe(
    recipe: Recipe, variants: Sequence[Variant | str], *, say: Callable[[str], None] = lambda _message: None
) -> tuple[ConvertedModel, ...]:
    """These variants, from the cache or made now; the source is built once for all of them.

    fp32 keeps everything; fp16 stores weights in half precision; dynamic stores weights in int8 and computes
    activations' ranges as it runs; int8 and int16x8 are integers throughout, calibrated on the recipe's examples,
    with integers or floats as input and output. A `.tflite` file is taken as it is. `say` hears what is waited for.

    Raises:
        UsageError: there is no such variant, or the source names what isn't there; `calibration.missing`.
        ModelError: `convert.unsupported_ops` naming the operators and the remedies; `convert.failed` with the
            converter's last words; `convert.runtime`; or as `harness.models.source.build`.
        HostError: weights or photos can't be fetched; `fetch.no_space`.
    """
    workshop = _Workshop(recipe, say)
    wanted = [recipe.require(name) for name in variants]
    made = []
    try:
        for place, variant in enumerate(wanted):
            key = recipe_key(recipe, variant)
            with space_on_disk(f"{recipe.id}/{variant}"):
                path = cached("converted", key, lambda target, variant=variant: workshop.write(variant, target))  # type: ignore[misc]
            made.append(ConvertedModel(recipe.id, variant, path, key))
            if workshop.seconds * (len(wanted) - place - 1) > _WORTH_WORKERS_S:
                workers.warm([workers.Job(recipe, (each,)) for each in missing(recipe, wanted)], say)
    finally:
        workshop.close()
    return tuple(made)


def missing(recipe: Recipe, variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """Those of these variants that aren't in the cache."""
    folder = cache_root() / "converted"
    return tuple(each for each in dict.fromkeys(variants) if not (folder / recipe_key(recipe, each)).exists())


def conversion_key(card: ModelCard, variant: Variant, catalog: Path | None = None) -> str:
    """Names a card's variant by all that shapes it, without making it."""
    return recipe_key(recipe_of(card, catalog), variant)


def recipe_key(recipe: Recipe, variant: Variant) -> str:
    """Names a variant by all that shapes it: source, examples, TensorFlow's version, our own code."""
    parts = [source.source_key(recipe), variant, version("tensorflow"), _own_code(), str(recipe.select_ops)]
    if variant in INTEGER_VARIANTS:
        parts += [recipe.io, recipe.examples.key() if recipe.examples else ""]
    return key_of(*parts)


class _Workshop:
    """Builds the source when the first variant needs it, and keeps it for the next."""

    def __init__(self, recipe: Recipe, say: Callable[[str], None]) -> None:
        self._recipe = recipe
        self._say = say
        self._scratch: Path | None = None
        self.seconds = 0.0  # of the last conversion, the source's building apart

    def close(self) -> None:
        """Forget what lies on disk."""
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def write(self, variant: Variant, target: Path) -> None:
        if isinstance(self._recipe.source, TfliteSource):
            self._take(self._recipe.source, variant, target)
        else:
            target.write_bytes(self._converted(variant))
        needed = inspect(target).min_runtime
        if needed > RUNTIME:
            raise ModelError(
                "convert.runtime",
                f"{self._recipe.id}/{variant} needs TensorFlow Lite {'.'.join(map(str, needed))}",
                why=f"the app carries {'.'.join(map(str, RUNTIME))}, and would refuse it with 'Registration failed'",
                hint="leave this variant out, or build the layer that needs it from older operators",
            )

    def _take(self, entry: TfliteSource, variant: Variant, target: Path) -> None:
        path = locate(entry.file, self._recipe.folder, self._recipe.where, self._say)
        found = inspect(path)
        if not found.main.outputs:
            raise ModelError("source.no_outputs", f"{path} has no outputs", hint="export it with the tensors it is for")
        if precision_of(found) is not variant:
            raise UsageError(
                "card.variant",
                f"{self._recipe.where}: {path.name} is {precision_of(found)}, and not {variant}",
                why="a .tflite file is taken as it is",
                hint=f"say variants: [{precision_of(found)}], or name the model that it was converted from",
            )
        shutil.copyfile(path, target)

    def _converted(self, variant: Variant) -> bytes:
        recipe = self._recipe
        what = f"{recipe.id}/{variant}"
        if variant in INTEGER_VARIANTS and recipe.examples is None:
            hint = "give --calibrate inputs.npz, or 'calibration:' in the card"
            raise UsageError("calibration.missing", f"{what} needs real inputs", hint=hint)
        with silenced() as noise:
            try:
                return self._convert(variant)
            except HarnessError:
                raise
            except Exception as error:
                if refusal := read_refusal(str(error)):
                    raise refusal_error(what, variant, refusal) from error
                raise ModelError(
                    "convert.failed",
                    f"{what} can't be converted",
                    why="\n".join(part for part in (f"{type(error).__name__}: {error}", noise.tail()) if part),
                    hint="the converter's own words are above; another precision may do",
                ) from error

    def _convert(self, variant: Variant) -> bytes:
        lite = tensorflow().lite
        built = self._built
        examples = self._examples if variant in _INTEGER else []
        self._say(f"converting {self._recipe.id} to {variant}")
        start = time.monotonic()
        converter = self._converter(built)
        if variant is not Variant.FP32:
            converter.optimizations = [lite.Optimize.DEFAULT]
        if variant is Variant.DYNAMIC:
            # One scale a tensor for dense layers: a scale a channel makes FULLY_CONNECTED version 12, which TensorFlow
            # Lite up to 2.16 refuses ("Didn't find op for builtin opcode").
            converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        if variant is Variant.FP16:
            converter.target_spec.supported_types = [tensorflow().float16]
        sets = lite.OpsSet
        allowed = [sets.TFLITE_BUILTINS]
        if variant in _INTEGER:
            wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            allowed = [sets.TFLITE_BUILTINS_INT8 if variant is Variant.INT8 else wide]
            named = built.model is None  # a SavedModel's arguments go by name, a frozen graph's by place
            converter.representative_dataset = lambda: (_given(built, example, named=named) for example in examples)
            if self._recipe.io is Io.INTEGER:
                kind = getattr(tensorflow(), _INTEGER[variant])
                converter.inference_input_type = converter.inference_output_type = kind
        converter.target_spec.supported_ops = [*allowed, sets.SELECT_TF_OPS] if self._recipe.select_ops else allowed
        content = bytes(converter.convert())
        self.seconds = time.monotonic() - start
        return content

    def _converter(self, built: Built) -> Any:
        converters = tensorflow().lite.TFLiteConverter
        if built.model is None:
            return converters.from_saved_model(str(self._saved), signature_keys=list(built.functions))
        converter = converters.from_concrete_functions(list(built.functions.values()), built.model)
        # Otherwise the converter writes a SavedModel and reads it back: the same bytes of weights and the same answers,
        # ten times slower, because this protobuf (see pyproject.toml) is pure Python.
        converter.experimental_lower_to_saved_model = False
        return converter

    @cached_property
    def _built(self) -> Built:
        self._say(f"building {self._recipe.id} with TensorFlow")
        tensorflow()
        return source.build(self._recipe, self._say)

    @cached_property
    def _saved(self) -> Path:
        """The functions as a SavedModel of their own: the converter's way to tables, states and several signatures."""
        self._scratch = Path(tempfile.mkdtemp(prefix="harness-saved-"))
        tensorflow().saved_model.save(self._built.owner, str(self._scratch), signatures=dict(self._built.functions))
        return self._scratch

    @cached_property
    def _examples(self) -> list[Example]:
        if len(self._built.functions) > 1:
            what = f"{self._recipe.id}: {len(self._built.functions)} signatures can't be calibrated together"
            raise UsageError("calibration.signatures", what, hint="choose one with --signature, or a float variant")
        return self._recipe.examples.read(self._built.inputs, self._say) if self._recipe.examples else []


def _given(built: Built, example: Example, *, named: bool) -> Any:
    return dict(example) if named else [example[each.name] for each in built.inputs]


def _own_code() -> str:
    """A change of what shapes a converted model makes the cached ones stale."""
    here = Path(__file__).parent
    makers = (
        *("convert.py", "source.py", "graphs.py", "calibration.py"),
        *("weights.py", "torch_weights.py", "safetensors_weights.py"),
        *("tfjs.py", "tfjs_graph.py", "tfjs_fused.py", "pool_padding.py"),
        *(
            "onnx_file.py",
            "onnx_graph.py",
            "onnx_call.py",
            "onnx_value.py",
            "onnx_ops.py",
            "onnx_layers.py",
            "onnx_quantised.py",
        ),
    )
    digest = hashlib.sha256()
    for name in makers:
        digest.update((here / name).read_bytes())
    return digest.hexdigest()
