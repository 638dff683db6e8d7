"""The device side of ADB's transport: one connection of one adb server, and the streams that run over it.

Packets, their order and the rule "one WRTE in flight until its OKAY" are AOSP's `packages/modules/adb/protocol.txt`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from harness import wire
from harness.wire import Command, Packet, WireError

log = logging.getLogger(__name__)

Service = Callable[["Stream"], Awaitable[None]]
"""What runs on a stream, from its opening to its end."""


class StreamClosed(EOFError):
    """The other side closed the stream, or the connection is gone."""


class Stream:
    """One service's two-way stream of bytes."""

    def __init__(self, connection: Connection, local: int, remote: int) -> None:
        self.local, self.remote = local, remote
        self.closed = asyncio.Event()
        self._connection = connection
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._unread = b""
        self._acknowledged = asyncio.Semaphore(0)
        self._turn = asyncio.Lock()

    async def read(self) -> bytes:
        """What came next, at least one byte. Raises `StreamClosed` at the end."""
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        data = await self._arrived.get()
        if not data:
            self._arrived.put_nowait(b"")
            raise StreamClosed
        self._connection.send(Packet(Command.OKAY, self.local, self.remote))
        return data

    async def read_exactly(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises `StreamClosed` when they don't all come."""
        parts, missing = [], size
        while missing > 0:
            data = await self.read()
            parts.append(data[:missing])
            self._unread = data[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)

    async def write(self, data: bytes) -> None:
        """All of `data`, in packets, each sent when the one before is acknowledged. Raises `StreamClosed`."""
        view, room = memoryview(data), self._connection.max_payload
        async with self._turn:
            while view:
                if self.closed.is_set():
                    raise StreamClosed
                self._connection.send(Packet(Command.WRTE, self.local, self.remote, bytes(view[:room])))
                await self._connection.drain()
                await self._acknowledged.acquire()
                view = view[room:]
            if self.closed.is_set():
                raise StreamClosed

    def close(self) -> None:
        """End the stream from this side, once."""
        if not self.closed.is_set():
            self.end()
            self._connection.forget(self)

    def deliver(self, data: bytes) -> None:
        """Hand on what the peer wrote. Raises `WireError` when it didn't wait for the OKAY of the write before."""
        if not self._arrived.empty():
            raise WireError(f"the peer writes to stream {self.local} without waiting for OKAY")
        if data:
            self._arrived.put_nowait(data)

    def acknowledge(self) -> None:
        """The peer took our last write."""
        self._acknowledged.release()

    def end(self) -> None:
        """Wake all who read or write: nothing more comes or goes."""
        if not self.closed.is_set():
            self.closed.set()
            self._arrived.put_nowait(b"")
            self._acknowledged.release()


class Connection:
    """One adb server's connection. `open_service` gives the service of that name, or None where there is none."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        banner: Callable[[], bytes],
        open_service: Callable[[str], Service | None],
    ) -> None:
        self.max_payload = 4096
        self._reader, self._writer = reader, writer
        self._banner, self._open_service = banner, open_service
        self._version = wire.VERSION_WITH_CHECKSUM
        self._streams: dict[int, Stream] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._last_id = 0
        self._connected = False

    def send(self, packet: Packet) -> None:
        """Queue a packet; nothing happens on a connection that is closing."""
        if not self._writer.is_closing():
            self._writer.write(wire.pack_packet(packet, with_checksum=self._version < wire.VERSION_WITHOUT_CHECKSUM))

    async def drain(self) -> None:
        """Wait until the socket takes more. Raises `StreamClosed` when it is gone."""
        try:
            await self._writer.drain()
        except ConnectionError:
            raise StreamClosed from None

    def forget(self, stream: Stream) -> None:
        """Tell the peer that this side of `stream` is closed."""
        if self._streams.pop(stream.local, None) is not None:
            self.send(Packet(Command.CLSE, stream.local, stream.remote))

    async def run(self) -> None:
        """Serve until the peer goes or breaks the protocol; at the end no stream of it lives on."""
        stopping = False
        try:
            while True:
                self._handle(await self._receive())
        except asyncio.IncompleteReadError as error:
            if error.partial:
                log.warning("an adb server went away in the middle of a packet")
        except WireError as error:
            log.warning("connection refused: %s", error)
        except ConnectionError as error:
            log.info("an adb server went away: %s", error)
        except asyncio.CancelledError:
            stopping = True
            raise
        finally:
            self._end_streams()
            self._writer.close()
            if stopping:
                for task in self._running:
                    task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _receive(self) -> Packet:
        header = wire.parse_packet_header(await self._reader.readexactly(wire.PACKET_HEADER.size))
        payload = await self._reader.readexactly(header.length)
        if self._version < wire.VERSION_WITHOUT_CHECKSUM and header.command is not Command.CNXN:
            total = sum(payload) & 0xFFFFFFFF
            if header.checksum != total:
                raise WireError(f"checksum {header.checksum:#x} of a {header.command.name} packet, {total:#x} counted")
        return Packet(header.command, header.arg0, header.arg1, payload)

    def _handle(self, packet: Packet) -> None:
        if packet.command is Command.CNXN:
            self._connect(packet)
        elif packet.command is Command.AUTH:
            log.info("AUTH of kind %d without having been asked: ignored", packet.arg0)
        elif not self._connected:
            raise WireError(f"{packet.command.name} before CNXN")
        elif packet.command is Command.OPEN:
            self._open(packet)
        elif (stream := self._streams.get(packet.arg1)) is None:
            log.debug("%s for stream %d, which isn't open", packet.command.name, packet.arg1)
        elif packet.arg0 not in (stream.remote, 0):
            raise WireError(f"{packet.command.name} for stream {stream.local} from {packet.arg0}, not {stream.remote}")
        elif packet.command is Command.WRTE:
            stream.deliver(packet.payload)
        elif packet.command is Command.OKAY:
            stream.acknowledge()
        elif packet.command is Command.CLSE:
            stream.close()

    def _connect(self, packet: Packet) -> None:
        if packet.arg1 < 1:
            raise WireError("CNXN with room for no payload at all")
        self._end_streams()
        self._version = min(packet.arg0, wire.VERSION_WITHOUT_CHECKSUM)
        self.max_payload = min(packet.arg1, wire.MAX_PAYLOAD)
        self._connected = True
        log.info("connected: %s", packet.payload.rstrip(b"\0").decode(errors="replace"))
        self.send(Packet(Command.CNXN, wire.VERSION_WITHOUT_CHECKSUM, wire.MAX_PAYLOAD, self._banner()))

    def _open(self, packet: Packet) -> None:
        if packet.arg0 == 0:
            raise WireError("OPEN from stream 0")
        name = packet.payload.rstrip(b"\0").decode("utf-8", "surrogateescape")
        service = self._open_service(name)
        if service is None:
            log.info("no service %r", name)
            self.send(Packet(Command.CLSE, 0, packet.arg0))
            return
        self._last_id += 1
        stream = self._streams[self._last_id] = Stream(self, self._last_id, packet.arg0)
        self.send(Packet(Command.OKAY, stream.local, stream.remote))
        task = asyncio.get_running_loop().create_task(self._serve(stream, service, name))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, stream: Stream, service: Service, name: str) -> None:
        try:
            await service(stream)
        except StreamClosed:
            pass
        except (WireError, OSError) as error:
            log.warning("%r: %s", name, error)
        except Exception:
            log.exception("%r failed", name)
        finally:
            stream.close()

    def _end_streams(self) -> None:
        for stream in self._streams.values():
            stream.end()
        self._streams.clear()
