"""ZIP files that are made to be read in two ways, or to fill the reader's memory."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.pixel.apk import read_apk
from harness.pixel.archive import Archive, BadArchive
from harness.pixel.refusals import InstallRefused
from harness.pixel.resources import ResourceTable
from harness.pixel.signing import verify_apk
from tests.tiny_apk import LABEL, VERSION_NAME, Ref, binary_xml, manifest, pack

LIMIT_S = 5.0


def apk_bytes() -> bytearray:
    """A small APK with a compressed entry."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("AndroidManifest.xml", binary_xml(manifest()), zipfile.ZIP_DEFLATED)
        archive.writestr("classes.dex", b"dex\n035\0" * 50, zipfile.ZIP_DEFLATED)
        archive.writestr("lib/x86_64/liba.so", b"code")
    return bytearray(stream.getvalue())


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refused(path: Path, words: str) -> None:
    with pytest.raises(InstallRefused, match=words) as error:
        read_apk(path)
    assert error.value.code == "INSTALL_PARSE_FAILED_NOT_APK"


def end_record(data: bytes | bytearray) -> int:
    return data.rindex(b"PK\x05\x06")


def test_a_local_header_that_tells_another_story_is_refused(tmp_path: Path) -> None:
    """One reader goes by the directory, another by the headers: they must see the same name, method and sizes."""
    for offset, words in ((30, "another name"), (8, "name or method"), (18, "other sizes"), (14, "other sizes")):
        data = apk_bytes()
        data[offset] ^= 1
        refused(write(tmp_path / "a.apk", data), words)


def by_hand(*entries: tuple[str, bytes, int, int, int]) -> bytes:
    """An archive of entries given by name, bytes as packed, method, size, and where their local headers start."""
    body, directory = b"", b""
    for name, packed, method, size, offset in entries:
        raw = name.encode()
        sums = struct.pack("<III", zlib.crc32(packed) if method == 0 else 0, len(packed), size)
        fixed = struct.pack("<5H", 20, 0, method, 0, 0) + sums
        local = b"PK\x03\x04" + fixed + struct.pack("<2H", len(raw), 0) + raw
        body = body[:offset].ljust(offset, b"\0") + local + packed + body[offset + len(local) + len(packed) :]
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fixed
        directory += struct.pack("<5H2I", len(raw), 0, 0, 0, 0, 0, offset) + raw
    count = len(entries)
    return body + directory + b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count, count, len(directory), len(body), 0)


def test_entries_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """A bomb whose entries unpack one another's bytes: the outer one's content is the inner one, header and all."""
    inner = by_hand(("b", b"content", 0, 7, 0))
    inner = inner[: inner.index(b"PK\x01\x02")]
    outer = ("a", inner, 0, len(inner), 0)
    assert "b" in Archive(write(tmp_path / "fine.apk", by_hand(("b", b"content", 0, 7, 0)))).entries
    refused(write(tmp_path / "a.apk", by_hand(outer, ("b", b"content", 0, 7, 31))), "share bytes")


def test_an_entry_that_unpacks_to_more_than_it_says_is_stopped(tmp_path: Path) -> None:
    """The declared size bounds what is unpacked, so a lie costs nothing; a bomb that tells its size is over a limit."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = bomb.compress(bytes(64 << 20)) + bomb.flush()
    for size in (100, 64 << 20):
        path = write(tmp_path / "bomb.apk", by_hand(("AndroidManifest.xml", packed, 8, size, 0)))
        tracemalloc.start()
        with pytest.raises(InstallRefused):
            read_apk(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20


def test_an_end_record_that_lies_is_refused(tmp_path: Path) -> None:
    """Counts, sizes, offsets and comments that don't fit, and bytes after the end."""
    for field, value in ((8, 7), (12, 5), (16, 1)):
        data = apk_bytes()
        struct.pack_into("<H", data, end_record(data) + field, value)
        refused(write(tmp_path / "a.apk", data), "central directory|several disks")
    refused(write(tmp_path / "a.apk", apk_bytes() + b"trailing"), "central directory")
    data = apk_bytes()
    struct.pack_into("<2H", data, end_record(data) + 8, 0xFFFF, 0xFFFF)
    refused(write(tmp_path / "a.apk", data), "ZIP64")


