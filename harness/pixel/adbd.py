"""The device side of ADB's transport: one connection of one adb server, and the streams that run over it.

Packets and their order are AOSP's `packages/modules/adb/protocol.txt`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from harness import wire
from harness.pixel.packets import PacketChannel
from harness.pixel.stream import WINDOW, Stream, StreamClosed
from harness.wire import Auth, Command, Packet, WireError

log = logging.getLogger(__name__)

DELAYED_ACK: Final = "delayed_ack"
STREAMS_MAX: Final = 512
"""Streams of one adb server at a time; one more is refused. Each may have a process behind it."""
_INTRODUCTION_S: Final = 10.0

Service = Callable[[Stream], Awaitable[None]]
"""What runs on a stream, from its opening to its end."""
Finder = Callable[["Connection", str], Awaitable[Service | None]]
"""Gives the service of a name, or None where there is none; an `OSError` or `ValueError` says why it can't be opened."""


class Keys(Protocol):
    """Which servers may talk to the device; `harness.pixel.authorisation.Authorisation` is one."""

    def fresh_token(self) -> bytes:
        """What a server must sign."""

    def verifies(self, token: bytes, signature: bytes) -> bool:
        """Whether a known key signed `token`."""

    def when_known(self, line: str, act: Callable[[], None]) -> Callable[[], None]:
        """Call `act` when the key in `line` gets known; what is returned gives up the waiting."""


