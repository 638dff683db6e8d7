"""The device's log: a ring of entries a buffer, filled by `logdw` as Android's logd is, read by any number of followers.

Source of the datagram's format: AOSP system/logging, `liblog/logd_writer.cpp` and `private/android_logger.h`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from harness.pixel.event_log import Value, describe_event, pack_event

log = logging.getLogger(__name__)

RING_BYTES: Final = 1 << 20
_ENTRY_MAX: Final = 4068
_ENTRY_OVERHEAD: Final = 64
_DATAGRAM: Final = struct.Struct("<BHII")
_CREDENTIALS: Final = struct.Struct("iII")
_SCM_CREDENTIALS: Final = 2
_SHELL_UID: Final = 2000
_SEEN_MAX: Final = 512


class Buffer(IntEnum):
    """Which ring; the numbers are those of Android's `log_id_t`. No program writes into the last two."""

    main = 0
    radio = 1
    events = 2
    system = 3
    crash = 4
    stats = 5
    security = 6
    kernel = 7


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
    event: bytes = b""
    """The payload of an event; nothing for text."""

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return _ENTRY_OVERHEAD + len(self.tag) + len(self.message) + len(self.event)


@dataclass(slots=True)
class _Ring:
    """One buffer: what it holds, and what was ever written into it."""

    limit: int
    entries: deque[Entry] = field(default_factory=deque)
    used: int = 0
    total_bytes: int = 0
    total_entries: int = 0

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.used += entry.size
        self.total_bytes += entry.size
        self.total_entries += 1
        self.shrink()

    def shrink(self) -> None:
        while self.used > self.limit:
            self.used -= self.entries.popleft().size


@dataclass(frozen=True, slots=True)
class BufferUse:
    """Of one buffer: bytes that it may hold and does, its entries, and bytes and entries that were ever written."""

    limit: int
    used: int
    entries: int
    total_bytes: int
    total_entries: int


class LogBuffers:
    """The rings. Each drops its oldest entries when it holds more than its limit, `ring_bytes` at first."""

    def __init__(self, ring_bytes: int = RING_BYTES) -> None:
        self._rings = {buffer: _Ring(ring_bytes) for buffer in Buffer}
        self.loses: Callable[[int], bool] | None = None
        """Whether the entry of that number is lost before it is written, where a fault says so."""
        self._count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def write(
        self, buffer: Buffer, priority: Priority, tag: str, message: str, *, pid: int, tid: int | None = None,
        uid: int = 1000, nanoseconds: int | None = None, event: bytes = b"",
    ) -> None:  # fmt: skip
        """Append an entry and wake the followers."""
        when = time.time_ns() if nanoseconds is None else nanoseconds
        self._count += 1
        if self.loses is not None and self.loses(self._count):
            return
        entry = Entry(self._count, buffer, priority, when, pid, pid if tid is None else tid, uid, tag, message, event)
        self._rings[buffer].add(entry)
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    def write_event(self, name: str, *values: Value, pid: int, uid: int = 1000) -> None:
        """Append an event with a known tag (`harness.pixel.event_log`) to the events buffer."""
        payload = pack_event(name, *values)
        tag, text = describe_event(payload)
        self.write(Buffer.events, Priority.I, tag, text, pid=pid, uid=uid, event=payload)

    def entries(self, buffers: Collection[Buffer], *, after: int = 0) -> list[Entry]:
        """What the rings hold of these buffers with a number above `after`, in order of arrival."""
        found: list[Entry] = []
        for buffer in buffers:
            for entry in reversed(self._rings[buffer].entries):
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
            self._rings[buffer].entries.clear()
            self._rings[buffer].used = 0

    def resize(self, buffers: Collection[Buffer], limit: int) -> None:
        """Let these rings hold `limit` bytes each, from now to the end of the device."""
        for buffer in buffers:
            self._rings[buffer].limit = limit
            self._rings[buffer].shrink()

    def use(self, buffer: Buffer) -> BufferUse:
        """What a ring holds and has held."""
        ring = self._rings[buffer]
        return BufferUse(ring.limit, ring.used, len(ring.entries), ring.total_bytes, ring.total_entries)


def parse_datagram(data: bytes) -> tuple[Buffer, Priority, int, int, str, str]:
    """Buffer, priority, thread id, nanoseconds since 1970, tag and message of one `logdw` datagram.

    Raises `ValueError` for what isn't one. Bytes that aren't UTF-8 become U+FFFD.
    """
    if len(data) < _DATAGRAM.size + 2:
        raise ValueError(f"a log datagram of {len(data)} bytes")
    number, tid, seconds, nanoseconds = _DATAGRAM.unpack_from(data)
    if (buffer := Buffer(number)) in (Buffer.security, Buffer.kernel):
        raise ValueError(f"a log datagram for the {buffer.name} buffer")
    payload = data[_DATAGRAM.size : _DATAGRAM.size + _ENTRY_MAX]
    when = seconds * 1_000_000_000 + nanoseconds
    if buffer is Buffer.events:
        tag, text = describe_event(payload)
        return buffer, Priority.I, tid, when, tag, text
    if buffer is Buffer.stats:
        return buffer, Priority.I, tid, when, "stats", f"{len(payload)} bytes"
    name, separator, rest = payload[1:].partition(b"\0")
    if not separator:
        raise ValueError("a log datagram without an end to its tag")
    message = rest.partition(b"\0")[0]
    priority = Priority(min(max(payload[0], Priority.V), Priority.F))
    return buffer, priority, tid, when, name.decode("utf-8", "replace"), message.decode("utf-8", "replace")


class LogSocket:
    """`/dev/socket/logdw`: takes datagrams into the rings, with the sender's process id as the kernel tells it."""

    def __init__(
        self,
        path: str,
        buffers: LogBuffers,
        device_pid: Callable[[int], int | None],
        user: Callable[[int], int] = lambda _: _SHELL_UID,
    ) -> None:
        """Listen at `path`; `device_pid` names a process of the host as the device does, `user` tells whose that is."""
        self._buffers, self._device_pid, self._user = buffers, device_pid, user
        self._seen: dict[int, tuple[int, int]] = {}
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
                event = data[_DATAGRAM.size :] if buffer is Buffer.events else b""
                self._buffers.write(
                    buffer, priority, tag, message, pid=pid, tid=tid, uid=uid, nanoseconds=when, event=event
                )

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
                    if len(self._seen) >= _SEEN_MAX:
                        self._seen.clear()
                    self._seen[host_pid] = inside, self._user(inside)
                return self._seen.get(host_pid, (host_pid, _SHELL_UID))
        return 0, 0
