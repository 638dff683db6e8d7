"""Where `logcat` writes: its standard output, or a file that is put aside when it is full; as text, or as logd's bytes."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from harness.pixel.commands.log_options import LogOptions
from harness.pixel.logcat import Buffer, Entry

if TYPE_CHECKING:
    from harness.pixel.control import Call
    from harness.pixel.device import VirtualPixel

_HEADER: Final = struct.Struct("<HHiIIIII")
"""`logger_entry_v4`: length and header's length, process, thread, seconds, nanoseconds, buffer, user."""


class LogOutput(Protocol):
    """Takes what is to be printed."""

    async def write(self, data: bytes) -> None:
        """Write all of it."""


class LogFile:
    """A file of the device's; when it has `limit` bytes it becomes `NAME.1`, what was that `NAME.2`, to `count`."""

    def __init__(self, device: VirtualPixel, path: str, limit: int | None, count: int) -> None:
        """Open it to append. Raises `OSError`."""
        self._device, self._path, self._limit, self._count = device, path, limit, count
        self._fd = self._open()

    async def write(self, data: bytes) -> None:
        """Write all of it, then look whether the file is full."""
        os.write(self._fd, data)
        if self._limit is not None and os.fstat(self._fd).st_size >= self._limit:
            self._rotate()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._device.paths.parent_of(self._path) as (folder, name):
            self._device.paths.check_writable(folder)
            return os.open(name, flags, 0o644, dir_fd=folder)

    def _rotate(self) -> None:
        os.close(self._fd)
        digits = len(str(self._count))
        with self._device.paths.parent_of(self._path) as (folder, name):
            names = [name, *(f"{name}.{number:0{digits}d}" for number in range(1, self._count + 1))]
            for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(newer, older, src_dir_fd=folder, dst_dir_fd=folder)
        self._fd = self._open()


class Printer:
    """Prints entries in batches, each buffer's first one after a line that names it."""

    def __init__(self, output: LogOutput, options: LogOptions) -> None:
        self._output, self._options = output, options
        self._begun: set[Buffer] = set()
        self._last: Buffer | None = None
        self._left = options.count

    async def print(self, entries: Sequence[Entry]) -> bool:
        """Print those that the options choose; true when as many as `-m` allows have been."""
        parts = []
        for entry in entries:
            if self._left == 0:
                break
            if not self._options.passes(entry):
                continue
            matched = self._options.matches(entry)
            if matched and self._left is not None:
                self._left -= 1
            if matched or "--print" in self._options.flags:
                parts.append(self._shown(entry))
        if parts:
            await self._output.write(b"".join(parts))
        return self._left == 0

    def _shown(self, entry: Entry) -> bytes:
        if "-B" in self._options.flags:
            return binary(entry)
        divider = ""
        if entry.buffer not in self._begun:
            divider = f"--------- beginning of {entry.buffer.name}\n"
        elif "-D" in self._options.flags and entry.buffer is not self._last:
            divider = f"--------- switch to {entry.buffer.name}\n"
        self._begun.add(entry.buffer)
        self._last = entry.buffer
        return (divider + self._options.format.lines(entry)).encode("utf-8", "surrogateescape")


def binary(entry: Entry) -> bytes:
    """An entry as logd hands it to its readers, which is what `logcat -B` prints."""
    text = b"%c%s\0%s\0" % (entry.priority, entry.tag.encode(), entry.message.encode("utf-8", "surrogateescape"))
    payload = entry.event or text
    seconds, nanoseconds = divmod(entry.nanoseconds, 1_000_000_000)
    header = _HEADER.pack(
        len(payload), _HEADER.size, entry.pid, entry.tid, seconds, nanoseconds, entry.buffer, entry.uid
    )
    return header + payload


class StandardOutput:
    """The caller's standard output."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def write(self, data: bytes) -> None:
        """Write all of it. Raises `BrokenPipeError` when nobody reads."""
        await self._call.stdout.write(data)
