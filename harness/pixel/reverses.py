"""Sockets of the device whose connections are carried to an adb server (`adb reverse`)."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.pixel import places
from harness.pixel.places import Place
from harness.pixel.services.sockets import join

if TYPE_CHECKING:
    from harness.pixel.adbd import Connection
    from harness.pixel.device import VirtualPixel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reverse:
    """One of them: `local` on the device, `remote` on the side of the server behind `connection`."""

    connection: Connection
    local: str
    remote: str
    place: Place
    listener: socket.socket

    @property
    def server(self) -> str:
        """The word for the server in listings: as on an emulator, a number of its own."""
        return f"host-{self.connection.number}"


class Reverses:
    """Those of one device; each ends with the connection of the server that asked for it."""

    def __init__(self, device: VirtualPixel) -> None:
        self._device = device
        self._listening: dict[str, Reverse] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def listed(self) -> list[Reverse]:
        """In the order in which they were asked for."""
        return list(self._listening.values())

    def add(self, connection: Connection, local: str, remote: str, *, may_rebind: bool) -> int:
        """Carry connections to `local` to `remote`; the port that was taken where `tcp:0` was asked for, else 0.

        Raises `ValueError` for a name that can't be used, `OSError` when the place can't be had.
        """
        if (there := self._listening.get(local)) is not None:
            if not may_rebind:
                raise ValueError("cannot rebind existing socket")
            self._listening[local] = replace(there, connection=connection, remote=remote)
            self._end_with(connection)
            return 0
        place = places.parse_place(local)
        listener = places.listen(self._device, place)
        asked_for_any = place.family is socket.AF_INET and place.port == 0
        port = listener.getsockname()[1] if asked_for_any else 0
        name = f"tcp:{port}" if port else local
        self._listening[name] = Reverse(connection, name, remote, place, listener)
        asyncio.get_running_loop().add_reader(listener, self._accept, name, listener)
        self._end_with(connection)
        return port

    def remove(self, local: str) -> None:
        """End one. Raises `ValueError` when there is none."""
        reverse = self._listening.pop(local, None)
        if reverse is None:
            raise ValueError(f"listener '{local}' not found")
        asyncio.get_running_loop().remove_reader(reverse.listener)
        reverse.listener.close()
        places.forget(self._device, reverse.place)

    def remove_all(self) -> None:
        """End all; connections that were made go on."""
        for reverse in self.listed():
            self.remove(reverse.local)

    async def close(self) -> None:
        """End all, and the connections that were made through them."""
        self.remove_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end_with(self, connection: Connection) -> None:
        def end() -> None:
            for reverse in self.listed():
                if reverse.connection is connection:
                    self.remove(reverse.local)

        connection.on_close.append(end)

    def _accept(self, name: str, listener: socket.socket) -> None:
        try:
            channel, _ = listener.accept()
        except OSError as error:
            log.info("%s: %s", name, error)
            return
        channel.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._carry(self._listening[name], channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reverse: Reverse, channel: socket.socket) -> None:
        try:
            stream = await reverse.connection.open_stream(reverse.remote)
        except ConnectionRefusedError as error:
            log.info("%s: %s: %s", reverse.local, reverse.remote, error)
            channel.close()
            return
        except asyncio.CancelledError:
            channel.close()
            raise
        await join(channel, stream)
