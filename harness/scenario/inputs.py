"""Real inputs into tensors, TensorFlow's own answers to them, and what one model's answer feeds into another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import ModelError
from harness.models.catalog import load_card
from harness.models.describe import DescribedModel, describe_variants
from harness.models.inspect import TensorInfo
from harness.models.reference import reference_outputs
from harness.models.samples import Sample, sample
from harness.models.tasks.base import Fed
from harness.models.tensors import dequantise, quantise
from harness.results.agreement import Array
from harness.scenario.evidence import Outputs
from harness.scenario.plan import FromCell, InputFile, ModelInputs

Tensors = Mapping[str, tuple[Array, ...]]
"""Input tensors in the model's order, by sample."""


@dataclass(frozen=True)
class Prepared:
    """A model's inputs by sample: whole on this host, and which of them are another model's answers."""

    tensors: Tensors
    fed: Mapping[tuple[str, int], Fed]


def prepared_of(
    model: DescribedModel, samples: Sequence[Sample], say: Callable[[str], None] = lambda _message: None
) -> Prepared:
    """Each sample as this variant takes it; what another model feeds is TensorFlow's answer of that model.

    Raises:
        UsageError: `task.sample` for a sample that the task can't take.
        ModelError: `task.input`; `feed.shape` when the other model's answer doesn't fit.
    """
    tensors: dict[str, tuple[Array, ...]] = {}
    fed: dict[tuple[str, int], Fed] = {}
    for each in samples:
        given = model.card.task.prepare(each, model.inputs, model.resources)
        fed |= {(each.name, index): part for index, part in enumerate(given) if isinstance(part, Fed)}
        tensors[each.name] = tuple(
            _fed(model, tensor, part, say) if isinstance(part, Fed) else part
            for tensor, part in zip(model.inputs, given, strict=True)
        )
    return Prepared(tensors, fed)


def files_of(
    model: DescribedModel,
    prepared: Prepared,
    cells: Mapping[str, DescribedModel] | None = None,
    inputs_of: Callable[[str], Sequence[str]] = lambda _model: (),
    backend: str | None = None,
) -> ModelInputs:
    """The same tensors as the files that are pushed beside the plan, named by their content.

    What another model feeds comes on the device from that model's cell on `backend`, when the run has it (`cells`, by
    id, and `inputs_of` a model), unfed itself, and with a tensor of the same kind; otherwise it is pushed like the rest.
    """

    def part(name: str, index: int, tensor: Array) -> InputFile | FromCell:
        fed = prepared.fed.get((name, index))
        cell = f"{fed.model}/{model.variant}/{backend}" if fed else ""
        feeder = (cells or {}).get(cell)
        if fed is None or feeder is None or fed.sample not in inputs_of(fed.model):
            return input_file(tensor)
        same = _form(feeder.outputs[fed.output]) == _form(model.inputs[index])
        return FromCell(cell, fed.sample, fed.output) if same else input_file(tensor)

    return ModelInputs(
        asset=f"models/{model.model}/{model.variant}.tflite",
        sha256=model.sha256,
        samples={
            name: tuple(part(name, index, tensor) for index, tensor in enumerate(parts))
            for name, parts in prepared.tensors.items()
        },
    )


def tensorflow_outputs(model: DescribedModel, tensors: Tensors) -> Outputs:
    """What TensorFlow's own interpreter on this host answers to the same tensors."""
    return {name: tuple(reference_outputs(model, parts)) for name, parts in tensors.items()}


def input_file(tensor: Array) -> InputFile:
    """A tensor as a file beside the plan, named by its content."""
    data = np.ascontiguousarray(tensor).tobytes()
    digest = hashlib.sha256(data).hexdigest()
    return InputFile(f"inputs/{digest[:16]}.bin", digest, data)


def _fed(model: DescribedModel, tensor: TensorInfo, fed: Fed, say: Callable[[str], None]) -> Array:
    card = load_card(fed.model)
    variant = model.variant if model.variant in card.variants else card.variants[0]
    (feeder,) = describe_variants(card, [variant], say=say)
    given = sample(fed.sample, say=say)
    tensors = prepared_of(feeder, [given], say).tensors[fed.sample]
    answer = reference_outputs(feeder, tensors)[fed.output]
    said = feeder.outputs[fed.output]
    if answer.shape != tensor.shape:
        what = f"{feeder.id}: output {said} can't be input {tensor} of {model.id}"
        raise ModelError("feed.shape", what, hint="name the model that this one belongs with")
    return quantise(dequantise(answer, said), tensor)


def _form(tensor: TensorInfo) -> tuple[object, ...]:
    return tensor.dtype, tensor.shape, tensor.scale, tensor.zero_point
