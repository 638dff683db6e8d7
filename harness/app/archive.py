"""Writing an APK's zip: same bytes each time, and what is mapped into memory lies on a page boundary."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from harness.errors import BuildError

# Native libraries on 16 KiB, the largest page of Android devices; models on 4 KiB, as they are mapped by offset.
PAGE: Final = {".so": 16384, ".tflite": 4096}
WORD: Final = 4
# What gains nothing from another compression, or must lie in the file as it is.
_STORED: Final = (".so", ".tflite", ".arsc", ".png", ".jpg", ".jpeg", ".webp")
# The moment that Android's own build tools give every entry: 1981-01-01 01:01:02, in MS-DOS form.
_TIME: Final = 1 << 11 | 1 << 5 | 2 >> 1
_DATE: Final = (1981 - 1980) << 9 | 1 << 5 | 1
# The extra field by which zipalign's successors mark their padding; apksigner keeps the alignment that it names.
_ALIGNMENT_ID: Final = 0xD935
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LIMIT: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive: its name there, and its bytes or the file that has them."""

    name: str
    content: bytes | Path

    def read(self) -> bytes:
        """The bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry's data lies: `offset` and `size` in bytes, `alignment` what it has to be a multiple of."""

    name: str
    stored: bool
    offset: int
    size: int
    alignment: int

    @property
    def aligned(self) -> bool:
        """Whether it lies where it must; compressed and empty entries may lie anywhere."""
        return not self.stored or self.size == 0 or self.offset % self.alignment == 0


def alignment_of(name: str) -> int:
    """What the offset of a stored entry's data has to be a multiple of."""
    return next((page for suffix, page in PAGE.items() if name.endswith(suffix)), WORD)


def write_archive(entries: Iterable[Entry], target: Path) -> None:
    """Write the entries in their order. Raises `BuildError` (`build.archive`) for a name that is there twice or 4 GiB."""
    central = bytearray()
    names: set[str] = set()
    with target.open("wb") as out:
        for entry in entries:
            if entry.name in names:
                raise BuildError("build.archive", f"{entry.name} would be in the APK twice")
            names.add(entry.name)
            central += _write_entry(out, entry)
        start = out.tell()
        if start + len(central) > _LIMIT or len(names) > 0xFFFF:
            raise BuildError("build.archive", f"{target.name} would be larger than an APK can be (4 GiB)")
        out.write(central)
        out.write(_END.pack(b"PK\5\6", 0, 0, len(names), len(names), len(central), start, 0))


def placements(apk: Path) -> tuple[Placement, ...]:
    """Where each entry's data lies, by the local headers. Raises `zipfile.BadZipFile` for what isn't a zip."""
    found = []
    with zipfile.ZipFile(apk) as archive, apk.open("rb") as stream:
        for info in archive.infolist():
            stream.seek(info.header_offset + 26)
            name_size, extra_size = struct.unpack("<HH", stream.read(4))
            offset = info.header_offset + _LOCAL.size + name_size + extra_size
            stored = info.compress_type == zipfile.ZIP_STORED
            found.append(Placement(info.filename, stored, offset, info.file_size, alignment_of(info.filename)))
    return tuple(found)


def misplaced(apk: Path) -> tuple[Placement, ...]:
    """Entries that Android couldn't map: compressed libraries, models or resource tables, and unaligned data."""
    must_be_stored = (*PAGE, ".arsc")
    return tuple(
        place
        for place in placements(apk)
        if not place.aligned or (not place.stored and place.name.endswith(must_be_stored))
    )


def _write_entry(out: BinaryIO, entry: Entry) -> bytes:
    data = entry.read()
    name = entry.name.encode()
    stored = entry.name.endswith(_STORED)
    body = data if stored else _deflate(data)
    position = out.tell()
    extra = b""
    if stored and data:
        alignment = alignment_of(entry.name)
        padding = -(position + _LOCAL.size + len(name) + 6) % alignment
        extra = struct.pack("<HHH", _ALIGNMENT_ID, 2 + padding, alignment) + bytes(padding)
    version, method = (10, 0) if stored else (20, 8)
    flags = 0 if entry.name.isascii() else 0x800
    common = (version, flags, method, _TIME, _DATE, zlib.crc32(data), len(body), len(data), len(name))
    out.write(_LOCAL.pack(b"PK\3\4", *common, len(extra)))
    out.write(name + extra)
    out.write(body)
    return _CENTRAL.pack(b"PK\1\2", 20, *common, 0, 0, 0, 0, 0, position) + name


def _deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()
