"""ADB's transport, device side: order of packets, flow control, and what becomes of a peer that breaks them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

from harness import wire
from harness.pixel.adbd import Service
from harness.pixel.stream import Stream
from harness.wire import Command, Packet
from tests.unit.pixel.adb_peer import Peer, device_with


async def echo(stream: Stream) -> None:
    while True:
        await stream.write(await stream.read())


async def idle(stream: Stream) -> None:
    await stream.closed.wait()


def services(name: str) -> Service | None:
    async def flood(stream: Stream) -> None:
        await stream.write(b"x" * 10_000)

    return {"echo:": echo, "idle:": idle, "flood:": flood}.get(name)


def with_peer(act: Callable[[Peer], Awaitable[None]]) -> None:
    async def run() -> None:
        async with device_with(services) as connect:
            await act(await connect())

    asyncio.run(run())


def test_a_service_answers_on_its_stream() -> None:
    """OPEN, OKAY, WRTE both ways with an OKAY each, CLSE from the peer answered by CLSE."""

    async def act(peer: Peer) -> None:
        assert (await peer.connect()).command is Command.CNXN
        opened = await peer.open("echo:")
        assert (opened.command, opened.arg1) == (Command.OKAY, 7)
        peer.send(Command.WRTE, 7, opened.arg0, b"hello")
        answers = [await peer.receive(), await peer.receive()]
        assert answers == [
            Packet(Command.OKAY, opened.arg0, 7),
            Packet(Command.WRTE, opened.arg0, 7, b"hello"),
        ]
        peer.send(Command.CLSE, 7, opened.arg0)
        assert await peer.receive() == Packet(Command.CLSE, opened.arg0, 7)

    with_peer(act)


def test_only_one_write_is_in_flight_and_none_is_larger_than_the_peer_takes() -> None:
    """The next WRTE comes after the OKAY of the one before, cut to the size that the peer named."""

    async def act(peer: Peer) -> None:
        await peer.connect(max_payload=4096)
        opened = await peer.open("flood:")
        sizes = []
        for _ in range(2):
            sizes.append(len((await peer.receive()).payload))
            assert (await peer.open("nothing:", 9)).command is Command.CLSE  # nothing came before this answer
            peer.send(Command.OKAY, 7, opened.arg0)
        sizes.append(len((await peer.receive()).payload))
        assert sizes == [4096, 4096, 10_000 - 2 * 4096]
        assert await peer.receive() == Packet(Command.CLSE, opened.arg0, 7)

    with_peer(act)


def test_an_unknown_service_is_refused_and_the_connection_goes_on() -> None:
    """CLSE from stream 0, and the next OPEN works."""

    async def act(peer: Peer) -> None:
        await peer.connect()
        assert await peer.open("nothing:") == Packet(Command.CLSE, 0, 7)
        assert (await peer.open("echo:")).command is Command.OKAY

    with_peer(act)


MALFORMED = {
    "wrong magic": struct.pack("<6I", Command.OPEN, 1, 0, 0, 0, 0),
    "unknown command": struct.pack("<6I", 0x41414141, 1, 0, 0, 0, 0x41414141 ^ 0xFFFFFFFF),
    "too long": struct.pack("<6I", Command.WRTE, 1, 1, 1 << 30, 0, Command.WRTE ^ 0xFFFFFFFF),
    "open from stream 0": wire.pack_packet(Packet(Command.OPEN, 0, 0, b"echo:\0"), with_checksum=True),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_packet_ends_its_connection_and_no_other(data: bytes) -> None:
    """The peer that sent it is dropped; a server that connected before is served on."""

    async def run() -> None:
        async with device_with(services) as connect:
            good, bad = await connect(), await connect()
            await good.connect()
            opened = await good.open("echo:")
            await bad.connect()
            bad.writer.write(data)
            assert await bad.dropped()
            good.send(Command.WRTE, 7, opened.arg0, b"still here")
            assert [(await good.receive()).command for _ in range(2)] == [Command.OKAY, Command.WRTE]

    asyncio.run(run())


def test_nothing_is_served_before_cnxn() -> None:
    """A peer that opens a stream without having introduced itself is dropped."""

    async def act(peer: Peer) -> None:
        peer.send(Command.OPEN, 1, 0, b"echo:\0")
        assert await peer.dropped()

    with_peer(act)


def test_a_peer_that_writes_without_waiting_is_dropped() -> None:
    """Nobody reads, so after some read-ahead no OKAY comes; one more WRTE is a fault, and would fill the memory."""

    async def act(peer: Peer) -> None:
        await peer.connect()
        opened = await peer.open("idle:")
        for _ in range(2):
            peer.send(Command.WRTE, 7, opened.arg0, bytes(1 << 19))
        assert await peer.dropped()

    with_peer(act)


def test_a_wrong_checksum_is_refused_from_peers_that_send_them() -> None:
    """Peers of version 0x01000000 sum their payloads; a sum that doesn't fit is a damaged packet."""

    async def act(peer: Peer) -> None:
        peer.send(Command.CNXN, wire.VERSION_WITH_CHECKSUM, 4096, b"host::")
        await peer.receive()
        good = wire.pack_packet(Packet(Command.OPEN, 1, 0, b"echo:\0"), with_checksum=True)
        peer.writer.write(good)
        assert (await peer.receive()).command is Command.OKAY
        peer.writer.write(good[:-2] + b"?\0")
        assert await peer.dropped()

    with_peer(act)


def test_unasked_auth_is_ignored() -> None:
    """A device that asks for no key takes none, and doesn't mind."""

    async def act(peer: Peer) -> None:
        peer.send(Command.AUTH, wire.Auth.RSA_PUBLIC_KEY, 0, b"key")
        assert (await peer.connect()).command is Command.CNXN

    with_peer(act)


def test_a_second_cnxn_ends_the_streams_of_the_first() -> None:
    """A server that introduces itself again has forgotten its streams; their services end."""
    ended: asyncio.Future[None]

    async def watched(stream: Stream) -> None:
        await stream.closed.wait()
        ended.set_result(None)

    async def run() -> None:
        nonlocal ended
        ended = asyncio.get_running_loop().create_future()
        async with device_with(lambda _: watched) as connect:
            peer = await connect()
            await peer.connect()
            await peer.open("watched:")
            await peer.connect()
            await ended

    asyncio.run(run())
