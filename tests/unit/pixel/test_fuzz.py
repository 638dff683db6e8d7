"""Bytes that no client should send: nothing but the protocol's own refusal comes of them, and nothing outside the device."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from harness import wire
from harness.pixel.adbd import Connection, Service
from harness.pixel.faults.armed import Faults
from harness.pixel.packets import PacketChannel
from harness.pixel.paths import DevicePaths
from harness.pixel.services import sync
from harness.pixel.stream import Stream, StreamClosed
from harness.wire import Command, Packet, WireError
from tests.unit.pixel.test_sync import Wire

FEW = settings(max_examples=150, deadline=None)
numbers = st.integers(0, 0xFFFFFFFF)
small = st.integers(0, 4)
packets = st.builds(Packet, st.sampled_from(Command), small | numbers, small | numbers, st.binary(max_size=5000))


class Socket:
    """Stands for asyncio's transport: keeps what is written, and knows whether it was closed. No bytes move."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def get_extra_info(self, _: str) -> Any:
        return SimpleNamespace(setsockopt=lambda *_: None)

    def write(self, data: bytes) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


class Taken:
    """Keeps the packets that a channel hands on."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def received(self, packet: Packet) -> None:
        self.packets.append(packet)

    def lost(self, error: Exception | None) -> None:
        raise NotImplementedError


def feed(channel: PacketChannel, data: bytes, cuts: Iterable[int]) -> None:
    """Hand bytes to a channel as a socket would, in pieces of at most these sizes."""
    sizes = iter(cuts)
    while data and not cast(Any, channel._transport).closed:
        place = channel.get_buffer(-1)
        size = min(len(place), len(data), next(sizes, len(data)))
        place[:size] = data[:size]
        channel.buffer_updated(size)
        data = data[size:]


def opened(receiver: Any) -> PacketChannel:
    channel = PacketChannel(lambda _: receiver)
    channel.connection_made(cast(Any, Socket()))
    return channel


@FEW
@given(st.lists(packets, max_size=8), st.lists(st.integers(1, 6000), max_size=40))
def test_packets_are_the_same_however_they_are_cut(sent: list[Packet], cuts: list[int]) -> None:
    """Wherever the socket's reads end, each packet arrives once, whole and in order."""

    async def run() -> None:
        taken = Taken()
        feed(opened(taken), b"".join(wire.pack_packet(packet, with_checksum=True) for packet in sent), cuts)
        assert taken.packets == sent

    asyncio.run(run())


@FEW
@given(
    st.lists(st.binary(max_size=300) | packets.map(lambda each: wire.pack_packet(each, with_checksum=True)), max_size=8)
)
def test_any_bytes_are_read_or_refused(parts: list[bytes]) -> None:
    """Garbage closes the channel with the protocol's own error; nothing else is raised."""

    async def run() -> None:
        channel = opened(Taken())
        feed(channel, b"".join(parts), ())
        assert channel._error is None or isinstance(channel._error, WireError)

    asyncio.run(run())


@FEW
@given(st.lists(packets, max_size=30), st.booleans())
def test_any_order_of_packets_is_served_or_refused(sent: list[Packet], delayed: bool) -> None:
    """Whatever a peer says after its introduction, the connection answers or ends, and lets go of every stream."""

    async def echo(stream: Stream) -> None:
        while True:
            await stream.write(await stream.read())

    async def find(_: Connection, name: str) -> Service | None:
        return echo if len(name) % 2 else None

    async def run() -> None:
        connections: list[Connection] = []

        def connect(channel: PacketChannel) -> Connection:
            connections.append(Connection(channel, banner=lambda: b"device::features=delayed_ack", find_service=find))
            return connections[-1]

        channel = PacketChannel(connect)
        channel.connection_made(cast(Any, Socket()))
        features = b"host::features=delayed_ack" if delayed else b"host::"
        introduction = Packet(Command.CNXN, wire.VERSION_WITHOUT_CHECKSUM, 4096, features)
        for packet in (introduction, *sent):
            feed(channel, wire.pack_packet(packet, with_checksum=True), ())
            await asyncio.sleep(0)
        assert channel._error is None or isinstance(channel._error, WireError)
        channel.connection_lost(None)
        await asyncio.gather(*connections[0]._running)
        assert not connections[0]._streams

    asyncio.run(run())


