"""Decodes a PNG from standard input: `python -m harness.pixel.raw_picture` writes width, height (u32) and RGBA bytes."""

from __future__ import annotations

import struct
import sys

from PIL import Image

if __name__ == "__main__":
    picture = Image.open(sys.stdin.buffer).convert("RGBA")
    sys.stdout.buffer.write(struct.pack("<2I", *picture.size))
    sys.stdout.buffer.write(picture.tobytes())
