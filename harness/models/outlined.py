"""A photo with a box around each object, its label and score beside it."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.models.average_precision import Box, Detection

if TYPE_CHECKING:
    from PIL import Image

_COLOURS = 9  # hues that are told apart at a glance
_LETTERS_A_SIDE = 36  # so that the text is readable when the photo is shown small


def outlined(photo: Image.Image, found: Sequence[Detection]) -> Image.Image:
    """The photo with all that was found, the surest first; one colour a label."""
    from PIL import ImageDraw, ImageFont

    picture = photo.copy()
    draw = ImageDraw.Draw(picture)
    size = max(12, max(photo.size) // _LETTERS_A_SIDE)
    font = ImageFont.load_default(size)
    labels = list(dict.fromkeys(one.label for one in found))
    for one in reversed(found):
        left, top, right, bottom = one.box
        width = min(max(2, size // 6), 1 + int(min(right - left, bottom - top) / 10))
        draw.rectangle(one.box, outline=_colour(labels.index(one.label)), width=width)
    tags: list[Box] = []
    for one in found:
        text = f"{one.label} {one.score:.2f}"
        tag = _free(one.box, draw.textlength(text, font) + size // 2, size * 4 / 3, photo.width, tags)
        draw.rectangle(tag, fill=_colour(labels.index(one.label)))
        draw.text((tag[0] + size / 4, tag[1]), text, font=font, fill="black")
        tags.append(tag)
    return picture


def _free(box: Box, width: float, height: float, limit: int, taken: Sequence[Box]) -> Box:
    """Where a tag of this size hides no other: above its box, or else further down."""
    left, top = max(0.0, min(box[0], limit - width)), max(0.0, box[1] - height)
    tag = (left, top, left + width, top + height)
    hidden = [other for other in taken if _meet(tag, other)]
    return _free((left, hidden[0][3] + height + 1, 0, 0), width, height, limit, taken) if hidden else tag


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _colour(number: int) -> tuple[int, int, int]:
    """Bright enough to stand on a photo, and for black letters to stand on it."""
    red, green, blue = colorsys.hsv_to_rgb(number * 4 % _COLOURS / _COLOURS, 0.7, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)
