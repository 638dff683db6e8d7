"""The device's log: four rings of entries, filled by `logdw` as Android's logd is, read by any number of followers.

Source of the datagram's format: AOSP system/logging, `liblog/logd_writer.cpp` and `private/android_logger.h`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

log = logging.getLogger(__name__)

RING_BYTES: Final = 1 << 20
_ENTRY_MAX: Final = 4068
_ENTRY_OVERHEAD: Final = 64
_DATAGRAM: Final = struct.Struct("<BHII")
_CREDENTIALS: Final = struct.Struct("iII")
_SCM_CREDENTIALS: Final = 2


class Buffer(IntEnum):
    """Which ring; the numbers are those of Android's `log_id_t`."""

    main = 0
    events = 2
    system = 3
    crash = 4


class Priority(IntEnum):
    """How grave; the letters are those of `logcat`."""

    V = 2
    D = 3
    I = 4  # noqa: E741 - Android's own letter
    W = 5
    E = 6
    F = 7
    S = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of the log functions. `nanoseconds` are since 1970; `number` counts the entries of all rings."""

    number: int
    buffer: Buffer
    priority: Priority
    nanoseconds: int
    pid: int
    tid: int
    uid: int
    tag: str
    message: str


class LogBuffers:
    """The rings. Each drops its oldest entries when it holds more than `ring_bytes`."""

    def __init__(self, ring_bytes: int = RING_BYTES) -> None:
        self.ring_bytes = ring_bytes
        self.loses: Callable[[int], bool] | None = None
        """Whether the entry of that number is lost before it is written, where a fault says so."""
        self._rings: dict[Buffer, deque[Entry]] = {buffer: deque() for buffer in Buffer}
        self._sizes = dict.fromkeys(Buffer, 0)
        self._count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def write(
        self, buffer: Buffer, priority: Priority, tag: str, message: str, *, pid: int, tid: int | None = None,
        uid: int = 1000, nanoseconds: int | None = None,
    ) -> None:  # fmt: skip
        """Append an entry and wake the followers."""
        when = time.time_ns() if nanoseconds is None else nanoseconds
        self._count += 1
        if self.loses is not None and self.loses(self._count):
            return
        entry = Entry(self._count, buffer, priority, when, pid, pid if tid is None else tid, uid, tag, message)
        ring = self._rings[buffer]
        ring.append(entry)
        self._sizes[buffer] += _size(entry)
        while self._sizes[buffer] > self.ring_bytes:
            self._sizes[buffer] -= _size(ring.popleft())
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    def entries(self, buffers: Collection[Buffer], *, after: int = 0) -> list[Entry]:
        """What the rings hold of these buffers with a number above `after`, in order of arrival."""
        found: list[Entry] = []
        for buffer in buffers:
            for entry in reversed(self._rings[buffer]):
                if entry.number <= after:
                    break
                found.append(entry)
        return sorted(found, key=lambda entry: entry.number)

    async def follow(self, buffers: Collection[Buffer], *, after: int = 0) -> AsyncIterator[list[Entry]]:
        """What is there above `after`, then what comes, in batches, for ever."""
        while True:
            batch = self.entries(buffers, after=after)
            if batch:
                after = batch[-1].number
                yield batch
                continue
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)

    def clear(self, buffers: Collection[Buffer]) -> None:
        """Drop what these rings hold."""
        for buffer in buffers:
            self._rings[buffer].clear()
            self._sizes[buffer] = 0

    def used(self, buffer: Buffer) -> int:
        """Bytes that this ring's entries take."""
        return self._sizes[buffer]


def _size(entry: Entry) -> int:
    return _ENTRY_OVERHEAD + len(entry.tag) + len(entry.message)


def parse_datagram(data: bytes) -> tuple[Buffer, Priority, int, int, str, str]:
    """Buffer, priority, thread id, nanoseconds since 1970, tag and message of one `logdw` datagram.

    Raises `ValueError` for what isn't one. Bytes that aren't UTF-8 become U+FFFD.
    """
    if len(data) < _DATAGRAM.size + 2:
        raise ValueError(f"a log datagram of {len(data)} bytes")
    number, tid, seconds, nanoseconds = _DATAGRAM.unpack_from(data)
    buffer = Buffer(number)
    payload = data[_DATAGRAM.size : _DATAGRAM.size + _ENTRY_MAX]
    when = seconds * 1_000_000_000 + nanoseconds
    if buffer is Buffer.events:
        (tag_number,) = struct.unpack_from("<I", payload.ljust(4, b"\0"))
        return buffer, Priority.I, tid, when, f"[{tag_number}]", payload[4:].hex()
    tag, separator, rest = payload[1:].partition(b"\0")
    if not separator:
        raise ValueError("a log datagram without an end to its tag")
    message = rest.partition(b"\0")[0]
    priority = Priority(min(max(payload[0], Priority.V), Priority.F))
    return buffer, priority, tid, when, tag.decode("utf-8", "replace"), message.decode("utf-8", "replace")


class LogSocket:
    """`/dev/socket/logdw`: takes datagrams into the rings, with the sender's process id as the kernel tells it."""

    def __init__(self, path: str, buffers: LogBuffers, device_pid: Callable[[int], int | None]) -> None:
        self._buffers, self._device_pid = buffers, device_pid
        self._seen: dict[int, int] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(path)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self.drain)

    def drain(self) -> None:
        """Take all that has arrived."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, ancillary, _, _ = self._socket.recvmsg(_ENTRY_MAX + 64, socket.CMSG_SPACE(_CREDENTIALS.size))
                try:
                    buffer, priority, tid, when, tag, message = parse_datagram(data)
                except ValueError as error:
                    log.warning("logdw: %s", error)
                    continue
                pid, uid = self._sender(ancillary)
                self._buffers.write(buffer, priority, tag, message, pid=pid, tid=tid, uid=uid, nanoseconds=when)

    def close(self) -> None:
        """Take no more."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _sender(self, ancillary: list[tuple[int, int, bytes]]) -> tuple[int, int]:
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SCM_CREDENTIALS:
                host_pid, _, _ = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])
                inside = self._device_pid(host_pid)
                if inside is not None:
                    self._seen[host_pid] = inside
                return self._seen.get(host_pid, host_pid), 10000 if os.getpid() != host_pid else 1000
        return 0, 0
