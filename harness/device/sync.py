"""Files to and from a device, over adb's sync protocol: whole or not at all."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.device.base import Device
from harness.device.stream import Deadline, Stream
from harness.errors import DeviceFailed, DeviceLost, HostError
from harness.wire import SYNC_DATA_MAX, SYNC_HEADER, SYNC_PATH_MAX, SYNC_STAT, pack_sync

_SECONDS_FLAT = 30.0
_BYTES_PER_SECOND = 1 << 20  # slower than any link that is worth measuring on
_REASON_MAX = 1 << 16
_NAME = re.compile(r"[^\0\n]+")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Mode, size in bytes and modification time (seconds since 1970) of a path on a device."""

    mode: int
    size: int
    modified: int


def push(device: Device, local: Path, remote: PurePosixPath, *, mode: int = 0o644) -> None:
    """Write a host file to the device; the device's own size is checked afterwards."""
    push_bytes(device, local.read_bytes(), remote, mode=mode)


def push_bytes(device: Device, data: bytes, remote: PurePosixPath, *, mode: int = 0o644) -> None:
    """Write bytes to a file on the device; its folders are made. Raises `DeviceFailed` with the device's reason."""
    with _open(device, f"pushing {remote}", len(data)) as stream:
        stream.write(pack_sync(b"SEND", _path(remote) + f",{0o100000 | mode}".encode()))
        for start in range(0, len(data), SYNC_DATA_MAX):
            stream.write(pack_sync(b"DATA", data[start : start + SYNC_DATA_MAX]))
        stream.write(SYNC_HEADER.pack(b"DONE", int(time.time())))
        kind, length = SYNC_HEADER.unpack(stream.read_exactly(SYNC_HEADER.size))
        if kind == b"FAIL":
            raise _refused(stream, length)
        if kind != b"OKAY":
            raise _garbled(stream, kind)
        arrived = _stat(stream, remote)
        if arrived is None or arrived.size != len(data) & 0xFFFFFFFF:
            raise DeviceFailed(
                "device.push_short",
                f"{remote} on {device.serial} has {arrived.size if arrived else 'no'} bytes after a push of {len(data)}",
                hint="look at the free space on the device (`adb shell df /data`)",
            )


def pull(device: Device, remote: PurePosixPath, local: Path) -> int:
    """Copy a device's file to the host, through `<name>.part`; returns its size in bytes.

    Raises `DeviceFailed` with the device's reason, or when another number of bytes came than were there, and `DeviceLost`
    when it breaks off; what came stays in the `.part`.
    """
    with _open(device, f"pulling {remote}", 1 << 30) as stream:
        expected = _stat(stream, remote)
        if expected is None:
            raise DeviceFailed("device.no_file", f"{remote} is not on {device.serial}")
        stream.write(pack_sync(b"RECV", _path(remote)))
        local.parent.mkdir(parents=True, exist_ok=True)
        part = local.with_name(local.name + ".part")
        size = 0
        try:
            with part.open("wb") as file:
                while True:
                    kind, length = SYNC_HEADER.unpack(stream.read_exactly(SYNC_HEADER.size))
                    if kind == b"DONE":
                        break
                    if kind == b"FAIL":
                        raise _refused(stream, length)
                    if kind != b"DATA" or length > SYNC_DATA_MAX:
                        raise _garbled(stream, kind)
                    file.write(stream.read_exactly(length))
                    size += length
        except OSError as error:
            raise HostError("host.write", f"can't write {local}", why=str(error)) from error
    if size & 0xFFFFFFFF != expected.size:
        raise DeviceFailed("device.pull_short", f"{remote}: {size} bytes came, {expected.size} were there")
    part.replace(local)
    return size


def stat(device: Device, remote: PurePosixPath) -> RemoteFile | None:
    """What is at a path, or None."""
    with _open(device, f"looking at {remote}", 0) as stream:
        return _stat(stream, remote)


def _open(device: Device, what: str, size: int) -> Stream:
    seconds = _SECONDS_FLAT + size / _BYTES_PER_SECOND
    return device.open("sync:", f"{what} ({device.serial})", Deadline.after(seconds))


def _stat(stream: Stream, remote: PurePosixPath) -> RemoteFile | None:
    stream.write(pack_sync(b"STAT", _path(remote)))
    kind, mode, size, modified = SYNC_STAT.unpack(stream.read_exactly(SYNC_STAT.size))
    if kind != b"STAT":
        raise _garbled(stream, kind)
    return RemoteFile(mode, size, modified) if mode else None


def _path(remote: PurePosixPath) -> bytes:
    data = os.fsencode(remote)
    if len(data) > SYNC_PATH_MAX or not _NAME.fullmatch(str(remote)):
        raise DeviceFailed("device.bad_path", f"a path that adb can't carry: {str(remote)[:80]!r} ({len(data)} bytes)")
    return data


def _refused(stream: Stream, length: int) -> DeviceFailed:
    reason = stream.read_exactly(min(length, _REASON_MAX)).decode(errors="replace")
    return DeviceFailed("device.sync", f"{stream.what}: refused", why=reason)


def _garbled(stream: Stream, kind: bytes) -> DeviceLost:
    return DeviceLost("device.garbled", f"{stream.what}: a sync record {kind!r} that makes no sense")
