"""Delayed acknowledgement: windows instead of one write at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from harness import wire
from harness.pixel.adbd import Service
from harness.pixel.stream import WINDOW, Stream
from harness.wire import Command, Packet
from tests.unit.pixel.adb_peer import Peer, device_with

FEATURES = b"host::features=shell_v2,delayed_ack"


async def idle(stream: Stream) -> None:
    await stream.closed.wait()


async def flood(stream: Stream) -> None:
    await stream.write(b"x" * 10_000)


async def swallow(stream: Stream) -> None:
    await stream.read_exactly(6)
    await stream.write(b"six")


def services(name: str) -> Service | None:
    return {"idle:": idle, "flood:": flood, "swallow:": swallow}.get(name)


def with_peer(act: Callable[[Peer], Awaitable[None]], *, features: bytes = FEATURES) -> None:
    """A peer that has introduced itself with these features to a device that delays acknowledgements."""

    async def run() -> None:
        async with device_with(services, features="shell_v2,delayed_ack") as connect:
            peer = await connect()
            peer.send(Command.CNXN, wire.VERSION_WITHOUT_CHECKSUM, 4096, features)
            assert (await peer.receive()).command is Command.CNXN
            await act(peer)

    asyncio.run(run())


async def open_stream(peer: Peer, name: str, window: int) -> Packet:
    peer.send(Command.OPEN, 7, window, name.encode() + b"\0")
    return await peer.receive()


def test_as_much_is_sent_as_the_window_takes() -> None:
    """Several writes are in flight, up to the window; an OKAY lets as many bytes follow as it names."""

    async def act(peer: Peer) -> None:
        opened = await open_stream(peer, "flood:", 6000)
        assert (opened.command, wire.parse_window(opened.payload)) == (Command.OKAY, WINDOW)
        assert [len((await peer.receive()).payload) for _ in range(2)] == [4096, 6000 - 4096]
        peer.send(Command.OKAY, 7, opened.arg0, wire.pack_window(1000))
        assert len((await peer.receive()).payload) == 1000
        peer.send(Command.OKAY, 7, opened.arg0, wire.pack_window(5000))
        assert len((await peer.receive()).payload) == 3000
        assert (await peer.receive()).command is Command.CLSE

    with_peer(act)


def test_what_is_read_is_acknowledged_by_its_bytes() -> None:
    """Two writes one after the other are taken, and every byte of them is acknowledged."""

    async def act(peer: Peer) -> None:
        opened = await open_stream(peer, "swallow:", WINDOW)
        for data in (b"abcd", b"ef"):
            peer.send(Command.WRTE, 7, opened.arg0, data)
        taken, answer = 0, await peer.receive()
        while answer.command is Command.OKAY:
            taken, answer = taken + wire.parse_window(answer.payload), await peer.receive()
        assert (taken, answer.payload) == (6, b"six")

    with_peer(act)


def test_a_peer_that_fills_more_than_its_window_is_dropped() -> None:
    """Nobody reads: what is sent beyond the window would fill the memory."""

    async def act(peer: Peer) -> None:
        opened = await open_stream(peer, "idle:", WINDOW)
        for _ in range(WINDOW // wire.MAX_PAYLOAD + 2):
            peer.send(Command.WRTE, 7, opened.arg0, bytes(wire.MAX_PAYLOAD))
        while (packet := await peer.receive_or_end()) is not None:
            assert packet.command is Command.OKAY  # some is taken ahead of its reader

    with_peer(act)


def test_a_window_must_fit_the_features() -> None:
    """An OPEN without a window where both have the feature, or with one where they don't, is refused by CLSE."""

    async def without(peer: Peer) -> None:
        assert await open_stream(peer, "idle:", 0) == Packet(Command.CLSE, 0, 7)
        assert (await open_stream(peer, "idle:", 1)).command is Command.OKAY

    async def with_one(peer: Peer) -> None:
        assert await open_stream(peer, "idle:", 1) == Packet(Command.CLSE, 0, 7)
        assert (await open_stream(peer, "idle:", 0)).payload == b""

    with_peer(without)
    with_peer(with_one, features=b"host::features=shell_v2")
