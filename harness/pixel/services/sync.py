"""`sync:`: files in and out, and what `adb ls` shows.

Sources: AOSP packages/modules/adb, `SYNC.TXT`, `file_sync_protocol.h`, `daemon/file_sync_service.cpp`.
"""

from __future__ import annotations

import os
import struct
from functools import partial
from typing import TYPE_CHECKING, Final

from harness import wire
from harness.pixel.faults.files import spoiled
from harness.pixel.faults.kinds import CutPush, FullStorage, SpoilPull
from harness.pixel.paths import DevicePaths
from harness.pixel.services.receiver import FileReceiver
from harness.pixel.stream import Stream
from harness.wire import WireError

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.device import VirtualPixel
    from harness.pixel.services.asked import Asked

_HEADER_SIZE: Final = wire.SYNC_HEADER.size
_RECORD: Final = _HEADER_SIZE + wire.SYNC_DATA_MAX
_PULL_RECORDS: Final = wire.MAX_PAYLOAD // _RECORD
_OWNER: Final = 2000


async def find(asked: Asked) -> Service | None:
    """The service that answers requests until its client has no more."""
    return partial(serve, asked.device)


async def serve(device: VirtualPixel, stream: Stream) -> None:
    """Answer requests until QUIT. Raises `WireError` for what the protocol doesn't allow, and ends with the stream."""
    paths = device.paths
    while True:
        kind, length = wire.SYNC_HEADER.unpack(await stream.read_exactly(wire.SYNC_HEADER.size))
        if kind == b"QUIT":
            return
        if length > wire.SYNC_PATH_MAX:
            await _refuse(stream, f"path of {length} bytes in a {kind!r} request; {wire.SYNC_PATH_MAX} are allowed")
        name = os.fsdecode(await stream.read_exactly(length))
        if kind == b"STAT":
            await stream.write(_stat_v1(paths, name))
        elif kind in (b"STA2", b"LST2"):
            await stream.write(_stat_v2(paths, kind, name))
        elif kind in (b"LIST", b"LIS2"):
            await stream.write(_list(paths, kind, name))
        elif kind == b"RECV":
            await _send_file(device, stream, name)
        elif kind == b"RCV2":
            await _take_setup(stream, wire.SYNC_RECV2, kind, allowed=0)
            await _send_file(device, stream, name)
        elif kind == b"SEND":
            path, comma, number = name.rpartition(",")
            if not (comma and number.isascii() and number.isdigit()):
                await _refuse(stream, f"SEND {name!r} has no mode")
            await _receive_file(stream, _receiver(device, path, int(number) & 0xFFFFFFFF))
        elif kind == b"SND2":
            mode, flags = await _take_setup(stream, wire.SYNC_SEND2, kind, allowed=wire.SYNC_DRY_RUN)
            await _receive_file(stream, _receiver(device, name, mode, dry=bool(flags)))
        else:
            await _refuse(stream, f"unknown sync request {kind!r}")


async def _refuse(stream: Stream, message: str) -> None:
    """Tell the client, then raise `WireError`."""
    await stream.write(_failure(message))
    raise WireError(message)


async def _take_setup(stream: Stream, form: struct.Struct, kind: bytes, *, allowed: int) -> tuple[int, ...]:
    """What follows the path of a request of version 2; its last number is flags, of which only `allowed` may be set."""
    again, *numbers = form.unpack(await stream.read_exactly(form.size))
    if again != kind:
        await _refuse(stream, f"{again!r} in a {kind!r} request")
    if numbers[-1] & ~allowed:
        await _refuse(stream, f"flags {numbers[-1]:#x} of a {kind!r} request: compression isn't there")
    return tuple(numbers)


def _failure(message: str) -> bytes:
    return wire.pack_sync(b"FAIL", message.encode("utf-8", "surrogateescape"))


def _seen(paths: DevicePaths, name: str, *, follow: bool) -> os.stat_result:
    with paths.opened(name, os.O_PATH | (0 if follow else os.O_NOFOLLOW)) as fd:
        paths.check_readable(fd, inside=True)
        return os.fstat(fd)


def _stat_v1(paths: DevicePaths, name: str) -> bytes:
    try:
        seen = _seen(paths, name, follow=False)
    except OSError:
        return wire.SYNC_STAT.pack(b"STAT", 0, 0, 0)
    return wire.SYNC_STAT.pack(b"STAT", *_short_fields(seen))


def _stat_v2(paths: DevicePaths, kind: bytes, name: str) -> bytes:
    try:
        seen = _seen(paths, name, follow=kind == b"STA2")
    except OSError as error:
        return wire.SYNC_STAT2.pack(kind, error.errno or 0, *(0,) * 10)
    return wire.SYNC_STAT2.pack(kind, 0, *_long_fields(seen))