def test_a_cut_archive_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    """A download that stopped."""
    data = apk_bytes()
    for length in range(0, len(data), 7):
        with pytest.raises(InstallRefused):
            read_apk(write(tmp_path / "a.apk", data[:length]))


def test_damaged_content_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    """The sum of what was unpacked is checked."""
    data = apk_bytes()
    data[data.index(b"code")] ^= 1
    with Archive(write(tmp_path / "a.apk", data)) as archive, pytest.raises(BadArchive, match="doesn't unpack"):
        archive.read(archive.entries["lib/x86_64/liba.so"], 100)


noise = st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=12))


@given(st.lists(noise, min_size=1, max_size=6), st.booleans())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mutated_apk_is_read_or_refused(tmp_path: Path, edits: list[tuple[int, bytes]], inserted: bool) -> None:
    """Bytes changed or put in anywhere: an APK or a refusal, its signature a refusal, nothing else, and soon."""
    data = apk_bytes()
    for where, part in edits:
        place = where % len(data)
        data[place : place if inserted else place + len(part)] = part
    path = write(tmp_path / "a.apk", data)
    start = time.monotonic()
    with contextlib.suppress(InstallRefused):
        read_apk(path)
    with pytest.raises(InstallRefused):
        verify_apk(path, "base.apk", 34)
    assert time.monotonic() - start < LIMIT_S


@given(st.binary(max_size=2000), st.integers(0, 0xFFFFFFFF))
@settings(max_examples=300, deadline=None)
def test_any_bytes_as_a_resource_table_answer_or_do_not(data: bytes, resource: int) -> None:
    """A damaged table has no values; it raises nothing."""
    prefix = struct.pack("<HHI", 2, 12, 12 + len(data)) + b"\1\0\0\0"
    ResourceTable(data)(resource)
    ResourceTable(prefix + data)(resource)


def table(value: bytes = b"", *, kind: int = 3, data: int = 0) -> bytes:
    """A resource table with one value, 0x7f010000."""
    text = value or b"1.2.3"
    pool_data = bytes([len(text), len(text)]) + text + b"\0"
    pool_data += bytes(-len(pool_data) % 4)
    pool = struct.pack("<HHI5I", 1, 28, 32 + len(pool_data), 1, 0, 0x100, 32, 0) + struct.pack("<I", 0) + pool_data
    entry = struct.pack("<HHIHBBI", 8, 0, 0, 8, 0, kind, data)
    configuration = struct.pack("<I", 32) + bytes(28)
    head = struct.pack("<BBHII", 1, 0, 0, 1, 20 + 32 + 4) + configuration
    chunk = struct.pack("<HHI", 0x0201, 20 + 32, 20 + 32 + 4 + len(entry)) + head + struct.pack("<I", 0) + entry
    package = struct.pack("<HHII", 0x0200, 12, 12 + len(chunk), 0x7F) + chunk
    body = pool + package
    return struct.pack("<HHII", 2, 12, 12 + len(body), 1) + body


def test_an_attribute_that_stands_in_the_resource_table_is_found(tmp_path: Path) -> None:
    """A version name by reference; a label isn't needed, and one that leads in a circle ends as none."""
    tree = manifest(root={VERSION_NAME: Ref(0x7F010000)}, application={LABEL: Ref(0x7F020000)}, target_sdk=29)
    apk = read_apk(pack(tmp_path / "a.apk", tree, {"resources.arsc": table()}))
    assert apk.manifest.version_name == "1.2.3"
    circle = table(kind=1, data=0x7F010000)
    assert ResourceTable(circle)(0x7F010000) is None
    assert ResourceTable(table(kind=0x12, data=1))(0x7F010000) is True
    assert ResourceTable(table())(0x7F010001) is None
