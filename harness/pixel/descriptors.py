"""Pipes, terminals and files by their descriptors, read and written without holding up the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import stat
from typing import Final

BLOCK: Final = 1 << 16


def private_copy(fd: int, flags: int) -> int:
    """A non-blocking descriptor of what `fd` is open on; `fd` itself, which other processes share, stays blocking.

    Regular files are returned as they are, duplicated: they never block, and their position must stay shared. So are
    sockets, which can't be opened again.
    """
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISSOCK(mode):
        return os.dup(fd)
    return os.open(f"/proc/self/fd/{fd}", flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


async def readable(fd: int) -> None:
    """Wait until `fd` has something to read or is at its end."""
    await _ready(fd, writing=False)


async def _ready(fd: int, *, writing: bool) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def wake() -> None:
        if not done.done():
            done.set_result(None)

    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    add(fd, wake)
    try:
        await done
    finally:
        remove(fd)


class Source:
    """The reading end of a descriptor, which it owns."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._closed = False

    async def read(self, size: int = BLOCK) -> bytes:
        """Up to `size` bytes as soon as there are any; nothing at the end."""
        while not self._closed:
            try:
                return self._take(size)
            except BlockingIOError:
                await _ready(self.fd, writing=False)
            except OSError:  # a terminal whose other side is closed says EIO
                return b""
        return b""

    def _take(self, size: int) -> bytes:
        if stat.S_ISSOCK(os.fstat(self.fd).st_mode):
            with socket.socket(fileno=os.dup(self.fd)) as channel:
                return channel.recv(size, socket.MSG_DONTWAIT)
        return os.read(self.fd, size)

    def close(self) -> None:
        """Close the descriptor, once."""
        if not self._closed:
            self._closed = True
            os.close(self.fd)


class Sink:
    """The writing end of a descriptor, which it owns. Writes raise `BrokenPipeError` when the reader is gone."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._closed = False
        self._turn = asyncio.Lock()

    async def write(self, data: bytes) -> None:
        """All of `data`, waiting for the reader as long as it takes."""
        view = memoryview(data)
        async with self._turn:
            while view:
                if self._closed:
                    raise BrokenPipeError
                try:
                    view = view[self._put(view) :]
                except BlockingIOError:
                    await _ready(self.fd, writing=True)
                except OSError as error:
                    raise BrokenPipeError from error

    def _put(self, view: memoryview) -> int:
        if stat.S_ISSOCK(os.fstat(self.fd).st_mode):
            with socket.socket(fileno=os.dup(self.fd)) as channel:
                return channel.send(view, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        return os.write(self.fd, view[:BLOCK])

    async def reader_gone(self) -> None:
        """Wait until nobody can read what is written here; never returns for a regular file."""
        if stat.S_ISREG(os.fstat(self.fd).st_mode):
            await asyncio.get_running_loop().create_future()
        poller = select.epoll()
        try:
            with contextlib.suppress(PermissionError):
                poller.register(self.fd, 0)  # errors and hang-ups only: these are always told
            await _ready(poller.fileno(), writing=False)
        finally:
            poller.close()

    def close(self) -> None:
        """Close the descriptor, once."""
        if not self._closed:
            self._closed = True
            os.close(self.fd)
