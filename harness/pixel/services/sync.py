"""`sync:`: files in and out, and what `adb ls` shows.

Sources: AOSP packages/modules/adb, `SYNC.TXT`, `file_sync_protocol.h`, `daemon/file_sync_service.cpp`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from harness import wire
from harness.pixel.adbd import Stream
from harness.pixel.paths import DevicePaths
from harness.wire import WireError

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_PULL_BATCH: Final = 8
_FILE_BITS: Final = 0o777


async def serve(device: VirtualPixel, stream: Stream) -> None:
    """Answer requests until QUIT. Raises `WireError` for what the protocol doesn't allow, and ends with the stream."""
    paths = device.paths
    while True:
        kind, length = wire.SYNC_HEADER.unpack(await stream.read_exactly(wire.SYNC_HEADER.size))
        if kind == b"QUIT":
            return
        if length > wire.SYNC_PATH_MAX:
            raise WireError(f"path of {length} bytes in a {kind!r} request; {wire.SYNC_PATH_MAX} are allowed")
        name = os.fsdecode(await stream.read_exactly(length))
        if kind == b"STAT":
            await stream.write(_stat_v1(paths, name))
        elif kind in (b"STA2", b"LST2"):
            await stream.write(_stat_v2(paths, kind, name))
        elif kind in (b"LIST", b"LIS2"):
            await stream.write(_list(paths, kind, name))
        elif kind == b"RECV":
            await _send_file(paths, stream, name)
        elif kind == b"SEND":
            await _receive_file(paths, stream, name)
        else:
            await stream.write(_failure(f"unknown sync request {kind!r}"))
            raise WireError(f"unknown sync request {kind!r}")


def _failure(message: str) -> bytes:
    return wire.pack_sync(b"FAIL", message.encode("utf-8", "surrogateescape"))


def _stat_v1(paths: DevicePaths, name: str) -> bytes:
    try:
        seen = paths.stat(name, follow=False)
    except OSError:
        return wire.SYNC_STAT.pack(b"STAT", 0, 0, 0)
    return wire.SYNC_STAT.pack(b"STAT", seen.st_mode, seen.st_size & 0xFFFFFFFF, int(seen.st_mtime) & 0xFFFFFFFF)


def _stat_fields(seen: os.stat_result) -> tuple[int, ...]:
    """Fields of STA2 and DNT2, from `dev` on; every file of the device belongs to its shell."""
    times = (int(seen.st_atime), int(seen.st_mtime), int(seen.st_ctime))
    return (seen.st_dev, seen.st_ino, seen.st_mode, seen.st_nlink, 2000, 2000, seen.st_size, *times)


def _stat_v2(paths: DevicePaths, kind: bytes, name: str) -> bytes:
    try:
        seen = paths.stat(name, follow=kind == b"STA2")
    except OSError as error:
        return wire.SYNC_STAT2.pack(kind, error.errno or 0, *(0,) * 10)
    return wire.SYNC_STAT2.pack(kind, 0, *_stat_fields(seen))


def _list(paths: DevicePaths, kind: bytes, name: str) -> bytes:
    """Every entry, then DONE; a folder that can't be read is an empty one, as on Android."""
    record, tag = (wire.SYNC_DENT, b"DENT") if kind == b"LIST" else (wire.SYNC_DENT2, b"DNT2")
    parts = []
    try:
        entries = paths.list(name)
    except OSError:
        entries = []
    for entry, seen in entries:
        label = os.fsencode(entry)
        if kind == b"LIST":
            fields = (seen.st_mode, seen.st_size & 0xFFFFFFFF, int(seen.st_mtime) & 0xFFFFFFFF)
            parts.append(record.pack(tag, *fields, len(label)) + label)
        else:
            parts.append(record.pack(tag, 0, *_stat_fields(seen), len(label)) + label)
    return b"".join(parts) + b"DONE" + bytes(record.size - 4)


