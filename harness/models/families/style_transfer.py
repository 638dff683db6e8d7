"""Style transfer, in two models: one makes numbers of a style image, the other repaints a photo with them."""

from __future__ import annotations

from typing import ClassVar, Literal

from harness.errors import ModelError
from harness.models.families.base import Family, Given
from harness.models.families.parts import ImageInput, limits
from harness.models.metadata.values import Content, Description, TensorDescription

_STYLE = "style_bottleneck"


class StyleTransfer(Family):
    """`part: predict` has the style image as `input`, `part: transform` the photo."""

    title: ClassVar[str] = "two models: style image to numbers, photo and numbers to painting"

    family: Literal["style_transfer"]
    part: Literal["predict", "transform"]
    input: ImageInput

    def describe(self, given: Given) -> Description:
        """Predict: an image in, a vector out. Transform: an image and the vector in, in any order, an image out."""
        style = TensorDescription(_STYLE, "What the style is, in numbers.", Content.FEATURE)
        if self.part == "predict":
            given.expect(f"{self.family} ({self.part})", inputs=1, outputs=1)
            return self.described(given, [self.input.describe(given.inputs[0])], [style])
        given.expect(f"{self.family} ({self.part})", inputs=2, outputs=1)
        photos = [tensor for tensor in given.inputs if len(tensor.shape) == 4 and tensor.shape[-1] == 3]
        if len(photos) != 1:
            names = ", ".join(str(tensor) for tensor in given.inputs)
            what = f"{given.model.path}: {len(photos)} of its inputs can hold a photo, and one should"
            raise ModelError("metadata.family", what, why=names, hint="describe it as `general`")
        inputs = [self.input.describe(tensor) if tensor is photos[0] else style for tensor in given.inputs]
        low, high = limits(given.outputs[0], (0.0,), (1.0,))
        said = "The photo in the style; from 0 to 1."
        output = TensorDescription("stylized_image", said, Content.IMAGE, minimum=low, maximum=high)
        return self.described(given, inputs, [output])
