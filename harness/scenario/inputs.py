"""Real inputs into tensors, TensorFlow's own answers to them, and how many answers are right."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from harness.models.describe import DescribedModel
from harness.models.reference import reference_outputs
from harness.models.samples import Sample
from harness.models.tasks import image_classification
from harness.results.agreement import Array
from harness.scenario.evidence import Answers, Outputs
from harness.scenario.packing import labels_of
from harness.scenario.plan import InputFile, ModelInputs

Tensors = Mapping[str, tuple[Array, ...]]
"""Input tensors in the model's order, by sample."""


def tensors_of(model: DescribedModel, samples: Sequence[Sample]) -> Tensors:
    """Each sample as this variant takes it."""
    return {
        sample.name: (image_classification.prepare(sample.path, model.card.input, model.inputs[0]),)
        for sample in samples
    }


def files_of(model: DescribedModel, tensors: Tensors) -> ModelInputs:
    """The same tensors as the files that are pushed beside the plan, named by their content."""
    return ModelInputs(
        asset=f"models/{model.model}/{model.variant}.tflite",
        sha256=model.sha256,
        samples={name: tuple(input_file(tensor) for tensor in parts) for name, parts in tensors.items()},
    )


def tensorflow_outputs(model: DescribedModel, tensors: Tensors) -> Outputs:
    """What TensorFlow's own interpreter on this host answers to the same tensors."""
    return {name: tuple(reference_outputs(model, parts)) for name, parts in tensors.items()}


def answers_of(model: DescribedModel, samples: Sequence[Sample], outputs: Outputs) -> Answers:
    """How many of the labelled samples have the right label first in these outputs."""
    labels = labels_of(model)
    labelled = [sample for sample in samples if sample.label is not None and sample.name in outputs]
    right = 0
    for sample in labelled:
        guesses = image_classification.decode(outputs[sample.name][0], model.outputs[0], labels)
        right += image_classification.score(guesses, sample.label or "")
    return Answers(right, len(labelled))


def input_file(tensor: Array) -> InputFile:
    """A tensor as a file beside the plan, named by its content."""
    data = np.ascontiguousarray(tensor).tobytes()
    digest = hashlib.sha256(data).hexdigest()
    return InputFile(f"inputs/{digest[:16]}.bin", digest, data)
