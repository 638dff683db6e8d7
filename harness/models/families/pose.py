"""Pose: an image in; key points, or heat maps with offsets, out."""

from __future__ import annotations

from typing import ClassVar, Literal

from harness.errors import ModelError
from harness.models.families.base import Family, Given, Part, Text
from harness.models.families.parts import ImageInput
from harness.models.inspect import TensorInfo
from harness.models.metadata.values import (
    AssociatedFile,
    ColourSpace,
    Content,
    Description,
    FileKind,
    Image,
    TensorDescription,
)


class PoseOutput(Part):
    """One output.

    `keypoints` is … × points × values, `heatmaps` is batch × height × width × points; these two are named by the label
    file. `flat` has all values of all points in one row; `other` is anything else, as offsets.
    """

    kind: Literal["keypoints", "heatmaps", "flat", "other"]
    name: Text
    description: str = ""


class Pose(Family):
    """`keypoints` is the file that names the points; `outputs` are in the model's order."""

    title: ClassVar[str] = "image in; key points, or heat maps and offsets, out"

    family: Literal["pose"]
    input: ImageInput
    keypoints: Text
    outputs: list[PoseOutput]

    def describe(self, given: Given) -> Description:
        """One input, and as many outputs as are listed."""
        given.expect(self.family, inputs=1, outputs=len(self.outputs))
        labels = given.shelf.take(("keypoints",), self.keypoints, FileKind.AXIS_LABELS, "Names of the key points.")
        pairs = list(zip(self.outputs, given.outputs, strict=True))
        if not any(output.kind in ("keypoints", "heatmaps") for output in self.outputs):
            labels = AssociatedFile(labels.name, labels.description, FileKind.DESCRIPTIONS)
        count = len(given.shelf.contents[labels.name].splitlines())
        outputs = [_output(output, tensor, labels, count) for output, tensor in pairs]
        return self.described(given, [self.input.describe(given.inputs[0])], outputs)


def _output(said: PoseOutput, tensor: TensorInfo, labels: AssociatedFile, count: int) -> TensorDescription:
    rank = len(tensor.shape)
    if said.kind == "heatmaps":
        return TensorDescription(
            said.name,
            said.description,
            Content.IMAGE,
            files=(labels,),
            dimension_names=("batch", "height", "width", "keypoint"),
            image=Image(ColourSpace.GRAYSCALE),
            content_range=(1, 2),
        )
    if said.kind == "keypoints":
        last = (rank - 1, rank - 1)
        return TensorDescription(said.name, said.description, Content.FEATURE, files=(labels,), content_range=last)
    if said.kind == "flat" and (not count or not rank or tensor.shape[-1] % count):
        what = f"output '{said.name}': '{labels.name}' has {count} key points, which don't divide tensor {tensor}"
        raise ModelError("metadata.labels", what, hint="name each key point that the tensor has")
    only = labels.kind is FileKind.DESCRIPTIONS and said.kind == "flat"
    return TensorDescription(said.name, said.description, Content.FEATURE, files=(labels,) if only else ())
