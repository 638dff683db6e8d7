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


class Descriptor:
    """An open descriptor that is waited for by one task at a time, and closed only when none waits any more.

    The loop must forget a descriptor before it is closed: its number may be another file's a moment later.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        self._waiting: asyncio.Future[None] | None = None

    async def ready(self, *, writing: bool = False) -> None:
        """Wait until the descriptor can be read or written, is at its end, or is closed here."""
        if self.closed:
            return
        loop = asyncio.get_running_loop()
        waiting = self._waiting = loop.create_future()
        (loop.add_writer if writing else loop.add_reader)(self.fd, self._wake)
        try:
            await waiting
        finally:
            if self._waiting is waiting:
                self._forget()

    def close(self) -> None:
        """Close the descriptor, once; a task that waits for it goes on."""
        if not self.closed:
            self.closed = True
            self._wake()
            os.close(self.fd)

    def _wake(self) -> None:
        waiting = self._waiting
        if waiting is not None:
            self._forget()
            if not waiting.done():
                waiting.set_result(None)

    def _forget(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.fd)
        loop.remove_writer(self.fd)
        self._waiting = None


class Source(Descriptor):
    """The reading end of a descriptor, which it owns."""

    async def read(self, size: int = BLOCK) -> bytes:
        """Up to `size` bytes as soon as there are any; nothing at the end."""
        while not self.closed:
            try:
                return self._take(size)
            except BlockingIOError:
                await self.ready()
            except OSError:  # a terminal whose other side is closed says EIO
                return b""
        return b""

    def _take(self, size: int) -> bytes:
        if stat.S_ISSOCK(os.fstat(self.fd).st_mode):
            with socket.socket(fileno=os.dup(self.fd)) as channel:
                return channel.recv(size, socket.MSG_DONTWAIT)
        return os.read(self.fd, size)


class Sink(Descriptor):
    """The writing end of a descriptor, which it owns. Writes raise `BrokenPipeError` when the reader is gone."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self._turn = asyncio.Lock()

    async def write(self, data: bytes | memoryview) -> None:
        """All of `data`, waiting for the reader as long as it takes."""
        view = memoryview(data)
        async with self._turn:
            while view:
                if self.closed:
                    raise BrokenPipeError
                try:
                    view = view[self._put(view) :]
                except BlockingIOError:
                    await self.ready(writing=True)
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
        with select.epoll() as poller, contextlib.suppress(PermissionError):
            poller.register(self.fd, 0)  # errors and hang-ups only: these are always told
            await Descriptor(poller.fileno()).ready()
            return
        await asyncio.get_running_loop().create_future()
