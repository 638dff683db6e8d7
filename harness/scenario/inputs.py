"""Real inputs into tensors, TensorFlow's own answers to them, and what one model's answer feeds into another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.models.describe import DescribedModel
from harness.models.feed import whole_tensors
from harness.models.inspect import TensorInfo
from harness.models.reference import reference_outputs
from harness.models.samples import Sample
from harness.models.tasks.base import Fed
from harness.results.agreement import Array
from harness.scenario.evidence import Outputs
from harness.scenario.plan import FromCell, InputFile, ModelInputs

Tensors = Mapping[str, tuple[Array, ...]]
"""Input tensors in the model's order, by sample."""

Answering = Mapping[tuple[str, str, str], tuple[str, Sequence[TensorInfo]]]
"""The cell of a run that answers for a model and variant to a sample, and its outputs."""


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
        ModelError: `task.input`.
        As `harness.models.feed.whole_tensors`.
    """
    tensors: dict[str, tuple[Array, ...]] = {}
    fed: dict[tuple[str, int], Fed] = {}
    for each in samples:
        given = model.card.task.prepare(each, model.inputs, model.resources)
        fed |= {(each.name, index): part for index, part in enumerate(given) if isinstance(part, Fed)}
        tensors[each.name] = whole_tensors(given, model.inputs, model.variant, say=say, above=(model.model,))
    return Prepared(tensors, fed)


def files_of(model: DescribedModel, prepared: Prepared, answering: Answering | None = None) -> ModelInputs:
    """The same tensors as the files that are pushed beside the plan, named by their content.

    What another model feeds comes on the device from the cell that answers it there, if one does with a tensor of the
    same kind; otherwise it is pushed like the rest.
    """

    def part(name: str, index: int, tensor: Array) -> InputFile | FromCell:
        fed = prepared.fed.get((name, index))
        found = (answering or {}).get((fed.model, str(model.variant), fed.sample)) if fed else None
        if fed is None or found is None or _form(found[1][fed.output]) != _form(model.inputs[index]):
            return input_file(tensor)
        return FromCell(found[0], fed.sample, fed.output)

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


def _form(tensor: TensorInfo) -> tuple[object, ...]:
    return tensor.dtype, tensor.shape, tensor.scale, tensor.zero_point
