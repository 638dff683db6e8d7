"""Segmentation: an image in, one mask a class out."""

from __future__ import annotations

from typing import ClassVar, Literal

from harness.models.families.base import Family, Given, Text
from harness.models.families.parts import ImageInput, Labelled
from harness.models.metadata.values import ColourSpace, Content, Description, FileKind, Image, TensorDescription


class Segmentation(Family, Labelled):
    """Its label file names the masks, which are the output's last axis."""

    title: ClassVar[str] = "image in, one mask a class out"

    family: Literal["segmentation"]
    input: ImageInput
    output_name: Text = "segmentation_masks"

    def describe(self, given: Given) -> Description:
        """One input, one output of batch × height × width × classes: a grayscale image a class."""
        given.expect(self.family, inputs=1, outputs=1)
        masks = TensorDescription(
            self.output_name,
            "A mask for each class.",
            Content.IMAGE,
            files=self.label_files(given, FileKind.AXIS_LABELS),
            dimension_names=("batch", "height", "width", "class"),
            image=Image(ColourSpace.GRAYSCALE),
            content_range=(1, 2),
        )
        return self.described(given, [self.input.describe(given.inputs[0])], [masks])
