"""The sync service, request by request."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness import wire
from harness.pixel.faults.armed import Faults
from harness.pixel.paths import DevicePaths
from harness.pixel.services import sync
from harness.pixel.stream import StreamClosed
from harness.wire import WireError


class Wire:
    """A stream whose client sent `data` and then closed it; what the service writes is kept."""

    def __init__(self, data: bytes) -> None:
        self.data, self.written = data, b""

    async def read_exactly(self, size: int) -> bytes:
        if len(self.data) < size:
            raise StreamClosed
        head, self.data = self.data[:size], self.data[size:]
        return head

    async def read(self, limit: int = 70_000) -> memoryview:
        return memoryview(await self.read_exactly(min(limit, max(1, len(self.data)))))

    def put_back(self, data: memoryview) -> None:
        self.data = bytes(data) + self.data

    async def write(self, data: bytes) -> None:
        self.written += data


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("data/local/tmp", "data/app", "data/data", "storage/emulated/0", "system/bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sdcard").symlink_to("storage/emulated/0")
    return tmp_path


def talk(root: Path, *requests: bytes) -> bytes:
    """The service's answers to these requests, sent one after the other."""
    stream = Wire(b"".join(requests))
    device = cast(Any, SimpleNamespace(paths=DevicePaths(root), faults=Faults()))
    try:
        asyncio.run(sync.serve(device, cast(Any, stream)))
    except StreamClosed:
        pass
    finally:
        device.paths.close()
    return stream.written


def send(path: str, data: bytes, *, mode: int = stat.S_IFREG | 0o644, modified: int = 1234) -> bytes:
    """What a client sends to push a file."""
    parts = [wire.pack_sync(b"SEND", f"{path},{mode}".encode())]
    for start in range(0, len(data), wire.SYNC_DATA_MAX):
        parts.append(wire.pack_sync(b"DATA", data[start : start + wire.SYNC_DATA_MAX]))
    return b"".join(parts) + struct.pack("<4sI", b"DONE", modified)


def request(kind: bytes, path: str) -> bytes:
    return wire.pack_sync(kind, path.encode())


OKAY = wire.pack_sync(b"OKAY")
QUIT = wire.pack_sync(b"QUIT")
DONE = wire.SYNC_HEADER.pack(b"DONE", 1234)


def test_a_pushed_file_has_its_bytes_mode_and_time_in_folders_made_for_it(root: Path) -> None:
    """Folders on the way are made; the owner's rights become the group's and the others', as adbd does it."""
    data = os.urandom(200_000)
    assert talk(root, send("/sdcard/new/deep/file", data, mode=stat.S_IFREG | 0o640), QUIT) == OKAY
    target = root / "storage/emulated/0/new/deep/file"
    assert target.read_bytes() == data
    assert (stat.S_IMODE(target.stat().st_mode), target.stat().st_mtime) == (0o666, 1234)


def test_a_pulled_file_comes_in_blocks_and_an_end(root: Path) -> None:
    """DATA records of 64 KiB at most, then DONE."""
    data = os.urandom(150_000)
    (root / "data/local/tmp/f").write_bytes(data)
    answer, got = talk(root, request(b"RECV", "/data/local/tmp/f"), QUIT), b""
    while answer[:4] == b"DATA":
        (length,) = struct.unpack_from("<I", answer, 4)
        assert length <= wire.SYNC_DATA_MAX
        got, answer = got + answer[8 : 8 + length], answer[8 + length :]
    assert (got, answer) == (data, wire.pack_sync(b"DONE"))


def test_a_link_is_pushed_as_a_link(root: Path) -> None:
    """The content of a SEND with a link's mode is its target; its time is the link's own."""
    assert talk(root, send("/data/local/tmp/l", b"there\0", mode=stat.S_IFLNK | 0o777), QUIT) == OKAY
    assert str((root / "data/local/tmp/l").readlink()) == "there"
    assert (root / "data/local/tmp/l").lstat().st_mtime == 1234


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/system/bin/sh", "Read-only file system"),
        ("/top", "Read-only file system"),
        ("/data/app/x", "Permission denied"),
        ("/data/data/dev.tiny/files/x", "Permission denied"),
        ("/data/local/tmp", "Is a directory"),
        ("/data/local/tmp/../../../system/bin/sh", "Read-only file system"),
    ],
)
def test_a_push_to_where_a_shell_may_not_write_fails_and_the_stream_stays_in_step(
    root: Path, path: str, reason: str
) -> None:
    """FAIL with the reason; the rest of the file is dropped, and the next request is answered."""
    answer = talk(root, send(path, b"x" * 100_000), send("/data/local/tmp/next", b"y"), QUIT)
    assert answer == wire.pack_sync(b"FAIL", f"couldn't create file: {reason}".encode()) + OKAY
    assert not (root / "system/bin/sh").exists()


