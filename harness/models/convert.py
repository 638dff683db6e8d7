"""From a source to `.tflite` files, one a variant; TensorFlow is imported only when one of them isn't in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError, ModelError
from harness.fetch.store import cached, key_of
from harness.models import source
from harness.models.catalog import ModelCard, Variant
from harness.models.inspect import inspect
from harness.models.quiet import silenced, tensorflow
from harness.models.samples import read_photos

# The runtime in the app: what a converted model has to load on. The host's own is newer and would never tell.
RUNTIME = (2, 16, 1)
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
    """These variants of a card's model, from the cache or made now; the source is built once for all of them.

    fp32 keeps everything; fp16 stores weights in half precision; dynamic stores weights in int8 and computes
    activations' ranges as it runs; int8 and int16x8 are integers throughout, input and output too, calibrated on the
    card's photos. `catalog` is where the photos' pins are; `say` hears what is waited for.

    Raises:
        UsageError: the card has no such variant, or names a photo or a builder that isn't there.
        ModelError: `convert.failed` with the converter's last words; or as `harness.models.source.build`.
        HostError: weights or photos can't be fetched.
    """
    workshop = _Workshop(card, catalog, say)
    made = []
    for variant in variants:
        card.require(variant)
        key = conversion_key(card, variant, catalog)
        path = cached("converted", key, lambda target, variant=variant: workshop.write(variant, target))  # type: ignore[misc]
        made.append(ConvertedModel(card.id, variant, path, key))
    return tuple(made)


def conversion_key(card: ModelCard, variant: Variant, catalog: Path | None = None) -> str:
    """Names a variant by all that shapes it, without making it: source, photos, TensorFlow's version, our own code."""
    parts = [source.source_key(card), variant, version("tensorflow"), _own_code()]
    if variant in _INTEGER and card.calibration:
        photos = read_photos(catalog)
        pins = [photos.pin(name) for name in card.calibration.photos]
        parts += [card.input.model_dump_json(), *(f"{pin.sha256} {pin.member}" for pin in pins)]
    return key_of(*parts)


class _Workshop:
    """Builds the source when the first variant needs it, and keeps it for the next."""

    def __init__(self, card: ModelCard, catalog: Path | None, say: Callable[[str], None]) -> None:
        self._card = card
        self._catalog = catalog
        self._say = say

    def write(self, variant: Variant, target: Path) -> None:
        card = self._card
        examples = self._examples if variant in _INTEGER else []
        with silenced() as noise:
            try:
                content = self._convert(variant, examples)
            except HarnessError:
                raise
            except Exception as error:
                raise ModelError(
                    "convert.failed",
                    f"{card.id}/{variant} can't be converted",
                    why="\n".join(part for part in (f"{type(error).__name__}: {error}", noise.tail()) if part),
                    hint="an operator without a TensorFlow Lite form is the usual reason; the text names it",
                ) from error
        target.write_bytes(content)
        needed = inspect(target).min_runtime
        if needed > RUNTIME:
            raise ModelError(
                "convert.runtime",
                f"{card.id}/{variant} needs TensorFlow Lite {'.'.join(map(str, needed))}",
                why=f"the app carries {'.'.join(map(str, RUNTIME))}, and would refuse it with 'Registration failed'",
                hint="leave this variant out, or build the layer that needs it from older operators",
            )

    def _convert(self, variant: Variant, examples: list[NDArray[np.float32]]) -> bytes:
        lite = tensorflow().lite
        graph = self._graph
        self._say(f"converting {self._card.id} to {variant}")
        converter = lite.TFLiteConverter.from_concrete_functions([graph], self._model)
        # Otherwise the converter writes a SavedModel and reads it back: the same bytes of weights and the same answers,
        # ten times slower, because this protobuf (see pyproject.toml) is pure Python.
        converter.experimental_lower_to_saved_model = False
        if variant is not Variant.FP32:
            converter.optimizations = [lite.Optimize.DEFAULT]
        if variant is Variant.DYNAMIC:
            # One scale a tensor for dense layers: a scale a channel makes FULLY_CONNECTED version 12, which TensorFlow
            # Lite up to 2.16 refuses ("Didn't find op for builtin opcode").
            converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        if variant is Variant.FP16:
            converter.target_spec.supported_types = [tensorflow().float16]
        if variant in _INTEGER:
            sets = lite.OpsSet
            wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8 if variant is Variant.INT8 else wide]
            converter.representative_dataset = lambda: ([example] for example in examples)
            kind = getattr(tensorflow(), _INTEGER[variant])
            converter.inference_input_type = converter.inference_output_type = kind
        return bytes(converter.convert())

    @cached_property
    def _model(self) -> Any:
        self._say(f"building {self._card.id} with TensorFlow")
        return source.build(self._card, self._say)

    @cached_property
    def _graph(self) -> Any:
        """The model as one concrete function, traced once, its weights in it as captures."""
        tf, model = tensorflow(), self._model
        shapes = [tf.TensorSpec(tensor.shape, tensor.dtype, name=tensor.name) for tensor in model.inputs]
        return tf.function(lambda *tensors: model(list(tensors), training=False)).get_concrete_function(*shapes)

    @cached_property
    def _examples(self) -> list[NDArray[np.float32]]:
        return list(self._views())

    def _views(self) -> Iterator[NDArray[np.float32]]:
        from harness.models.tasks.image_classification import normalise, read_photo, views

        if self._card.calibration:
            photos = read_photos(self._catalog)
            for name in self._card.calibration.photos:
                photo = read_photo(photos.sample(name, say=self._say).path)
                yield from (normalise(view, self._card.input) for view in views(photo))


def _own_code() -> str:
    """A change of what shapes a converted model makes the cached ones stale."""
    here = Path(__file__).parent
    makers = ("convert.py", "source.py", "torch_weights.py", "tasks/image_classification.py")
    digest = hashlib.sha256()
    for name in makers:
        digest.update((here / name).read_bytes())
    return digest.hexdigest()
