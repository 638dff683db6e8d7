"""What faults do to a connection: its packets are cut, held or late, or nobody is behind it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from harness import wire
from harness.pixel.authorisation import TOKEN_SIZE
from harness.pixel.faults.kinds import Freeze, Slow
from harness.pixel.packets import PacketChannel, PacketReceiver
from harness.wire import Packet

if TYPE_CHECKING:
    from harness.pixel.faults.armed import Faults

log = logging.getLogger(__name__)


class FaultyChannel(PacketChannel):
    """A channel that is cut, held or slowed while a fault says so, and costs one look at a flag otherwise."""

    def __init__(self, receiver: Callable[[PacketChannel], PacketReceiver], faults: Faults) -> None:
        self._faults = faults
        self._late: deque[tuple[float, Packet]] = deque()
        self._sent = asyncio.Event()
        self._sent.set()
        self._line_free_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        super().__init__(receiver)

    def send(self, packet: Packet) -> None:
        """As the channel's, unless a fault is on the line."""
        if not (self._faults.on_line or self._late):
            super().send(packet)
        elif self._faults.cuts():
            self._send_half(packet)
        else:
            copy = Packet(packet.command, packet.arg0, packet.arg1, bytes(packet.payload))
            self._late.append((self._due(len(copy.payload)), copy))
            self._sent.clear()
            self._release()

    async def drain(self) -> None:
        """Wait until all that is late is sent, too."""
        await self._sent.wait()
        await super().drain()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's: the socket is there."""
        super().connection_made(transport)
        self.look_at_faults()

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio's: so many bytes have come."""
        super().buffer_updated(nbytes)
        if self._faults.on_line and (slow := self._faults.active(Slow)):
            self._read(False)
            asyncio.get_running_loop().call_later(nbytes / slow.bytes_per_second, self.look_at_faults)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's: the socket is closed."""
        self._late.clear()
        self._sent.set()
        super().connection_lost(exc)

    def look_at_faults(self) -> None:
        """Read, and send what is held, unless the line is frozen."""
        self._read(self._faults.active(Freeze) is None)
        self._release()

    def _read(self, on: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _send_half(self, packet: Packet) -> None:
        with_checksum = self.version < wire.VERSION_WITHOUT_CHECKSUM
        data = wire.pack_packet(packet, with_checksum=with_checksum)
        log.warning("%s cut after %d of %d bytes", packet.command.name, len(data) // 2, len(data))
        if self._transport is not None:
            self._transport.write(data[: len(data) // 2])
        self.close()

    def _due(self, size: int) -> float:
        """When a packet of that size has come through."""
        now, slow = asyncio.get_running_loop().time(), self._faults.active(Slow)
        if slow is None:
            return now
        self._line_free_at = max(now, self._line_free_at) + size / slow.bytes_per_second
        return self._line_free_at + slow.latency_ms / 1000

    def _release(self) -> None:
        """Send what is due, and come again for the rest."""
        if self._timer is not None:
            self._timer.cancel()
        if self._faults.active(Freeze):
            return
        loop = asyncio.get_running_loop()
        while self._late and self._late[0][0] <= loop.time():
            super().send(self._late.popleft()[1])
        if self._late:
            self._timer = loop.call_at(self._late[0][0], self._release)
        else:
            self._sent.set()


class Deaf:
    """Stands for a connection behind a socket that is open, where nobody listens."""

    def __init__(self, channel: PacketChannel, on_lost: Callable[[], object]) -> None:
        self._channel, self._on_lost = channel, on_lost

    def received(self, packet: Packet) -> None:
        """Let a packet fall."""
        log.info("%s is not answered: offline", packet.command.name)

    def lost(self, _: Exception | None) -> None:
        """The channel is closed."""
        self._on_lost()

    async def close(self) -> None:
        """End it at once."""
        self._channel.abort()
        await self._channel.closed.wait()


class NoKeys:
    """Stands for a device's list of keys that has none, and gets none."""

    def fresh_token(self) -> bytes:
        """What a server must sign."""
        return secrets.token_bytes(TOKEN_SIZE)

    def verifies(self, token: bytes, signature: bytes) -> bool:  # noqa: ARG002 - as the list's
        """Never."""
        return False

    def when_known(self, line: str, act: Callable[[], None]) -> Callable[[], None]:  # noqa: ARG002 - as the list's
        """Never."""
        return lambda: None


NO_KEYS: Final = NoKeys()
