"""Image classification: from a photo to the tensor that a variant takes, from its output to labels, and the score.

Needs NumPy and Pillow only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from harness.errors import ModelError, UsageError
from harness.models.catalog import ImageInput
from harness.models.inspect import TensorInfo

_MAX_PIXELS = 100_000_000
_VIEW_SHARE = 0.75  # of the short side, for the views that aren't the whole centre square


@dataclass(frozen=True)
class Guess:
    """One label of an answer, and how sure the model is of it, from 0 to 1."""

    index: int
    label: str
    score: float


def prepare(photo: Path, image: ImageInput, tensor: TensorInfo) -> NDArray[Any]:
    """The input tensor for a photo: `tensor.shape` (1, height, width, 3) of `tensor.dtype`.

    The centre square is scaled with Pillow's bicubic filter, normalised to `(byte - mean) / std`, and quantised with
    the tensor's own scale and zero point where it is of integers.

    Raises:
        UsageError: `photo.unreadable`.
        ModelError: `task.input` when the tensor isn't an image of the card's size.
    """
    return quantise(normalise(centre_square(read_photo(photo)), image), image, tensor)


def decode(output: NDArray[Any], tensor: TensorInfo, labels: Sequence[str], top: int = 5) -> tuple[Guess, ...]:
    """The `top` labels of an output of shape (1, labels), the surest first; equal scores keep the labels' order.

    Raises:
        ModelError: `task.output` when the output hasn't one number a label.
    """
    if output.size != len(labels):
        raise ModelError("task.output", f"output {tensor} has {output.size} numbers for {len(labels)} labels")
    scores = dequantise(output, tensor).reshape(-1)
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")[:top]
    return tuple(Guess(int(index), labels[index], float(scores[index])) for index in order)


def score(guesses: Sequence[Guess], label: str) -> bool:
    """Whether the surest guess is the right label: top-1, the task's own score. A tie goes to the lower label."""
    return bool(guesses) and guesses[0].label == label


def read_photo(photo: Path) -> Image.Image:
    """A photo as RGB, turned the way its camera was held. Raises UsageError `photo.unreadable`."""
    try:
        with Image.open(photo) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise UsageError("photo.unreadable", f"{photo} has {image.width} × {image.height} pixels: too many")
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError("photo.unreadable", f"{photo} can't be read as a photo", why=str(error)) from error


def centre_square(photo: Image.Image) -> Image.Image:
    """The largest square around the centre."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.crop((left, top, left + side, top + side))


def views(photo: Image.Image) -> Iterator[Image.Image]:
    """Ten squares of a photo, always the same: the centre and four corners, each as it is and mirrored."""
    side = int(min(photo.size) * _VIEW_SHARE)
    right, bottom = photo.width - side, photo.height - side
    corners = [photo.crop((x, y, x + side, y + side)) for x in (0, right) for y in (0, bottom)]
    for square in (centre_square(photo), *corners):
        yield square
        yield ImageOps.mirror(square)


def normalise(square: Image.Image, image: ImageInput) -> NDArray[np.float32]:
    """A square as (1, height, width, 3) float32, `(byte - mean) / std`."""
    scaled = square.resize((image.width, image.height), Image.Resampling.BICUBIC)
    pixels = np.asarray(scaled, np.float32)
    numbers = (pixels - np.asarray(image.mean, np.float32)) / np.asarray(image.std, np.float32)
    return numbers[np.newaxis].astype(np.float32)


def quantise(numbers: NDArray[np.float32], image: ImageInput, tensor: TensorInfo) -> NDArray[Any]:
    """Real numbers as the tensor's own: `round(real / scale) + zero point`, kept in range; floats pass."""
    if tensor.shape != numbers.shape:
        size = f"{image.width} × {image.height}"
        raise ModelError("task.input", f"input {tensor} isn't an RGB image of {size} as the card says")
    if not np.issubdtype(np.dtype(tensor.dtype), np.integer):
        return numbers.astype(tensor.dtype)
    if not tensor.quantised:
        raise ModelError("task.input", f"input {tensor} is of integers without a scale")
    limits = np.iinfo(tensor.dtype)
    steps = np.rint(numbers / np.float32(tensor.scale)) + tensor.zero_point
    clipped: NDArray[Any] = np.clip(steps, limits.min, limits.max).astype(tensor.dtype)
    return clipped


def dequantise(numbers: NDArray[Any], tensor: TensorInfo) -> NDArray[np.float64]:
    """The real numbers that a tensor stands for: `(number - zero point) * scale`; floats pass."""
    if not tensor.quantised:
        return numbers.astype(np.float64)
    return (numbers.astype(np.float64) - tensor.zero_point) * tensor.scale