names = st.sampled_from(["data", "local", "tmp", "system", "..", ".", "", "up", "out", "file", "ä", "a\0b", "x" * 300])
paths = st.lists(names, max_size=9).map("/".join).map(os.fsencode) | st.binary(max_size=40)
kinds = st.sampled_from([b"STAT", b"STA2", b"LST2", b"LIST", b"LIS2", b"RECV", b"QUIT", b"WHAT"])
modes = st.sampled_from([stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777, stat.S_IFDIR | 0o755, 0, 0xFFFFFFFF])
contents = st.lists(st.binary(max_size=200).map(lambda data: wire.pack_sync(b"DATA", data)), max_size=3).map(b"".join)
done = st.just(wire.SYNC_HEADER.pack(b"DONE", 1234)) | st.just(wire.SYNC_HEADER.pack(b"DONE", 0xFFFFFFFF))
sends = st.tuples(paths, modes, contents, done).map(
    lambda each: wire.pack_sync(b"SEND", each[0] + b",%d" % each[1]) + each[2] + each[3]
)
sends2 = st.tuples(paths, modes, numbers | st.just(0), contents, done).map(
    lambda each: wire.pack_sync(b"SND2", each[0]) + wire.SYNC_SEND2.pack(b"SND2", each[1], each[2]) + each[3] + each[4]
)
receives2 = st.tuples(paths, small).map(
    lambda each: wire.pack_sync(b"RCV2", each[0]) + wire.SYNC_RECV2.pack(b"RCV2", each[1])
)
requests = st.tuples(kinds, paths).map(lambda each: wire.pack_sync(*each)) | sends | sends2 | receives2


def contents_of(folder: Path) -> dict[str, str]:
    """Every path below a folder, with what kind of thing is there, and its bytes."""
    return {
        str(path): f"{stat.S_IFMT(path.lstat().st_mode):o} {path.read_bytes() if path.is_file() else ''!r}"
        for path in sorted(folder.rglob("*"))
    }


@FEW
@given(st.lists(requests | st.binary(max_size=60), max_size=8))
def test_any_sync_requests_stay_in_the_device_and_where_it_may_be_written(sent: list[bytes]) -> None:
    """Only the client's end or a refusal ends the service; the host and the read-only places are as before."""
    with tempfile.TemporaryDirectory() as folder:
        host, root = Path(folder), Path(folder, "root")
        for name in ("data/local/tmp", "data/app", "data/data/dev.tiny", "system/bin"):
            (root / name).mkdir(parents=True)
        (host / "secret").write_text("of the host")
        (root / "system/bin/sh").write_text("shell")
        (root / "data/local/tmp/up").symlink_to("../../../../../../../../..")
        (root / "data/local/tmp/out").symlink_to(host)
        guarded = [contents_of(root / "system"), contents_of(root / "data/data"), contents_of(root / "data/app")]
        device = cast(Any, SimpleNamespace(paths=DevicePaths(root), faults=Faults()))
        try:
            asyncio.run(sync.serve(device, cast(Any, Wire(b"".join(sent)))))
        except (StreamClosed, WireError):
            pass
        finally:
            device.paths.close()
        assert sorted(path.name for path in host.iterdir()) == ["root", "secret"]
        assert (host / "secret").read_text() == "of the host"
        assert {path.name for path in root.iterdir()} == {"data", "system"}
        assert guarded == [contents_of(root / name) for name in ("system", "data/data", "data/app")]
