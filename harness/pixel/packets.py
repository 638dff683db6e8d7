"""Bytes of a socket cut into transport packets, and packets put on it, without a copy more than needed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final, Protocol, cast

from harness import wire
from harness.wire import Packet, PacketHeader, WireError

_SCRATCH: Final = 1 << 12
_JOINED_MAX: Final = 1 << 14


class PacketReceiver(Protocol):
    """Who takes what a channel reads."""

    def received(self, packet: Packet) -> None:
        """Take a packet. May raise `WireError`: the channel is closed then."""

    def lost(self, error: Exception | None) -> None:
        """The channel is closed, by whichever side; `error` says why, if not in good order."""


class PacketChannel(asyncio.BufferedProtocol):
    """One socket, packet by packet. Payloads are read straight into buffers of their own."""

    def __init__(self, receiver: Callable[[PacketChannel], PacketReceiver]) -> None:
        self.version = wire.VERSION_WITH_CHECKSUM
        self.closed = asyncio.Event()
        self._receiver = receiver(self)
        self._transport: asyncio.Transport | None = None
        self._scratch, self._held = bytearray(_SCRATCH), 0
        self._header: PacketHeader | None = None
        self._payload, self._filled = bytearray(), 0
        self._error: Exception | None = None
        self._room = asyncio.Event()
        self._room.set()

    def send(self, packet: Packet) -> None:
        """Queue a packet; nothing happens on a channel that is closing."""
        if self._transport is None or self._transport.is_closing():
            return
        with_checksum = self.version < wire.VERSION_WITHOUT_CHECKSUM
        header = wire.pack_packet_header(packet, with_checksum=with_checksum)
        if len(packet.payload) <= _JOINED_MAX:
            self._transport.write(header + packet.payload)
        else:
            self._transport.write(header)
            self._transport.write(packet.payload)

    async def drain(self) -> None:
        """Wait until the socket takes more, or is closed."""
        await self._room.wait()

    def close(self) -> None:
        """Send what is queued, then close."""
        if self._transport is not None:
            self._transport.close()

    def abort(self, error: Exception | None = None) -> None:
        """Close at once; `error` is handed on as the reason."""
        self._error = self._error or error
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's: the socket is there."""
        self._transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """asyncio's: where the next bytes go."""
        if self._header is not None:
            return memoryview(self._payload)[self._filled :]
        return memoryview(self._scratch)[self._held :]

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio's: so many bytes have come."""
        try:
            if self._header is None:
                self._held += nbytes
                self._cut()
            else:
                self._filled += nbytes
                self._finish()
        except WireError as error:
            self.abort(error)

    def eof_received(self) -> None:
        """asyncio's: no more will come; the socket is closed then."""
        if self._header is not None or self._held:
            self._error = WireError("the peer went away in the middle of a packet")

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's: the socket is closed."""
        self.closed.set()
        self._room.set()
        self._receiver.lost(self._error or exc)

    def pause_writing(self) -> None:
        """asyncio's: too much is queued."""
        self._room.clear()

    def resume_writing(self) -> None:
        """asyncio's: the queue is short again."""
        self._room.set()

    def _cut(self) -> None:
        """Hand on the packets in the scratch buffer; the beginning of a larger one goes to its own buffer."""
        start, size = 0, wire.PACKET_HEADER.size
        while self._header is None and self._held - start >= size:
            self._header = wire.parse_packet_header(self._scratch[start : start + size])
            start += size
            self._payload = bytearray(self._header.length)
            self._filled = min(self._header.length, self._held - start)
            self._payload[: self._filled] = self._scratch[start : start + self._filled]
            start += self._filled
            self._finish()
        self._scratch[: self._held - start] = self._scratch[start : self._held]
        self._held -= start

    def _finish(self) -> None:
        """Hand on the packet that is being read, if all of it is there."""
        header, payload = self._header, self._payload
        if header is None or self._filled < len(payload):
            return
        self._header, self._payload, self._filled = None, bytearray(), 0
        if self.version < wire.VERSION_WITHOUT_CHECKSUM and header.command is not wire.Command.CNXN:
            total = sum(payload) & 0xFFFFFFFF
            if header.checksum != total:
                raise WireError(f"checksum {header.checksum:#x} of a {header.command.name} packet, {total:#x} counted")
        if not self._is_closing():
            self._receiver.received(Packet(header.command, header.arg0, header.arg1, payload))

    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()