@pytest.mark.parametrize("path", ["/system/new/deep/f", "/new/f", "/data/data/dev.tiny/new/f"])
def test_a_refused_push_makes_no_folders_on_its_way(root: Path, path: str) -> None:
    """What a shell may not write stays as it was, also where only a folder would have been made."""
    before = sorted(root.rglob("*"))
    assert talk(root, send(path, b"x"), QUIT).startswith(b"FAIL")
    assert sorted(root.rglob("*")) == before


def test_the_folders_of_apps_can_not_be_looked_into(root: Path) -> None:
    """What they are may be known, not what is in them: a shell gets `Permission denied`, or nothing."""
    (root / "data/data/dev.tiny").mkdir()
    (root / "data/data/dev.tiny/secret").write_text("mine")
    (root / "data/local/tmp/l").symlink_to("/data/data/dev.tiny")
    for path in ("/data/data/dev.tiny/secret", "/data/local/tmp/l/secret"):
        assert b"Permission denied" in talk(root, request(b"RECV", path), QUIT)
        assert wire.SYNC_STAT2.unpack(talk(root, request(b"STA2", path), QUIT))[1] == errno.EACCES
    assert wire.SYNC_STAT2.unpack(talk(root, request(b"STA2", "/data/data"), QUIT))[1] == 0
    assert b"dev.tiny" not in talk(root, request(b"LIS2", "/data/data"), QUIT)


def send2(path: str, data: bytes, *, flags: int = 0) -> bytes:
    """What a client of version 2 sends to push a file."""
    setup = wire.SYNC_SEND2.pack(b"SND2", stat.S_IFREG | 0o644, flags)
    return wire.pack_sync(b"SND2", path.encode()) + setup + wire.pack_sync(b"DATA", data) + DONE


def test_version_two_sends_and_receives_without_compression(root: Path) -> None:
    """A file goes in and out again; its path may have a comma, as the mode comes after it."""
    path = "/data/local/tmp/a,b"
    assert talk(root, send2(path, b"12345"), QUIT) == OKAY
    receive = request(b"RCV2", path) + wire.SYNC_RECV2.pack(b"RCV2", 0)
    assert talk(root, receive, QUIT) == wire.pack_sync(b"DATA", b"12345") + wire.pack_sync(b"DONE")


def test_a_dry_run_writes_nothing(root: Path) -> None:
    """The client is answered as if it had been written."""
    assert talk(root, send2("/data/local/tmp/dry", b"12345", flags=wire.SYNC_DRY_RUN), QUIT) == OKAY
    assert list((root / "data/local/tmp").iterdir()) == []


@pytest.mark.parametrize("flags", [1, 2, 4, 1 << 30])
def test_compression_that_was_not_announced_is_refused(root: Path, flags: int) -> None:
    """A client that asks for it all the same is told, and nothing is written."""
    with pytest.raises(WireError, match="compression"):
        talk(root, send2("/data/local/tmp/packed", b"12345", flags=flags))
    assert list((root / "data/local/tmp").iterdir()) == []


def test_sizes_and_times_over_32_bits_are_told_in_full_by_version_two(root: Path) -> None:
    """STAT gives the lower half, STA2 all."""
    size, modified = (5 << 30) + 7, 1 << 33
    with (root / "data/local/tmp/large").open("wb") as stream:
        stream.truncate(size)
    os.utime(root / "data/local/tmp/large", (modified, modified))
    old = wire.SYNC_STAT.unpack(talk(root, request(b"STAT", "/data/local/tmp/large"), QUIT))
    new = wire.SYNC_STAT2.unpack(talk(root, request(b"STA2", "/data/local/tmp/large"), QUIT))
    assert old[2:] == (size & 0xFFFFFFFF, modified & 0xFFFFFFFF)
    assert (new[8], new[10]) == (size, modified)