def _short_fields(seen: os.stat_result) -> tuple[int, int, int]:
    """Mode, size and time of STAT and DENT; of sizes and times over 32 bits the lower ones, as adbd gives them."""
    return seen.st_mode, seen.st_size & 0xFFFFFFFF, int(seen.st_mtime) & 0xFFFFFFFF


def _long_fields(seen: os.stat_result) -> tuple[int, ...]:
    """Fields of STA2 and DNT2, from `dev` on; every file of the device belongs to its shell."""
    times = (int(seen.st_atime), int(seen.st_mtime), int(seen.st_ctime))
    return (seen.st_dev, seen.st_ino, seen.st_mode, seen.st_nlink, _OWNER, _OWNER, seen.st_size, *times)


def _list(paths: DevicePaths, kind: bytes, name: str) -> bytes:
    """Every entry, then DONE; a folder that can't be read is an empty one, as on Android."""
    record, tag = (wire.SYNC_DENT, b"DENT") if kind == b"LIST" else (wire.SYNC_DENT2, b"DNT2")
    parts = []
    try:
        with paths.opened(name, os.O_PATH) as fd:
            paths.check_readable(fd)
        entries = paths.list(name)
    except OSError:
        entries = []
    for entry, seen in entries:
        label = os.fsencode(entry)
        fields = _short_fields(seen) if kind == b"LIST" else (0, *_long_fields(seen))
        parts.append(record.pack(tag, *fields, len(label)) + label)
    return b"".join(parts) + b"DONE" + bytes(record.size - 4)


def _receiver(device: VirtualPixel, name: str, mode: int, *, dry: bool = False) -> FileReceiver:
    full, cut = device.faults.active(FullStorage) is not None, device.faults.take(CutPush) is not None
    return FileReceiver(device.paths, name, mode, dry=dry, full=full, cut=cut)


async def _send_file(device: VirtualPixel, stream: Stream, name: str) -> None:
    paths = device.paths
    try:
        fd = paths.open(name, os.O_RDONLY | os.O_NONBLOCK)
        if fault := device.faults.take(SpoilPull, lambda each: each.concerns(name)):
            fd = spoiled(fd, fault.damage)
    except OSError as error:
        await stream.write(_failure(f"open failed: {error.strerror}"))
        return
    try:
        paths.check_readable(fd)
        block = memoryview(bytearray(_PULL_RECORDS * _RECORD))
        places = [block[start + 8 : start + _RECORD] for start in range(0, len(block), _RECORD)]
        while count := os.readv(fd, places):
            full, rest = divmod(count, wire.SYNC_DATA_MAX)
            for record in range(full):
                wire.SYNC_HEADER.pack_into(block, record * _RECORD, b"DATA", wire.SYNC_DATA_MAX)
            if rest:
                wire.SYNC_HEADER.pack_into(block, full * _RECORD, b"DATA", rest)
            await stream.write(block[: full * _RECORD + (rest and rest + wire.SYNC_HEADER.size)])
    except OSError as error:
        await stream.write(_failure(f"read failed: {error.strerror}"))
    else:
        await stream.write(wire.pack_sync(b"DONE"))
    finally:
        os.close(fd)


async def _receive_file(stream: Stream, receiver: FileReceiver) -> None:
    """DATA records, then DONE with the time; the answer is OKAY, or FAIL with the reason as soon as there is one.

    After a failure the rest of the file is read and dropped, so that the stream stays in step.
    """
    try:
        receiver.begin()
        told = await _tell(stream, receiver)
        while True:
            kind, length = wire.SYNC_HEADER.unpack(await stream.read_exactly(wire.SYNC_HEADER.size))
            if kind == b"DONE":
                break
            if kind != b"DATA" or length > wire.SYNC_DATA_MAX:
                await _refuse(stream, f"{kind!r} record of {length} bytes in a file being sent")
            missing = length
            while missing > 0:
                data = await stream.read()
                parts, missing, rest = _contents(data, missing)
                receiver.write(parts)
                stream.put_back(rest)
            told = told or await _tell(stream, receiver)
        receiver.finish(length)
        if not (told or await _tell(stream, receiver)):
            await stream.write(wire.pack_sync(b"OKAY"))
    finally:
        receiver.abandon()


def _contents(data: memoryview, missing: int) -> tuple[list[memoryview], int, memoryview]:
    """Contents of DATA records in `data`, the first of which began earlier and misses `missing` bytes.

    Returns them, how much the last one misses, and what follows that isn't content.
    """
    parts, end = [data[:missing]], missing
    while (start := end + _HEADER_SIZE) <= len(data):
        kind, length = wire.SYNC_HEADER.unpack_from(data, end)
        if kind != b"DATA" or length > wire.SYNC_DATA_MAX:
            break
        end = start + length
        parts.append(data[start:end])
    return parts, max(0, end - len(data)), data[end:]


async def _tell(stream: Stream, receiver: FileReceiver) -> bool:
    """Whether the file has failed; the client is told then."""
    if receiver.failure:
        await stream.write(_failure(receiver.failure))
    return bool(receiver.failure)
