"""Draws the screen of a device on which no app is in front: `python -m harness.pixel.home_screen W H MODEL FILE`."""

from __future__ import annotations

import sys

from PIL import Image, ImageDraw, ImageFont

_GROUND = (16, 20, 24)
_TEXT = (154, 160, 166)


def draw(width: int, height: int, model: str) -> Image.Image:
    """A plain dark picture of `width` × `height` pixels (RGB) with the model's name in the middle."""
    image = Image.new("RGB", (width, height), _GROUND)
    pen = ImageDraw.Draw(image)
    pen.text((width / 2, height / 2), f"{model} (virtual)", _TEXT, font=ImageFont.load_default(width / 24), anchor="mm")
    return image


if __name__ == "__main__":
    draw(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]).save(sys.argv[4], "PNG", optimize=False)