def test_a_push_that_breaks_off_leaves_no_file(root: Path) -> None:
    """A client that goes away in the middle doesn't leave half a file that looks whole."""
    talk(root, send("/data/local/tmp/half", b"x" * 100_000)[:-20])
    assert list((root / "data/local/tmp").iterdir()) == []


def test_links_are_followed_inside_the_device_only(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link to an absolute path, or with many `..`, names what is there on the device, never the host's file."""
    secret = tmp_path_factory.mktemp("host") / "secret"
    secret.write_text("of the host")
    (root / "data/local/tmp/absolute").symlink_to(secret)
    (root / "data/local/tmp/up").symlink_to(f"{'../' * 20}{str(secret).lstrip('/')}")
    (root / "data/local/tmp/folder").symlink_to("/")

    for name in ("absolute", "up"):
        answer = talk(root, request(b"RECV", f"/data/local/tmp/{name}"), QUIT)
        assert answer == wire.pack_sync(b"FAIL", b"open failed: No such file or directory")
    assert talk(root, send("/data/local/tmp/absolute", b"mine"), QUIT) == OKAY
    assert talk(root, send("/data/local/tmp/folder/data/local/tmp/in", b"in"), QUIT) == OKAY
    assert secret.read_text() == "of the host"
    assert (root / "data/local/tmp/in").read_text() == "in"


def test_stat_tells_links_and_what_they_name_apart(root: Path) -> None:
    """STAT and LST2 see the link, STA2 what it names; a missing path is zeros, or its errno."""
    file = root / "storage/emulated/0/f"
    file.write_bytes(b"12345")
    (root / "data/local/tmp/l").symlink_to("/sdcard/f")

    old = wire.SYNC_STAT.unpack(talk(root, request(b"STAT", "/data/local/tmp/l"), QUIT))
    followed = wire.SYNC_STAT2.unpack(talk(root, request(b"STA2", "/data/local/tmp/l"), QUIT))
    link = wire.SYNC_STAT2.unpack(talk(root, request(b"LST2", "/data/local/tmp/l"), QUIT))
    missing = wire.SYNC_STAT2.unpack(talk(root, request(b"STA2", "/nothing"), QUIT))

    assert stat.S_ISLNK(old[1])
    assert (stat.S_ISREG(followed[4]), followed[8]) == (True, 5)
    assert stat.S_ISLNK(link[4])
    assert (missing[1], set(missing[2:])) == (2, {0})
    assert set(wire.SYNC_STAT.unpack(talk(root, request(b"STAT", "/nothing"), QUIT))[1:]) == {0}


@pytest.mark.parametrize(("kind", "record"), [(b"LIST", wire.SYNC_DENT), (b"LIS2", wire.SYNC_DENT2)])
def test_a_folder_is_listed_entry_by_entry(root: Path, kind: bytes, record: struct.Struct) -> None:
    """One record a name, `.` and `..` with them, then DONE as long as a record."""
    for name in ("one", "zwei-ä"):
        (root / "data/local/tmp" / name).touch()
    answer, names = talk(root, request(kind, "/data/local/tmp"), QUIT), set()
    while answer[:4] != b"DONE":
        length = record.unpack_from(answer)[-1]
        names.add(answer[record.size : record.size + length].decode())
        answer = answer[record.size + length :]
    assert names == {".", "..", "one", "zwei-ä"}
    assert len(answer) == record.size


@pytest.mark.parametrize(
    "data",
    [
        wire.SYNC_HEADER.pack(b"RECV", 1 << 20),
        request(b"WHAT", "/"),
        request(b"SEND", "/data/local/tmp/no-mode"),
        request(b"SEND", "/data/local/tmp/f,420") + wire.SYNC_HEADER.pack(b"DATA", 1 << 20),
        request(b"SEND", "/data/local/tmp/f,420") + wire.SYNC_HEADER.pack(b"LIST", 1),
    ],
)
def test_what_the_protocol_does_not_allow_ends_the_service(root: Path, data: bytes) -> None:
    """Over-long paths and blocks, unknown requests and records out of turn are refused."""
    with pytest.raises(WireError):
        talk(root, data, bytes(100))
