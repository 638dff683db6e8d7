"""One file out of an archive, without unpacking the rest: zip and wheel, tar however compressed, Debian package."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

from harness.errors import HostError

INNER = "!"
MAX_DEPTH = 3
MAX_MEMBER_BYTES = 1 << 30
_BLOCK = 1 << 20
_ZIP_MAGIC = b"PK"
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError, ValueError),  # zipfile: encrypted, or compressed in a way that it doesn't know
)


def member_path(member: str) -> tuple[str, ...]:
    """The names in `outer.zip!inner.bin`, outermost first, each checked to be a plain one.

    Raises:
        HostError: `fetch.unsafe_member` for `..`, an absolute name, a backslash, or archives nested too deep.
    """
    names = tuple(member.split(INNER))
    for name in names:
        plain = all(part not in ("", ".", "..") for part in name.split("/"))
        if not plain or any(char in name for char in "\\\0:"):
            raise HostError(
                "fetch.unsafe_member",
                f"{name!r} isn't the plain name of a file in a package",
                hint="name the member as the archive lists it: folder/file, without '..' or a leading '/'",
            )
    if len(names) > MAX_DEPTH:
        raise HostError("fetch.unsafe_member", f"{member!r} is {len(names)} archives deep, and {MAX_DEPTH} are read")
    return names


def extract(archive: Path, name: str, member: str, target: Path) -> str:
    """Write a member of the archive, which errors call `name`, to the new file `target`; answers its SHA-256.

    Raises:
        HostError: `fetch.unsafe_member`; `fetch.member` when the archive hasn't got the member, has it twice, has it
            as a link or over a gigabyte, or can't be read.
    """
    *outer, last = member_path(member)
    with tempfile.TemporaryDirectory(prefix=".inner.", dir=target.parent) as scratch:
        for depth, inner in enumerate(outer):
            path = Path(scratch) / str(depth)
            _extract(archive, name, inner, path)
            archive, name = path, f"{inner} of {name}"
        return _extract(archive, name, last, target)


def _extract(archive: Path, name: str, member: str, target: Path) -> str:
    try:
        with archive.open("rb") as stream:
            magic = stream.read(len(_AR_MAGIC))
            if magic == _AR_MAGIC:
                return _from_tar(_data_of_deb(stream), name, member, target)
            stream.seek(0)
            read = _from_zip if magic.startswith(_ZIP_MAGIC) else _from_tar
            return read(stream, name, member, target)
    except _BROKEN as error:
        _refuse(name, member, str(error) or type(error).__name__, error)


def _from_zip(stream: IO[bytes], name: str, member: str, target: Path) -> str:
    with zipfile.ZipFile(stream) as opened:
        entries = [info for info in opened.infolist() if info.filename == member]
        _require_one(name, member, len(entries), opened.namelist())
        with opened.open(entries[0]) as source:
            return _copy(source, name, member, target)


def _from_tar(stream: IO[bytes], name: str, member: str, target: Path) -> str:
    """In one pass, as a compressed archive can't be read backwards."""
    names: list[str] = []
    digests: list[str] = []
    with tarfile.open(fileobj=stream, mode="r|*") as opened:
        for info in opened:
            names.append(info.name.removeprefix("./"))
            if names[-1] != member or digests:
                continue
            source = opened.extractfile(info) if info.isreg() else None
            if source is None:
                link = f", but a link to {info.linkname}" if info.linkname else ""
                _refuse(name, member, f"it is not a regular file{link}")
            digests.append(_copy(source, name, member, target))
    _require_one(name, member, names.count(member), names)
    return digests[0]


def _data_of_deb(stream: IO[bytes]) -> IO[bytes]:
    """The tar of a Debian package's files: the `ar` member `data.tar.*` (deb(5)); `stream` is behind the magic."""
    while len(header := stream.read(_AR_HEADER)) == _AR_HEADER:
        label, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
        if label.startswith("data.tar"):
            if label.endswith(".zst"):
                raise ValueError("its files are compressed by Zstandard, which Python 3.11 can't read")
            return io.BufferedReader(_Part(stream, size))
        stream.seek(size + size % 2, io.SEEK_CUR)
    raise ValueError("it has no data.tar")


class _Part(io.RawIOBase):
    """The next `size` bytes of a stream."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._stream.read(min(len(buffer), self._left))
        buffer[: len(block)] = block
        self._left -= len(block)
        return len(block)


def _copy(source: IO[bytes], name: str, member: str, target: Path) -> str:
    digest = hashlib.sha256()
    left = MAX_MEMBER_BYTES
    with target.open("xb") as sink:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                _refuse(name, member, f"it is over {MAX_MEMBER_BYTES:,} bytes")
            digest.update(block)
            sink.write(block)
    return digest.hexdigest()


def _require_one(name: str, member: str, count: int, names: Sequence[str]) -> None:
    if count > 1:
        _refuse(name, member, f"the archive has it {count} times")
    if count == 0:
        base = PurePosixPath(member).name
        near = [other for other in names if PurePosixPath(other).name == base][:3]
        _refuse(name, member, f"it has {', '.join(near)}" if near else f"none of its {len(names)} files is that")


def _refuse(name: str, member: str, why: str, cause: Exception | None = None) -> NoReturn:
    raise HostError(
        "fetch.member",
        f"{member} can't be taken out of {name}",
        why=why,
        hint="correct the member's name where the file is pinned",
    ) from cause
