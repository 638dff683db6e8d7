"""`framebuffer:`: the screen, raw, as older clients ask for it.

Source of the header: AOSP packages/modules/adb, `daemon/framebuffer_service.cpp`, version 2.
"""

from __future__ import annotations

import logging
import struct
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


async def find(asked: Asked) -> Service | None:
    """The service that sends one picture, and ends."""
    return partial(_serve, asked.device)


async def _serve(device: VirtualPixel, stream: Stream) -> None:
    from harness.pixel.commands.screen import ScreenUnavailable, picture
    from harness.pixel.commands.screencap import decoded

    try:
        width, height, pixels = await decoded(await picture(device))
    except ScreenUnavailable as error:
        log.warning("no picture: %s", error)
        return
    await stream.write(_HEADER.pack(_VERSION, 32, _SRGB, len(pixels), width, height, *_RGBA))
    await stream.write(pixels)
