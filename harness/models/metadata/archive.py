"""The zip archive behind a model: listed always, read by checked name and with a limit, unpacked never."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from harness.errors import ModelError
from harness.models.inspect import archive_entries, read_bytes
from harness.models.metadata.finding import Finding

_MAX_FILE_BYTES = 64 << 20
_MAX_RATIO = 200  # text packs to a tenth, a file of one word repeated to a hundredth
_REPACK = "don't unpack it; describe the model anew with files of your own (`harness describe`)"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
)


def safe_name(name: str) -> bool:
    """Whether a file of this name stays in the folder that it is put into."""
    plain = all(part not in ("", ".", "..") for part in name.split("/"))
    return plain and name.isprintable() and not PurePosixPath(name).is_absolute() and not set(name) & set("\\:")


def associated_file(path: Path, name: str) -> bytes:
    """The content of an associated file, by its checked name.

    Raises:
        ModelError: `metadata.file` when the name is unsafe, absent, there twice, or the file over 64 MiB.
    """
    return _Archive(path).content(name, f"{path}: associated file '{name}'", _MAX_FILE_BYTES)


def readable_files(path: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of those of these files that are there once, under a plain name, and whole; 64 MiB in all."""
    archive, found, left = _Archive(path), dict[str, bytes](), _MAX_FILE_BYTES
    for name in dict.fromkeys(names):
        try:
            found[name] = archive.content(name, name, left)
        except ModelError:
            continue
        left -= len(found[name])
    return found


def archive_findings(path: Path) -> Iterator[Finding]:
    """What makes an archive one that mustn't be unpacked, of each member."""
    entries = archive_entries(read_bytes(path), path)
    times = Counter(entry.filename for entry in entries)
    for name, count in times.items():
        if not safe_name(name):
            yield Finding("archive.name", repr(name), "its name leads out of the folder it is unpacked to", _REPACK)
        if count > 1:
            yield Finding(
                "archive.duplicate",
                f"'{name}'",
                f"it is there {count} times, and readers differ in which they take",
                _REPACK,
            )
    for entry in entries:
        swollen = entry.file_size > _MAX_RATIO * max(entry.compress_size, 1) and entry.file_size > 1 << 20
        if entry.file_size > _MAX_FILE_BYTES or swollen:
            size = f"{entry.file_size:,} bytes packed into {entry.compress_size:,}"
            yield Finding(
                "archive.bomb", f"'{entry.filename}'", f"it has {size}: no label or vocabulary is like that", _REPACK
            )
        elif entry.compress_type != zipfile.ZIP_STORED:
            text = "it is compressed, and the Task Library takes stored files only"
            yield Finding("archive.compressed", f"'{entry.filename}'", text, _REPACK)
        if entry.flag_bits & 1:
            yield Finding(
                "archive.encrypted", f"'{entry.filename}'", "it is encrypted, and no reader has the key", _REPACK
            )


class _Archive:
    """The archive of one model, its list read once."""

    def __init__(self, path: Path) -> None:
        self._data = read_bytes(path)
        self._entries: dict[str, list[zipfile.ZipInfo]] = {}
        for entry in archive_entries(self._data, path):
            self._entries.setdefault(entry.filename, []).append(entry)
        self._archive: zipfile.ZipFile | None = None

    def content(self, name: str, whose: str, limit: int) -> bytes:
        """One file, of at most `limit` bytes. Raises ModelError `metadata.file`."""
        found = self._entries.get(name, [])
        if not safe_name(name) or len(found) != 1:
            why = f"it is there {len(found)} times" if safe_name(name) else "its name leads elsewhere"
            raise ModelError("metadata.file", f"{whose} can't be read", why=why)
        if found[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            why = "it is compressed in a way that no reader of models takes"
            raise ModelError("metadata.file", f"{whose} can't be read", why=why)
        try:
            self._archive = self._archive or zipfile.ZipFile(io.BytesIO(self._data))
            with self._archive.open(found[0]) as stream:
                content = stream.read(limit + 1)
        except _DAMAGE as error:
            raise ModelError("metadata.file", f"{whose} can't be read", why=str(error)) from error
        if len(content) > limit:
            raise ModelError("metadata.file", f"{whose} is over {limit:,} bytes")
        return content
