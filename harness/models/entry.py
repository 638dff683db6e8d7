"""What every file of the catalogue is made of: strict entries, and the places that a file may come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from harness.errors import UsageError
from harness.fetch.pin import MAX_BYTES, PackageFile, Registry, UrlFile
from harness.fetch.store import sha256_of, wrong_hash

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Line = Annotated[str, Field(min_length=1, max_length=500)]


class Entry(BaseModel):
    """A part of a file in the catalogue: unknown keys are errors, values don't change."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Pin(Entry):
    """A file of a package, as a card names it; `member` may be `archive.zip!file`, for an archive in the package."""

    registry: Registry = Registry.PYPI
    package: Line
    version: Line
    distribution: Line
    sha256: Sha256
    member: Line
    member_sha256: Sha256 | None = None

    @property
    def file(self) -> PackageFile:
        """What `harness.fetch.package.fetch` takes."""
        return PackageFile(**self.model_dump())


class LocalPin(Entry):
    """A file beside the card."""

    path: Line
    sha256: Sha256


class UrlPin(Entry):
    """A file that a server has; `max_bytes` ends a download that would never end."""

    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)]
    sha256: Sha256
    max_bytes: Annotated[int, Field(gt=0)] = MAX_BYTES


def _which(value: Any) -> str:
    keys = value if isinstance(value, dict) else vars(value) if isinstance(value, BaseModel) else {}
    return next((f"by {key}" for key in ("url", "path") if key in keys), "by package")


# The tags aren't keys of the file: an error's place is found by leaving them out.
Origin = Annotated[
    Annotated[Pin, Tag("by package")] | Annotated[LocalPin, Tag("by path")] | Annotated[UrlPin, Tag("by url")],
    Discriminator(_which),
]


def inside(folder: Path, name: str, where: str) -> Path:
    """The file or folder of this name, which has to lie in `folder`; `where` says who names it.

    Raises:
        UsageError: `card.path` when it leads elsewhere or isn't there.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UsageError("card.path", f"{where}: {name} leads out of the card's folder")
    if not path.exists():
        raise UsageError("card.path", f"{where}: {path} isn't there", hint="correct the file's name")
    return path


def locate(origin: Origin, folder: Path, where: str, say: Callable[[str], None]) -> Path:
    """The file itself, fetched if it has to be, its hash checked.

    Raises:
        UsageError: `card.path` for a local one that isn't there.
        HostError: `fetch.hash_mismatch`; or as `harness.fetch.package.fetch` and `harness.fetch.url.fetch_url`.
    """
    if isinstance(origin, Pin):
        from harness.fetch.package import fetch

        return fetch(origin.file, say=say)
    if isinstance(origin, UrlPin):
        from harness.fetch.url import fetch_url

        return fetch_url(UrlFile(origin.url, origin.sha256, origin.max_bytes), say=say)
    path = inside(folder, origin.path, where)
    actual = sha256_of(path)
    if actual != origin.sha256:
        raise wrong_hash(str(path), origin.sha256, actual)
    return path


def silence(_message: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Place:
    """Where a file of the catalogue stands: what it names is looked for from there, and `say` hears of every wait."""

    folder: Path
    where: str
    say: Callable[[str], None] = silence

    def local(self, name: str) -> Path:
        """The file of this name beside the card. Raises UsageError `card.path`."""
        path = inside(self.folder, name, self.where)
        if not path.is_file():
            raise UsageError("card.path", f"{self.where}: {path} is no file", hint="correct the file's name")
        return path

    def locate(self, origin: Origin) -> Path:
        """The file itself, as `locate`."""
        return locate(origin, self.folder, self.where, self.say)
