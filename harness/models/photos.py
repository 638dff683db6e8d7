"""Photos: read upright, fitted to a model's input, and the way back from the model's pixels to the photo's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from PIL import Image

_MAX_PIXELS = 100_000_000
_VIEW_SHARE = 0.75  # of the short side, for the views that aren't the whole centre square


class Fit(StrEnum):
    """How a photo gets a model's size: its centre square, the whole pulled into shape, or the whole with black bars."""

    CENTRE = "centre"
    STRETCH = "stretch"
    LETTERBOX = "letterbox"


@dataclass(frozen=True)
class Fitted:
    """A photo of a model's size. A model's pixel (x, y) is the photo's (left + x * across, top + y * down)."""

    image: Image.Image
    left: float
    top: float
    across: float
    down: float

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """A place in the model's pixels as one in the photo's."""
        return self.left + x * self.across, self.top + y * self.down


def read_photo(photo: Path) -> Image.Image:
    """A photo as RGB, turned the way its camera was held. Raises UsageError `photo.unreadable`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(photo) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise UsageError("photo.unreadable", f"{photo} has {image.width} × {image.height} pixels: too many")
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError("photo.unreadable", f"{photo} can't be read as a photo", why=str(error)) from error


def fit(photo: Image.Image, width: int, height: int, how: Fit) -> Fitted:
    """The photo at this size, scaled with Pillow's bicubic filter."""
    size = (width, height)
    if how is Fit.STRETCH:
        return Fitted(_scaled(photo, size), 0.0, 0.0, photo.width / width, photo.height / height)
    if how is Fit.CENTRE:
        share = min(photo.width / width, photo.height / height)
        wide, high = round(width * share), round(height * share)
        left, top = (photo.width - wide) // 2, (photo.height - high) // 2
        cut = photo.crop((left, top, left + wide, top + high))
        return Fitted(_scaled(cut, size), left, top, wide / width, high / height)
    from PIL import Image

    share = max(photo.width / width, photo.height / height)
    small = _scaled(photo, (max(1, round(photo.width / share)), max(1, round(photo.height / share))))
    x, y = (width - small.width) // 2, (height - small.height) // 2
    canvas = Image.new("RGB", size)
    canvas.paste(small, (x, y))
    across, down = photo.width / small.width, photo.height / small.height
    return Fitted(canvas, -x * across, -y * down, across, down)


def centre_square(photo: Image.Image) -> Image.Image:
    """The largest square around the centre."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.crop((left, top, left + side, top + side))


def views(photo: Image.Image) -> Iterator[Image.Image]:
    """Ten squares of a photo, always the same: the centre and four corners, each as it is and mirrored."""
    from PIL import ImageOps

    side = int(min(photo.size) * _VIEW_SHARE)
    right, bottom = photo.width - side, photo.height - side
    corners = [photo.crop((x, y, x + side, y + side)) for x in (0, right) for y in (0, bottom)]
    for square in (centre_square(photo), *corners):
        yield square
        yield ImageOps.mirror(square)


def _scaled(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    from PIL.Image import Resampling

    return photo.resize(size, Resampling.BICUBIC)
