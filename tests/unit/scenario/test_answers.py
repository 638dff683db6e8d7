"""What backends are compared by, out of outputs that don't all mean something."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from harness.models import Variant
from harness.models.describe import DescribedModel
from harness.models.inspect import TensorInfo
from harness.models.labels import LabelFile
from harness.models.tasks.base import Array, Resources
from harness.models.tasks.object_detection import ObjectDetection, Ssd
from harness.models.tasks.parts import ImageInput
from harness.scenario.answers import meant_of

SHAPES = ((1, 3, 4), (1, 3), (1, 3), (1,))


def detector() -> DescribedModel:
    task = ObjectDetection(
        family="object_detection",
        input=ImageInput(description="x", width=8, height=8, mean=(0.0,), std=(1.0,)),
        output=Ssd(form="ssd", threshold=0.5),
        labels=LabelFile(kind="text", file="labels.txt"),
    )
    outputs = tuple(TensorInfo("t", "float32", shape) for shape in SHAPES)
    card = SimpleNamespace(task=task)
    return DescribedModel("m", Variant.FP32, Path("x"), "0" * 64, 1, (), outputs, Resources(Path()), card=card)  # type: ignore[arg-type]


def outputs(*shapes: tuple[int, ...]) -> tuple[Array, ...]:
    tensors = [np.full(shape, 0.75, np.float32) for shape in shapes]
    tensors[-1][0] = 2
    return tuple(tensors)


def test_what_stands_behind_the_objects_is_left_out() -> None:
    """Two objects of three places, of each input."""
    found = meant_of(detector(), {"cat": outputs(*SHAPES), "dog": outputs(*SHAPES)})
    assert [tensor.shape for tensor in found["dog"]] == [(1, 2, 4), (1, 2), (1, 2), (1,)]
    assert list(found) == ["cat", "dog"]


def test_outputs_that_the_task_cant_read_are_compared_whole() -> None:
    """Its own words about them come with the answers; here nothing gets lost."""
    broken = outputs((1, 3), (1, 3), (1, 3), (1,))
    model = detector()
    swapped = DescribedModel(
        **{**vars(model), "outputs": tuple(TensorInfo("t", "float32", each.shape) for each in broken)}
    )
    assert meant_of(swapped, {"cat": broken})["cat"] is broken
