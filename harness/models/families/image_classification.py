"""Image classification: an image in, one score a class out."""

from __future__ import annotations

from typing import ClassVar, Literal

from harness.models.families.base import Family, Given, Text
from harness.models.families.parts import ImageInput, Labelled, Scored, scores_output
from harness.models.metadata.values import Description, FileKind


class ImageClassification(Family, Labelled, Scored):
    """Its label file names the output's last axis."""

    title: ClassVar[str] = "image in, one score a class out"

    family: Literal["image_classification"]
    input: ImageInput
    output_name: Text = "probability"
    output_description: Text = "Score of each class."

    def describe(self, given: Given) -> Description:
        """One input, one output."""
        given.expect(self.family, inputs=1, outputs=1)
        units, files = self.score_parts(given)
        labels = self.label_files(given, FileKind.AXIS_LABELS)
        output = scores_output(self.output_name, self.output_description, given.outputs[0], (*labels, *files), units)
        return self.described(given, [self.input.describe(given.inputs[0])], [output])
