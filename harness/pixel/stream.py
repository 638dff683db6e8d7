"""One service's two-way stream of bytes over a transport, with the transport's flow control.

Without the feature `delayed_ack` one WRTE is in flight until its OKAY. With it each side may have a window's bytes in
flight, and an OKAY says how many of them were taken (AOSP packages/modules/adb, `docs/dev/delayed_ack.md`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from harness import wire
from harness.wire import Command, Packet, WireError

if TYPE_CHECKING:
    from harness.pixel.packets import PacketChannel

WINDOW: Final = 4 << 20
"""Bytes that a peer with delayed acknowledgement may send before they are read here."""
_READ_AHEAD: Final = 1 << 18
"""As long as fewer bytes wait to be read, a write is acknowledged before its reader comes."""


class StreamClosed(EOFError):
    """The other side closed the stream, or the connection is gone."""


class Stream:
    """A service's stream. `window` is what the peer takes before its first OKAY, None without delayed acknowledgement."""

    def __init__(
        self,
        channel: PacketChannel,
        local: int,
        remote: int,
        *,
        max_payload: int,
        window: int | None,
        on_close: Callable[[], object],
    ) -> None:
        self.local, self.remote = local, remote
        self.closed = asyncio.Event()
        self._channel, self._on_close = channel, on_close
        self._max_payload, self._delayed = max_payload, window is not None
        self._credit = max_payload if window is None else window
        self._chunks: deque[memoryview] = deque()
        self._unread = self._unacknowledged = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()

    async def read(self, limit: int = wire.MAX_PAYLOAD) -> memoryview:
        """What came next, from one byte to `limit`. Raises `StreamClosed` at the end."""
        while not self._chunks:
            if self.closed.is_set():
                raise StreamClosed
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        chunk = self._chunks.popleft()
        if len(chunk) > limit:
            self._chunks.appendleft(chunk[limit:])
            chunk = chunk[:limit]
        self._unread -= len(chunk)
        self._acknowledge_peer()
        return chunk

    async def read_exactly(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises `StreamClosed` when they don't all come."""
        parts, missing = [], size
        while missing > 0:
            parts.append(await self.read(missing))
            missing -= len(parts[-1])
        return b"".join(parts)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """All of `data`, in packets, as fast as the peer acknowledges. Raises `StreamClosed`."""
        view = memoryview(data)
        async with self._turn:
            while view:
                await self._may_write()
                part = view[: min(self._max_payload, self._credit)]
                self._credit = self._credit - len(part) if self._delayed else 0
                self._channel.send(Packet(Command.WRTE, self.local, self.remote, part))
                await self._channel.drain()
                view = view[len(part) :]
            if self.closed.is_set():
                raise StreamClosed

    async def flush(self) -> None:
        """Wait until the peer could take another write, so that a close doesn't overtake the last one."""
        async with self._turn:
            await self._may_write()

    def close(self) -> None:
        """End the stream from this side, once; what the peer wrote before can still be read."""
        if not self.closed.is_set():
            self.end()
            self._on_close()
            self._channel.send(Packet(Command.CLSE, self.local, self.remote))

    def deliver(self, data: bytes | bytearray | memoryview) -> None:
        """Hand on what the peer wrote. Raises `WireError` when it writes more than was acknowledged."""
        if self.closed.is_set():
            return
        if self._unacknowledged and not self._delayed:
            raise WireError(f"the peer writes to stream {self.local} without waiting for OKAY")
        self._unacknowledged += len(data)
        if self._unacknowledged > WINDOW + wire.MAX_PAYLOAD:  # a sender may go below zero by one packet
            raise WireError(
                f"the peer writes more than {WINDOW} bytes to stream {self.local} that weren't acknowledged"
            )
        if not data:
            self._send_okay(0)
            return
        self._chunks.append(memoryview(data))
        self._unread += len(data)
        self._acknowledge_peer()
        _wake(self._reader)

    def acknowledge(self, payload: bytes | bytearray | memoryview) -> None:
        """The peer took what was written, or as many bytes of it as `payload` says. Raises `WireError`."""
        if self._delayed:
            self._credit += wire.parse_window(payload)
        elif payload:
            raise WireError(f"OKAY with {len(payload)} bytes from a peer without delayed acknowledgement")
        else:
            self._credit = self._max_payload
        if self._credit > 0:
            _wake(self._writer)

    def end(self) -> None:
        """Wake all who read or write: nothing more comes or goes."""
        self.closed.set()
        _wake(self._reader)
        _wake(self._writer)

    async def _may_write(self) -> None:
        while self._credit <= 0 and not self.closed.is_set():
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer
        if self.closed.is_set():
            raise StreamClosed

    def _acknowledge_peer(self) -> None:
        if self._unacknowledged and self._unread <= _READ_AHEAD and not self.closed.is_set():
            self._send_okay(self._unacknowledged)
            self._unacknowledged = 0

    def _send_okay(self, taken: int) -> None:
        payload = wire.pack_window(taken) if self._delayed else b""
        self._channel.send(Packet(Command.OKAY, self.local, self.remote, payload))


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
