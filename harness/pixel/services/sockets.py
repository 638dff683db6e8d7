"""`tcp:`, `localabstract:` and their like: programs of the device that listen, reached from the host (`adb forward`)."""

from __future__ import annotations

import asyncio
import logging
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

from harness.pixel.places import connect, parse_place
from harness.pixel.stream import Stream, StreamClosed

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.services.asked import Asked

log = logging.getLogger(__name__)

_BLOCK: Final = 1 << 18


async def find(asked: Asked) -> Service | None:
    """A service that is connected already. Raises `OSError` when nobody listens there, `ValueError` for a bad name."""
    return partial(join, await connect(asked.device, parse_place(asked.name)))


async def join(channel: socket.socket, stream: Stream) -> None:
    """Carry bytes both ways until either side ends; then both are closed."""
    loop = asyncio.get_running_loop()

    async def outwards() -> None:
        while data := await loop.sock_recv(channel, _BLOCK):
            await stream.write(data)
        await stream.flush()

    async def inwards() -> None:
        while True:
            await loop.sock_sendall(channel, await stream.read())

    ways = [loop.create_task(outwards()), loop.create_task(inwards())]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        for result in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, StreamClosed | OSError):
                log.error("a forwarded socket failed: %r", result)
        stream.close()
        channel.close()
