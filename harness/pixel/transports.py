"""The ports on which adb servers reach the device, and their connections."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from typing import TYPE_CHECKING, Final

from harness.pixel.adbd import Connection, Service
from harness.pixel.faults.kinds import Offline, Unauthorized
from harness.pixel.faults.line import NO_KEYS, Deaf, FaultyChannel
from harness.pixel.packets import PacketChannel
from harness.pixel.services import FEATURES, find_service
from harness.pixel.services.asked import Asked

if TYPE_CHECKING:
    from harness.pixel.authorisation import Authorisation
    from harness.pixel.device import VirtualPixel

log = logging.getLogger(__name__)

_LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 4096
"""Connections that wait to be taken: over it the kernel has each of them wait a second, those of real servers too."""
_PRODUCT: Final = ("ro.product.name", "ro.product.model", "ro.product.device")


class Transports:
    """Serves one boot of a device on a listening socket, and on one more port while asked to."""

    def __init__(self, device: VirtualPixel, authorisation: Authorisation | None) -> None:
        self._device, self._authorisation = device, authorisation
        self._connections: dict[PacketChannel, Connection | Deaf] = {}
        self._numbers = itertools.count(1)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._extra: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Serve who connects to `listener`, which stays open after the end."""
        self._port = listener.getsockname()[1]
        self._server = await self._serve(sock=listener.dup())

    async def listen(self, port: int) -> None:
        """Serve on a port of the host's loopback, too, instead of one that was asked for before. Raises `OSError`."""
        self.stop_listening()
        if port != self._port:
            self._extra = await self._serve(host=_LOOPBACK, port=port)

    def stop_listening(self) -> None:
        """Serve on the device's own port only."""
        if self._extra is not None:
            self._extra.close()
            self._extra = None

    async def close(self) -> None:
        """End every connection, and accept no more."""
        self.stop_listening()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    def drop_all(self) -> None:
        """End every connection at once, and serve who comes again."""
        for channel in tuple(self._connections):
            channel.abort()

    def look_at_faults(self) -> None:
        """Have every connection see that a fault on the line began or ended."""
        for channel in tuple(self._connections):
            if isinstance(channel, FaultyChannel):
                channel.look_at_faults()

    async def _serve(self, **where: object) -> asyncio.Server:
        loop, faults = asyncio.get_running_loop(), self._device.faults
        return await loop.create_server(lambda: FaultyChannel(self._connected, faults), backlog=_BACKLOG, **where)  # type: ignore[no-any-return, call-overload]

    def _connected(self, channel: PacketChannel) -> Connection | Deaf:
        def on_lost() -> None:
            self._connections.pop(channel, None)

        faults = self._device.faults
        if faults.active(Offline):
            connection: Connection | Deaf = Deaf(channel, on_lost)
        else:
            connection = Connection(
                channel,
                number=next(self._numbers),
                banner=self._banner,
                find_service=self._find_service,
                on_lost=on_lost,
                authorisation=NO_KEYS if faults.active(Unauthorized) else self._authorisation,
            )
        self._connections[channel] = connection
        return connection

    async def _find_service(self, connection: Connection, name: str) -> Service | None:
        return await find_service(Asked(self._device, connection, self, name))

    def _banner(self) -> bytes:
        """What an adb server is told on connecting: the device's names, and the features that a client may use."""
        parts = [f"{name}={self._device.properties.get(name)}" for name in _PRODUCT]
        return f"device::{';'.join(parts)};features={','.join(FEATURES)}".encode()