class Connection:
    """One adb server's connection.

    `banner` gives what the device says of itself, and `find_service` what a stream's name asks for. With
    `authorisation` the server must sign with a key that the device knows before anything is served. `number` tells
    the connections of a device apart, and `on_lost` is called when this one has ended.
    """

    def __init__(
        self,
        channel: PacketChannel,
        *,
        banner: Callable[[], bytes],
        find_service: Finder,
        authorisation: Keys | None = None,
        number: int = 0,
        on_lost: Callable[[], object] = lambda: None,
    ) -> None:
        self.number = number
        self.turn = asyncio.Lock()
        """Held while a process is started for this server: one asking for many mustn't keep the others waiting."""
        self.on_close: list[Callable[[], None]] = []
        """Called when the server is gone, or introduces itself again."""
        self._channel = channel
        self._banner, self._find_service, self._authorisation = banner, find_service, authorisation
        self._on_lost = on_lost
        self._max_payload, self._delayed = 4096, False
        self._streams: dict[int, Stream] = {}
        self._opening: dict[int, asyncio.Future[Stream]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._last_id = 0
        self._introduction: Packet | None = None
        self._token = b""
        self._connected = False
        self._deadline = asyncio.get_running_loop().call_later(_INTRODUCTION_S, self._give_up)

    async def close(self) -> None:
        """End the connection at once, and every service that runs on it."""
        self._channel.abort()
        await self._channel.closed.wait()
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def drop(self) -> None:
        """End the connection, once all is sent that was written; the server comes again by itself."""
        self._channel.close()

    async def open_stream(self, name: str) -> Stream:
        """Open a stream to `name` on the server's side. Raises `ConnectionRefusedError`."""
        if not self._connected:
            raise ConnectionRefusedError("no adb server is connected")
        number = self._next_id()
        answer: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()
        self._opening[number] = answer
        self._channel.send(Packet(Command.OPEN, number, WINDOW if self._delayed else 0, name.encode() + b"\0"))
        return await answer

    def received(self, packet: Packet) -> None:
        """Act on a packet. Raises `WireError` for what the protocol doesn't allow here."""
        if packet.command is Command.CNXN:
            self._introduce(packet)
        elif packet.command is Command.AUTH:
            self._authenticate(packet)
        elif not self._connected:
            raise WireError(f"{packet.command.name} before CNXN")
        elif packet.command is Command.OPEN:
            self._open(packet)
        elif packet.arg1 in self._opening:
            self._opened(packet)
        elif (stream := self._streams.get(packet.arg1)) is None:
            log.debug("%s for stream %d, which isn't open", packet.command.name, packet.arg1)
        elif packet.arg0 not in (stream.remote, 0):
            raise WireError(f"{packet.command.name} for stream {stream.local} from {packet.arg0}, not {stream.remote}")
        elif packet.command is Command.WRTE:
            stream.deliver(packet.payload)
        elif packet.command is Command.OKAY:
            stream.acknowledge(packet.payload)
        elif packet.command is Command.CLSE:
            stream.close()

    def lost(self, error: Exception | None) -> None:
        """The channel is closed: no stream lives on."""
        if isinstance(error, WireError):
            log.warning("connection refused: %s", error)
        elif error is not None:
            log.info("an adb server went away: %s", error)
        self._reset()
        self._on_lost()

    def _give_up(self) -> None:
        self._channel.abort(WireError(f"nothing was said within {_INTRODUCTION_S:.0f} s"))

    def _reset(self) -> None:
        self._connected = False
        self._deadline.cancel()
        for stream in self._streams.values():
            stream.end()
        self._streams.clear()
        for answer in self._opening.values():
            if not answer.done():
                answer.set_exception(ConnectionRefusedError("the adb server is gone"))
        self._opening.clear()
        for act in self.on_close:
            act()
        self.on_close.clear()

    def _introduce(self, packet: Packet) -> None:
        if packet.arg1 < 1:
            raise WireError("CNXN with room for no payload at all")
        self._reset()
        self._introduction = packet
        self._channel.version = min(packet.arg0, wire.VERSION_WITHOUT_CHECKSUM)
        if self._authorisation is None:
            self._connect(packet)
        else:
            self._ask_for_signature(self._authorisation)

    def _connect(self, introduction: Packet) -> None:
        text = bytes(introduction.payload).rstrip(b"\0").decode(errors="replace")
        ours, theirs = self._banner(), _features(text)
        self._max_payload = min(introduction.arg1, wire.MAX_PAYLOAD)
        self._delayed = DELAYED_ACK in theirs & _features(ours.decode())
        self._connected = True
        log.info("connected: %s", text)
        self._channel.send(Packet(Command.CNXN, wire.VERSION_WITHOUT_CHECKSUM, wire.MAX_PAYLOAD, ours))

    def _ask_for_signature(self, authorisation: Keys) -> None:
        self._token = authorisation.fresh_token()
        self._channel.send(Packet(Command.AUTH, Auth.TOKEN, 0, self._token))

    def _authenticate(self, packet: Packet) -> None:
        authorisation, introduction = self._authorisation, self._introduction
        if authorisation is None or introduction is None or self._connected:
            log.info("AUTH of kind %d without having been asked: ignored", packet.arg0)
        elif packet.arg0 == Auth.SIGNATURE:
            if authorisation.verifies(self._token, bytes(packet.payload)):
                self._connect(introduction)
            else:
                self._ask_for_signature(authorisation)
        elif packet.arg0 == Auth.RSA_PUBLIC_KEY:
            key = bytes(packet.payload).rstrip(b"\0").decode(errors="replace")
            self.on_close.append(authorisation.when_known(key, lambda: self._admit(introduction)))
        else:
            raise WireError(f"AUTH of kind {packet.arg0}")

    def _admit(self, introduction: Packet) -> None:
        """The key that the server showed is known now."""
        if not self._connected:
            self._connect(introduction)

    def _next_id(self) -> int:
        self._last_id = self._last_id % 0xFFFFFFFF + 1
        return self._last_id

    def _open(self, packet: Packet) -> None:
        if packet.arg0 == 0:
            raise WireError("OPEN from stream 0")
        name = bytes(packet.payload).rstrip(b"\0").decode("utf-8", "surrogateescape")
        if self._delayed != bool(packet.arg1):
            log.warning("%r refused: its window doesn't fit the features that were named", name)
            self._refuse(packet.arg0)
        elif len(self._running) >= STREAMS_MAX:
            log.warning("%r refused: %d streams are open", name, STREAMS_MAX)
            self._refuse(packet.arg0)
        else:
            task = asyncio.get_running_loop().create_task(self._serve(packet.arg0, packet.arg1, name))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _refuse(self, remote: int) -> None:
        self._channel.send(Packet(Command.CLSE, 0, remote))

    async def _serve(self, remote: int, window: int, name: str) -> None:
        try:
            service = await self._find_service(self, name)
        except (OSError, ValueError) as error:
            log.warning("%r can't be opened: %s", name, error)
            service = None
        except Exception:
            log.exception("%r can't be opened", name)
            service = None
        if service is None:
            log.info("no service %r", name)
            self._refuse(remote)
            return
        stream = self._add_stream(self._next_id(), remote, window)
        self._channel.send(
            Packet(Command.OKAY, stream.local, remote, wire.pack_window(WINDOW) if self._delayed else b"")
        )
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

    def _opened(self, packet: Packet) -> None:
        """The answer to an OPEN of ours."""
        answer = self._opening.pop(packet.arg1)
        if answer.cancelled():
            self._refuse(packet.arg0)
        elif packet.command is Command.OKAY:
            window = wire.parse_window(packet.payload) if self._delayed else 0
            answer.set_result(self._add_stream(packet.arg1, packet.arg0, window))
        elif packet.command is Command.CLSE:
            answer.set_exception(ConnectionRefusedError("the adb server can't reach it"))
        else:
            raise WireError(f"{packet.command.name} for stream {packet.arg1}, which isn't open yet")

    def _add_stream(self, local: int, remote: int, window: int) -> Stream:
        stream = self._streams[local] = Stream(
            self._channel,
            local,
            remote,
            max_payload=self._max_payload,
            window=window if self._delayed else None,
            on_close=lambda: self._streams.pop(local, None),
        )
        return stream


def _features(banner: str) -> set[str]:
    """The features that a banner (`host::features=a,b`) names."""
    for part in banner.split("::", 1)[-1].split(";"):
        name, _, value = part.partition("=")
        if name == "features":
            return set(value.split(","))
    return set()
