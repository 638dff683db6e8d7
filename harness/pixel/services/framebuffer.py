"""`framebuffer:`: the screen, raw, as older clients ask for it.

Source of the header: AOSP packages/modules/adb, `daemon/framebuffer_service.cpp`, version 2.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from harness.pixel.stream import Stream

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.device import VirtualPixel
    from harness.pixel.services.asked import Asked

log = logging.getLogger(__name__)

_HEADER: Final = struct.Struct("<14I")
"""Version, bits a pixel, colour space, bytes, width, height, then offset and length in bits of red, blue, green, alpha."""
_VERSION: Final = 2
_SRGB: Final = 1
_RGBA: Final = (0, 8, 16, 8, 8, 8, 24, 8)
_SIZE: Final = struct.Struct("<2I")
_DEADLINE_S: Final = 30.0


async def find(asked: Asked) -> Service | None:
    """The service that sends one picture, and ends."""
    return partial(_serve, asked.device)


async def _serve(device: VirtualPixel, stream: Stream) -> None:
    from harness.pixel.commands.screen import ScreenUnavailable, picture

    try:
        width, height, pixels = await _decoded(await picture(device))
    except ScreenUnavailable as error:
        log.warning("no picture: %s", error)
        return
    await stream.write(_HEADER.pack(_VERSION, 32, _SRGB, len(pixels), width, height, *_RGBA))
    await stream.write(pixels)


async def _decoded(png: bytes) -> tuple[int, int, memoryview]:
    """Width, height and RGBA bytes of a picture, read by a process of its own to keep this one small."""
    command = (sys.executable, "-m", "harness.pixel.raw_picture")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            output, _ = await process.communicate(png)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise OSError(f"the picture can't be decoded: exit code {process.returncode}")
    width, height = _SIZE.unpack_from(output)
    return width, height, memoryview(output)[_SIZE.size :]
