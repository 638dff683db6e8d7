"""Parts of a card's `task:` that several families share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.errors import ModelError
from harness.models.entry import Entry, Line, Word
from harness.models.families.parts import ImageInput as ImageDescription
from harness.models.inspect import TensorInfo
from harness.models.photos import Fit, Fitted, fit, views
from harness.models.tensors import dequantise, quantise

if TYPE_CHECKING:
    from PIL import Image

_CHANNELS = 3


@dataclass(frozen=True)
class Guess:
    """One label of an answer, and how sure the model is of it, from 0 to 1."""

    index: int
    label: str
    score: float


def ranked(output: NDArray[Any], tensor: TensorInfo, labels: Sequence[str], top: int) -> tuple[Guess, ...]:
    """The `top` surest labels, the surest first; equal scores keep the labels' order, NaN comes last.

    Raises:
        ModelError: `task.output` when the output hasn't one number a label.
    """
    if output.size != len(labels):
        raise ModelError("task.output", f"output {tensor} doesn't have one number for each of {len(labels)} labels")
    scores = dequantise(output, tensor).reshape(-1)
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")[:top]
    return tuple(Guess(int(index), labels[index], float(scores[index])) for index in order)


class Output(Entry):
    """What comes out, in words."""

    name: Word = "probability"
    description: Line


class ImageInput(Entry):
    """A photo as the model takes it: `(byte - mean) / std` per channel, batch of 1.

    `fit` says how it gets the size; `layout` and `channels` in which order its numbers stand; mean and std are in the
    order of `channels`.
    """

    name: Word = "image"
    description: Line
    width: Annotated[int, Field(gt=0, le=8192)]
    height: Annotated[int, Field(gt=0, le=8192)]
    mean: tuple[float, ...]
    std: tuple[Annotated[float, Field(gt=0)], ...]
    fit: Fit = Fit.CENTRE
    layout: Literal["nhwc", "nchw"] = "nhwc"
    channels: Literal["rgb", "bgr"] = "rgb"

    @model_validator(mode="after")
    def _per_channel(self) -> Self:
        if len(self.mean) != len(self.std) or len(self.mean) not in (1, _CHANNELS):
            raise ValueError(f"mean and std have {len(self.mean)} and {len(self.std)} numbers; give 1 or 3 each")
        return self

    @property
    def described(self) -> ImageDescription:
        """As a description file says it."""
        return ImageDescription(name=self.name, description=self.description, mean=self.mean, std=self.std)

    def fitted(self, photo: Image.Image) -> Fitted:
        """The photo at this size, and the way back."""
        return fit(photo, self.width, self.height, self.fit)

    def normalise(self, image: Image.Image) -> NDArray[np.float32]:
        """An image of this size as (1, height, width, 3) float32, or (1, 3, height, width)."""
        pixels = np.asarray(image, np.float32)
        ordered = pixels[..., ::-1] if self.channels == "bgr" else pixels
        numbers = (ordered - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        if self.layout == "nchw":
            numbers = numbers.transpose(2, 0, 1)
        return np.ascontiguousarray(numbers[np.newaxis], np.float32)

    def tensor(self, photo: Image.Image, tensor: TensorInfo) -> NDArray[np.generic]:
        """The input tensor for a photo. Raises ModelError `task.input` when the tensor hasn't this size."""
        return quantise(self.normalise(self.fitted(photo).image), tensor)

    def views(self, photo: Image.Image, tensor: TensorInfo) -> Iterator[NDArray[np.generic]]:
        """The input tensors for `harness.models.photos.views` of a photo, for calibration. Raises as `tensor`."""
        for view in views(photo):
            yield self.tensor(view, tensor)
