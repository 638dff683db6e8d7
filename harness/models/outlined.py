"""A photo with a box around each object, its label and score beside it."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.models.average_precision import Detection

if TYPE_CHECKING:
    from PIL import Image

_COLOURS = 9  # hues that are told apart at a glance
_LETTERS_A_SIDE = 36  # so that the text is readable when the photo is shown small


def outlined(photo: Image.Image, found: Sequence[Detection]) -> Image.Image:
    """The photo with all of it, the surest on top; one colour a label."""
    from PIL import ImageDraw, ImageFont

    picture = photo.copy()
    draw = ImageDraw.Draw(picture)
    size = max(12, max(photo.size) // _LETTERS_A_SIDE)
    font = ImageFont.load_default(size)
    labels = list(dict.fromkeys(one.label for one in found))
    for one in reversed(found):
        short = min(one.box[2] - one.box[0], one.box[3] - one.box[1])
        width = min(max(2, size // 6), 1 + int(short / 10))
        draw.rectangle(one.box, outline=_colour(labels.index(one.label)), width=width)
    for one in reversed(found):
        text = f"{one.label} {one.score:.2f}"
        width = draw.textlength(text, font) + size // 2
        x = max(0.0, min(one.box[0], photo.width - width))
        y = one.box[1] - size * 4 / 3 if one.box[1] >= size * 4 / 3 else one.box[1]
        draw.rectangle((x, y, x + width, y + size * 4 / 3), fill=_colour(labels.index(one.label)))
        draw.text((x + size / 4, y), text, font=font, fill="black")
    return picture


def _colour(number: int) -> tuple[int, int, int]:
    """Bright enough to stand on a photo, and for black letters to stand on it."""
    red, green, blue = colorsys.hsv_to_rgb(number * 4 % _COLOURS / _COLOURS, 0.7, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)
