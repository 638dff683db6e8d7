"""`/dev/socket/pixel`: the programs of Android's own call in, each with its arguments and its three streams."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.errors import HarnessError
from harness.pixel.descriptors import Descriptor, Sink, Source, private_copy
from harness.pixel.processes import device_pid

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

log = logging.getLogger(__name__)

_HEADER: Final = struct.Struct("<4sI")
_MAGIC: Final = b"PXC1"
_ARGUMENTS_MAX: Final = 4 << 20
_CREDENTIALS: Final = struct.Struct("iII")
_ANSWER: Final = struct.Struct("<i")
FAILED: Final = 255


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a program: its name and arguments, folder, and streams. Writes raise `BrokenPipeError`."""

    name: str
    arguments: tuple[str, ...]
    cwd: str
    stdin: Source
    stdout: Sink
    stderr: Sink
    pid: int

    def with_arguments(self, arguments: Sequence[str]) -> Call:
        """The same call with other arguments."""
        return replace(self, arguments=tuple(arguments))

    async def say(self, text: str) -> None:
        """Write to its standard output."""
        await self.stdout.write(text.encode("utf-8", "surrogateescape"))

    async def complain(self, text: str) -> None:
        """Write to its standard error."""
        await self.stderr.write(text.encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """Let go of the streams."""
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()


class ControlSocket:
    """Listens, and runs each call as a task that ends when its caller does."""

    def __init__(self, path: str, device: VirtualPixel) -> None:
        self._device = device
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.bind(path)
        self._socket.listen(64)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to accept callers."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    async def close(self) -> None:
        """Accept no more, and end the calls that run."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self) -> None:
        try:
            caller, _ = self._socket.accept()
        except BlockingIOError:
            return
        caller.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._serve(caller))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, caller: socket.socket) -> None:
        with caller:
            try:
                call = await _receive_call(caller)
            except (ValueError, OSError, struct.error) as error:
                log.warning("a program's call is refused: %s", error)
                return
            running = asyncio.create_task(self._run(call))
            leaving = asyncio.create_task(Descriptor(caller.fileno()).ready())
            try:
                await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    await asyncio.get_running_loop().sock_sendall(caller, _ANSWER.pack(running.result()))
            except OSError:
                log.debug("%s went away before its exit code", call.name)
            finally:
                for task in (running, leaving):
                    task.cancel()
                await asyncio.gather(running, leaving, return_exceptions=True)
                call.close()

    async def _run(self, call: Call) -> int:
        from harness.pixel.commands import run_command

        try:
            return await run_command(self._device, call)
        except BrokenPipeError:
            return FAILED
        except HarnessError as error:
            log.warning("%s: %s", call.name, error)
            text = f"{call.name}: {error}\n" + (f"{call.name}: {error.hint}\n" if error.hint else "")
        except Exception as error:
            log.exception("%s failed", call.name)
            text = f"{call.name}: a fault of the virtual Pixel: {error!r}\n"
        try:
            await call.complain(text)
        except BrokenPipeError:
            log.debug("nobody reads what %s complains of", call.name)
        return FAILED


async def _receive_call(caller: socket.socket) -> Call:
    await Descriptor(caller.fileno()).ready()
    header, descriptors, _, _ = socket.recv_fds(caller, _HEADER.size, 3, socket.MSG_CMSG_CLOEXEC)
    try:
        magic, length = _HEADER.unpack(header)
        if magic != _MAGIC or not 2 <= length <= _ARGUMENTS_MAX or len(descriptors) != 3:
            raise ValueError("not a call")
        data = b""
        while len(data) < length:
            part = await asyncio.get_running_loop().sock_recv(caller, length - len(data))
            if not part:
                raise ValueError("it ends too early")
            data += part
        cwd, name, *arguments = (os.fsdecode(part) for part in data[:-1].split(b"\0"))
        streams = [
            private_copy(fd, flags)
            for fd, flags in zip(descriptors, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)
        ]
    finally:
        for fd in descriptors:
            os.close(fd)
    return Call(
        name, tuple(arguments), cwd, Source(streams[0]), Sink(streams[1]), Sink(streams[2]), _caller_pid(caller)
    )


def _caller_pid(caller: socket.socket) -> int:
    pid, _, _ = _CREDENTIALS.unpack(caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return device_pid(pid) or 0
