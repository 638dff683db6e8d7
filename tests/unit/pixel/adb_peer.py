"""The adb server's end of a transport, packet by packet, to say what no real server would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from harness import wire
from harness.pixel.adbd import Connection, Service
from harness.pixel.authorisation import Authorisation
from harness.pixel.packets import PacketChannel
from harness.wire import Command, Packet


class Peer:
    """Sends any bytes, and reads packets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, command: Command, arg0: int, arg1: int, payload: bytes = b"") -> None:
        self.writer.write(wire.pack_packet(Packet(command, arg0, arg1, payload), with_checksum=True))

    async def receive(self) -> Packet:
        header = wire.parse_packet_header(await self.reader.readexactly(wire.PACKET_HEADER.size))
        return Packet(header.command, header.arg0, header.arg1, await self.reader.readexactly(header.length))

    async def receive_or_end(self) -> Packet | None:
        """The next packet, or None when the device has closed the connection."""
        try:
            return await self.receive()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def connect(self, *, max_payload: int = wire.MAX_PAYLOAD) -> Packet:
        self.send(Command.CNXN, wire.VERSION_WITHOUT_CHECKSUM, max_payload, b"host::features=shell_v2")
        return await self.receive()

    async def open(self, service: str, number: int = 7) -> Packet:
        self.send(Command.OPEN, number, 0, service.encode() + b"\0")
        return await self.receive()

    async def collect(self, opened: Packet) -> bytes:
        """All that the service on this stream writes, each write acknowledged, up to its CLSE."""
        data = b""
        while (packet := await self.receive()).command is not Command.CLSE:
            if packet.command is Command.WRTE:
                data += packet.payload
                self.send(Command.OKAY, opened.arg1, opened.arg0)
        return data

    async def dropped(self) -> bool:
        """Whether the device closes the connection without another word."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:  # it doesn't wait for what it hasn't read
            return True


@asynccontextmanager
async def device_with(
    services: Callable[[str], Service | None], *, features: str = "", authorisation: Authorisation | None = None
) -> AsyncIterator[Callable[[], asyncio.Future[Peer]]]:
    """A listening device that has these services; gives a function that connects one more server."""

    async def find(_: Connection, name: str) -> Service | None:
        return services(name)

    def connection(channel: PacketChannel) -> Connection:
        connections.append(
            Connection(
                channel,
                banner=f"device::features={features}".encode,
                find_service=find,
                authorisation=authorisation,
            )
        )
        return connections[-1]

    connections: list[Connection] = []
    server = await asyncio.get_running_loop().create_server(lambda: PacketChannel(connection), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    peers: list[Peer] = []

    async def connect() -> Peer:
        peers.append(Peer(*await asyncio.open_connection("127.0.0.1", port)))
        return peers[-1]

    try:
        async with asyncio.timeout(10):
            yield lambda: asyncio.ensure_future(connect())
    finally:
        for peer in peers:
            peer.writer.close()
        server.close()
        await asyncio.gather(*(each.close() for each in connections))