async def _send_file(paths: DevicePaths, stream: Stream, name: str) -> None:
    try:
        fd = paths.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        await stream.write(_failure(f"open failed: {error.strerror}"))
        return
    try:
        while True:
            parts: list[bytes] = []
            while len(parts) < _PULL_BATCH and (data := os.read(fd, wire.SYNC_DATA_MAX)):
                parts.append(wire.pack_sync(b"DATA", data))
            if not parts:
                break
            await stream.write(b"".join(parts))
    except OSError as error:
        await stream.write(_failure(f"read failed: {error.strerror}"))
    else:
        await stream.write(wire.pack_sync(b"DONE"))
    finally:
        os.close(fd)


async def _receive_file(paths: DevicePaths, stream: Stream, request: str) -> None:
    """SEND `path,mode`, then DATA records, then DONE with the time; the answer is OKAY or FAIL with the reason.

    After a failure the rest of the file is read and dropped, so that the stream stays in step.
    """
    name, comma, number = request.rpartition(",")
    try:
        mode = int(number) if comma else -1
    except ValueError:
        mode = -1
    if mode < 0:
        raise WireError(f"SEND {request!r} has no mode")
    receiver = _Receiver(paths, name, mode)
    try:
        failure = receiver.attempt(receiver.open)
        if failure:
            await stream.write(_failure(failure))
        while True:
            kind, length = wire.SYNC_HEADER.unpack(await stream.read_exactly(wire.SYNC_HEADER.size))
            if kind == b"DONE":
                break
            if kind != b"DATA" or length > wire.SYNC_DATA_MAX:
                raise WireError(f"{kind!r} record of {length} bytes in a file being sent")
            data = await stream.read_exactly(length)
            if not failure and (failure := receiver.attempt(partial(receiver.write, data))):
                await stream.write(_failure(failure))
        if not failure:
            failure = receiver.attempt(partial(receiver.finish, length))
            await stream.write(_failure(failure) if failure else wire.pack_sync(b"OKAY"))
    finally:
        receiver.abandon()


class _Receiver:
    """The file that a client is sending; a link's target comes as its content. Not finished, it is removed."""

    def __init__(self, paths: DevicePaths, name: str, mode: int) -> None:
        self._paths, self._name, self._mode = paths, name, mode
        self._fd: int | None = None
        self._target = b""

    def attempt(self, step: Callable[[], None]) -> str:
        """Empty, or why the step failed; after a failure nothing is left of the file."""
        try:
            step()
        except OSError as error:
            self.abandon()
            return f"couldn't create file: {error.strerror}"
        return ""

    def open(self) -> None:
        with self._paths.parent_of(self._name, make=True) as (folder, name):
            self._paths.check_writable(folder)
            _unlink_file(name, folder)
            if not stat.S_ISLNK(self._mode):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._fd = os.open(name, flags, 0o666, dir_fd=folder)

    def write(self, data: bytes) -> None:
        if self._fd is None:
            self._target = (self._target + data)[: wire.SYNC_PATH_MAX]
            return
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def finish(self, modified: int) -> None:
        if self._fd is None:
            with self._paths.parent_of(self._name) as (folder, name):
                os.symlink(self._target.rstrip(b"\0"), name, dir_fd=folder)
            return
        mode = self._mode & _FILE_BITS
        mode |= mode >> 3 & 0o070  # as adbd: what the owner may, the group may,
        mode |= mode >> 3 & 0o007  # and others too
        os.fchmod(self._fd, mode)
        os.utime(self._fd, (modified, modified))
        os.close(self._fd)
        self._fd = None

    def abandon(self) -> None:
        """Remove an unfinished file; nothing happens to a finished one."""
        if self._fd is None:
            return
        os.close(self._fd)
        self._fd = None
        with contextlib.suppress(OSError), self._paths.parent_of(self._name) as (folder, name):
            _unlink_file(name, folder)


def _unlink_file(name: str, folder: int) -> None:
    try:
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
