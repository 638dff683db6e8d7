"""A ZIP file read as Android's libziparchive does, and with less trust: what two readers could see differently is refused.

Source of the layout: PKWARE's APPNOTE, and AOSP system/libziparchive (`zip_archive.cc`) for what Android refuses.
"""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

MAX_ENTRIES: Final = 65_534
MAX_DIRECTORY: Final = 64 << 20
MAX_TOTAL: Final = 4 << 30
STORED, DEFLATED = 0, 8

_END: Final = struct.Struct("<4s4H2IH")
_ENTRY: Final = struct.Struct("<4s6H3I5H2I")
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _DESCRIPTOR = 0x1, 0x8
_BLOCK: Final = 1 << 18


class BadArchive(ValueError):
    """The bytes aren't a ZIP file that Android would read, or not one that every reader reads alike."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive: sizes in bytes, `offset` of its first byte in the archive, `name` a relative path."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int


class Archive:
    """An open archive, its directory and every local header checked. Raises `BadArchive`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        try:
            self.length = os.fstat(self._file.fileno()).st_size
            self.end, self.directory, count = self._find_end()
            """Offsets of the end record and of the central directory."""
            self.entries = self._read_directory(count)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def read(self, entry: Entry, limit: int) -> bytes:
        """A file's bytes, at most `limit` of them."""
        if entry.size > limit:
            raise BadArchive(f"{entry.name} has {entry.size} bytes; {limit} are allowed")
        return b"".join(self.blocks(entry))

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """A file's bytes in pieces, never more than its header says, and checked against its sum at the end."""
        inflate = zlib.decompressobj(-15) if entry.method == DEFLATED else None
        crc = size = 0
        for packed in self._packed(entry):
            pending = packed
            while pending:
                data = pending if inflate is None else _inflate(inflate, pending, entry)
                pending = b"" if inflate is None else inflate.unconsumed_tail
                size += len(data)
                if size > entry.size:
                    raise BadArchive(f"{entry.name} unpacks to more than its {entry.size} bytes")
                crc = zlib.crc32(data, crc)
                yield data
                if inflate is not None and inflate.eof:
                    break
        if size != entry.size or crc != entry.crc:
            raise BadArchive(f"{entry.name} doesn't unpack to what its header says")

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Bytes of the file itself; fewer at its end."""
        self._file.seek(offset)
        return self._file.read(length)

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """Write a file's bytes to `target`."""
        for data in self.blocks(entry):
            target.write(data)

    def _packed(self, entry: Entry) -> Iterator[bytes]:
        place, left = entry.offset, entry.packed
        while left:
            data = self.bytes_at(place, min(left, _BLOCK))
            if not data:
                raise BadArchive(f"{entry.name} is cut off")
            place, left = place + len(data), left - len(data)
            yield data

    def _find_end(self) -> tuple[int, int, int]:
        start = max(0, self.length - _END.size - 0xFFFF)
        tail = self.bytes_at(start, self.length - start)
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or place + _END.size > len(tail):
            raise BadArchive("no end of central directory")
        _, disk, first, here, count, size, offset, comment = _END.unpack_from(tail, place)
        if disk or first or here != count:
            raise BadArchive("an archive of several disks")
        if count > MAX_ENTRIES or offset == 0xFFFFFFFF or tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):
            raise BadArchive("ZIP64, or too many entries")
        end = start + place
        if size > MAX_DIRECTORY or offset + size != end or end + _END.size + comment != self.length:
            raise BadArchive("the central directory isn't where its end says")
        return end, offset, count

    def _read_directory(self, count: int) -> dict[str, Entry]:
        data = self.bytes_at(self.directory, self.end - self.directory)
        entries: dict[str, Entry] = {}
        spans: list[tuple[int, int]] = []
        place = total = 0
        for _ in range(count):
            if place + _ENTRY.size > len(data):
                raise BadArchive("the central directory is cut")
            fields = _ENTRY.unpack_from(data, place)
            signature, _, _, flags, method, _, _, crc, packed, size, name, extra, comment = fields[:13]
            local = fields[16]
            if signature != b"PK\x01\x02":
                raise BadArchive("the central directory is damaged")
            raw = data[place + _ENTRY.size : place + _ENTRY.size + name]
            place += _ENTRY.size + name + extra + comment
            entry = self._check(raw, flags, method, crc, packed, size, local)
            if entry.name in entries:
                raise BadArchive(f"two entries {entry.name!r}")
            entries[entry.name] = entry
            spans.append((local, entry.offset + packed))
            total += size
        if place != len(data):
            raise BadArchive("the central directory has bytes that belong to no entry")
        if total > MAX_TOTAL:
            raise BadArchive(f"{total} bytes when unpacked; {MAX_TOTAL} are allowed")
        spans.sort()
        if any(end > start for (_, end), (start, _) in itertools.pairwise(spans)):
            raise BadArchive("two entries share bytes")
        return entries

    def _check(self, raw: bytes, flags: int, method: int, crc: int, packed: int, size: int, local: int) -> Entry:
        """The entry, after its local header has told the same."""
        name = _checked_name(raw)
        if flags & _ENCRYPTED or method not in (STORED, DEFLATED):
            raise BadArchive(f"entry {name!r} is encrypted, or compressed as Android can't read it")
        if method == STORED and packed != size:
            raise BadArchive(f"entry {name!r} is stored with two sizes")
        header = self.bytes_at(local, _LOCAL.size + len(raw))
        if len(header) < _LOCAL.size + len(raw) or not header.startswith(b"PK\x03\x04"):
            raise BadArchive(f"entry {name!r} has no local header")
        _, _, local_flags, local_method, _, _, *sums, length, extra = _LOCAL.unpack_from(header)
        if length != len(raw) or header[_LOCAL.size :] != raw or local_method != method:
            raise BadArchive(f"entry {name!r} has another name or method in its local header")
        if not local_flags & _DESCRIPTOR and sums != [crc, packed, size]:
            raise BadArchive(f"entry {name!r} has other sizes or sums in its local header")
        offset = local + _LOCAL.size + length + extra
        if offset + packed > self.directory:
            raise BadArchive(f"entry {name!r} reaches into the central directory")
        return Entry(name, method, crc, packed, size, offset)


def _checked_name(raw: bytes) -> str:
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise BadArchive(f"entry {raw!r} isn't named in UTF-8") from None
    if not name or "\0" in name or "\\" in name or name.startswith("/") or ".." in name.split("/"):
        raise BadArchive(f"entry {name!r} has a path that leads out")
    return name


def _inflate(inflate: zlib._Decompress, packed: bytes, entry: Entry) -> bytes:
    try:
        return inflate.decompress(packed, _BLOCK)
    except zlib.error as error:
        raise BadArchive(f"{entry.name} is damaged: {error}") from None
