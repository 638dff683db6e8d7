"""Archives that tests make themselves: wheels, tars and Debian packages, written without their tools."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

Members = Iterable[tuple[str, bytes]]


def sha256(path: Path) -> str:
    """Of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def zip_of(members: Members) -> bytes:
    """A zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def tar_of(members: Members, compression: str = "gz", links: Iterable[tuple[str, str]] = ()) -> bytes:
    """A tar archive: compression is 'gz', 'xz', 'bz2' or ''; `links` are symbolic, (name, target)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{compression}") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return packed.getvalue()


def deb_of(members: Members, *, data: str = "data.tar.xz", compression: str = "xz", control: str = "") -> bytes:
    """A Debian package: an `ar` archive of a version, a control archive and the files."""
    parts = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", tar_of([("./control", control.encode())])),
        (data, tar_of(members, compression)),
    ]
    packed = b"!<arch>\n"
    for name, content in parts:
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        packed += header + content + b"\n" * (len(content) % 2)
    return packed
