"""Where programs of the device listen: ports of its loopback, abstract names, paths."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

LOOPBACK: Final = "127.0.0.1"
FAMILIES: Final = ("tcp", "local", "localabstract", "localreserved", "localfilesystem")
_LOOPBACKS: Final = ("", "localhost", "127.0.0.1", "::1")
_BACKLOG: Final = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A socket's name on the device: a TCP port of its loopback, an abstract name, or a path."""

    port: int = 0
    abstract: str = ""
    path: str = ""

    @property
    def family(self) -> socket.AddressFamily:
        """The address family of sockets there."""
        return socket.AF_UNIX if self.abstract or self.path else socket.AF_INET

    @contextmanager
    def address(self, device: VirtualPixel, *, to_bind: bool) -> Iterator[tuple[str, int] | bytes]:
        """What to bind or connect such a socket to; a path is opened inside the device's root. Raises `OSError`."""
        if self.abstract:
            yield b"\0" + os.fsencode(self.abstract)
        elif self.path:
            with device.paths.parent_of(self.path) as (folder, name):
                if to_bind:
                    device.paths.check_writable(folder)
                device.paths.check_readable(folder)
                yield os.fsencode(f"/proc/self/fd/{folder}/{name}")
        else:
            yield LOOPBACK, self.port


def parse_place(name: str) -> Place:
    """Read `tcp:5000` or `localabstract:x`. Raises `ValueError` with Android's words for what isn't one."""
    family, _, rest = name.partition(":")
    if family == "tcp":
        number, _, host = rest.partition(":")
        if host not in _LOOPBACKS:
            raise ValueError(f"the device has no network to reach {host!r} by")
        if not (number.isascii() and number.isdigit() and int(number) <= 0xFFFF):
            raise ValueError(f"bad port number '{number}'")
        return Place(port=int(number))
    if not rest:
        raise ValueError(f"unknown socket specification: {name}")
    if family == "localabstract":
        return Place(abstract=rest)
    if family in ("local", "localreserved"):
        return Place(path=f"/dev/socket/{rest}")
    if family == "localfilesystem":
        return Place(path=rest)
    raise ValueError(f"unknown socket specification: {name}")


async def connect(device: VirtualPixel, place: Place) -> socket.socket:
    """A socket connected to who listens at a place of the device. Raises `OSError` when nobody does."""
    channel = _socket(device, place)
    try:
        with place.address(device, to_bind=False) as address:
            await asyncio.get_running_loop().sock_connect(channel, address)
    except BaseException:
        channel.close()
        raise
    return channel


def listen(device: VirtualPixel, place: Place) -> socket.socket:
    """A listening socket at a place of the device; port 0 takes a free one. Raises `OSError`."""
    listener = _socket(device, place)
    try:
        if place.family is socket.AF_INET:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with place.address(device, to_bind=True) as address:
            listener.bind(address)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def forget(device: VirtualPixel, place: Place) -> None:
    """Remove the file of a socket that listened at `place`; other places leave none."""
    if place.path:
        with contextlib.suppress(OSError), device.paths.parent_of(place.path) as (folder, name):
            os.unlink(name, dir_fd=folder)


def _socket(device: VirtualPixel, place: Place) -> socket.socket:
    if device.network is None:
        raise ConnectionRefusedError("the device isn't up")
    return device.network.socket(place.family)
