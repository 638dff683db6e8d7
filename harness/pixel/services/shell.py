"""`shell:`, `shell,v2:` and `exec:`: a command, or a shell, in the device's root.

Source of the formats and defaults: AOSP packages/modules/adb, `daemon/shell_service.cpp` and `shell_protocol.h`.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from harness import wire
from harness.pixel.descriptors import Sink, Source
from harness.pixel.faults.kinds import LoseExit
from harness.pixel.processes import Child
from harness.pixel.stream import Stream, StreamClosed
from harness.wire import ShellId, WireError

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.device import VirtualPixel
    from harness.pixel.services.asked import Asked

_FRAME_LIMIT: Final = wire.MAX_PAYLOAD
_GRACE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ShellRequest:
    """What the name of a shell service asks for; an empty `command` is an interactive shell."""

    command: str
    framed: bool
    terminal: bool
    term: str
    ends_with_client: bool


def parse_request(service: str) -> ShellRequest:
    """Read `shell,v2,TERM=xterm,pty:ls`: arguments after the family, the command after the colon."""
    head, _, command = service.partition(":")
    family, *arguments = head.split(",")
    terminal, framed, term = family == "shell" and not command, False, "dumb"
    for argument in arguments:
        if argument == "v2":
            framed = True
        elif argument in ("pty", "raw"):
            terminal = argument == "pty"
        elif argument.startswith("TERM="):
            term = argument.removeprefix("TERM=")
    return ShellRequest(command, framed, terminal, term, ends_with_client=family == "shell")


async def find(asked: Asked) -> Service | None:
    """The service that runs what is asked for."""
    return partial(_serve, asked)


async def _serve(asked: Asked, stream: Stream) -> None:
    """Run the command; it doesn't outlive a `shell` stream."""
    async with asked.connection.turn:
        if stream.closed.is_set():
            return
        session = _Session(asked.device, parse_request(asked.name), stream)
        await asyncio.sleep(0)
    try:
        await session.run()
    finally:
        session.close()


class _Session:
    def __init__(self, device: VirtualPixel, request: ShellRequest, stream: Stream) -> None:
        self._device, self._request, self._stream = device, request, stream
        self._to_child, self._outputs, ends = _open_streams(request)
        try:
            argv = ["/system/bin/sh", "-c", request.command] if request.command else ["/system/bin/sh", "-"]
            self._child: Child = device.spawn(argv, ends[0], ends[1], ends[2], term=request.term)
        except BaseException:
            self.close()
            raise
        finally:
            for fd in set(ends):
                os.close(fd)

    def close(self) -> None:
        self._to_child.close()
        for source in self._outputs.values():
            source.close()

    async def run(self) -> None:
        feeding = asyncio.create_task(self._feed())
        pumping = asyncio.create_task(self._pump_all())
        closed = asyncio.create_task(self._stream.closed.wait())
        exited = asyncio.create_task(self._child.wait())
        try:
            await asyncio.wait((feeding, pumping, closed), return_when=asyncio.FIRST_COMPLETED)
            if pumping.done() and pumping.exception() is None:
                await asyncio.wait((exited, closed), return_when=asyncio.FIRST_COMPLETED)
            if not exited.done():
                await self._end_child(feeding, exited)
            if self._request.framed and not self._device.faults.take(LoseExit):
                await self._stream.write(wire.pack_shell(ShellId.EXIT, bytes([exited.result() & 0xFF])))
        finally:
            for task in (feeding, pumping, closed, exited):
                task.cancel()
            await asyncio.gather(feeding, pumping, closed, exited, return_exceptions=True)

    async def _end_child(self, feeding: asyncio.Task[None], exited: asyncio.Task[int]) -> None:
        """The client is gone. A `shell` command is ended; an `exec` one gets the rest of its input, and its end."""
        for source in self._outputs.values():
            source.close()
        if self._request.ends_with_client:
            self._to_child.close()
            self._child.signal(signal.SIGHUP)
            await asyncio.wait((exited,), timeout=_GRACE_S)
            self._child.kill()
        else:
            await asyncio.wait((feeding, exited), return_when=asyncio.FIRST_COMPLETED)
            self._to_child.close()
        await exited

    async def _pump_all(self) -> None:
        await asyncio.gather(*(self._pump(kind, source) for kind, source in self._outputs.items()))

    async def _pump(self, kind: ShellId, source: Source) -> None:
        while data := await source.read():
            await self._stream.write(wire.pack_shell(kind, data) if self._request.framed else data)

    async def _feed(self) -> None:
        with contextlib.suppress(StreamClosed):
            while True:
                if self._request.framed:
                    await self._take_frame()
                else:
                    await self._to_stdin(await self._stream.read())

    async def _take_frame(self) -> None:
        kind, length = wire.parse_shell_header(await self._stream.read_exactly(wire.SHELL_HEADER.size))
        if length > _FRAME_LIMIT:
            raise WireError(f"shell frame of {length} bytes; {_FRAME_LIMIT} are allowed")
        payload = await self._stream.read_exactly(length)
        if kind is ShellId.STDIN:
            await self._to_stdin(payload)
        elif kind is ShellId.CLOSE_STDIN and not self._request.terminal:
            self._to_child.close()
        elif kind is ShellId.WINDOW_SIZE and self._request.terminal:
            _resize(self._to_child.fd, payload)

    async def _to_stdin(self, data: bytes | memoryview) -> None:
        with contextlib.suppress(BrokenPipeError):  # a command needn't read all that it is given
            await self._to_child.write(data)


def _open_streams(request: ShellRequest) -> tuple[Sink, dict[ShellId, Source], tuple[int, int, int]]:
    """Our ends of the command's streams, and its own three."""
    if request.terminal:
        ours, theirs = os.openpty()
        os.set_blocking(ours, False)
        return Sink(ours), {ShellId.STDOUT: Source(os.dup(ours))}, (theirs, theirs, theirs)
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    sources = {ShellId.STDOUT: Source(out_read)}
    err_write = out_write
    if request.framed:
        err_read, err_write = os.pipe()
        sources[ShellId.STDERR] = Source(err_read)
    for fd in (in_write, *(source.fd for source in sources.values())):
        os.set_blocking(fd, False)
    return Sink(in_write), sources, (in_read, out_write, err_write)


def _resize(terminal: int, payload: bytes) -> None:
    """Apply a window size frame: `rows x columns , width x height`, the last two in pixels."""
    try:
        rows, columns, width, height = (
            int(number) for pair in payload.rstrip(b"\0").split(b",") for number in pair.split(b"x")
        )
        size = struct.pack("<4H", rows, columns, width, height)
    except (ValueError, struct.error):
        raise WireError(f"window size {payload!r} isn't rows x columns, width x height") from None
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
