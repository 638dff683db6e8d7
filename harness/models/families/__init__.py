"""Description files: what a person says of a model, by family. A family is one file here, found by being here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

from harness.errors import UsageError
from harness.models.families.base import Family, Given, Shelf
from harness.models.inspect import TfliteFile, inspect
from harness.models.metadata.values import Description
from harness.models.metadata.write import describe
from harness.strict_yaml import Document, did_you_mean, load

__all__ = ["describe_file", "families", "read_description"]


def families() -> Mapping[str, type[Family]]:
    """Every family by the word that a description file has for it."""
    found: dict[str, type[Family]] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        for value in vars(importlib.import_module(f"{__name__}.{module}")).values():
            if isinstance(value, type) and issubclass(value, Family) and "family" in value.model_fields:
                found[module] = value
    return found


def read_description(path: Path, model: TfliteFile) -> tuple[Description, dict[str, bytes]]:
    """A description file and the files that it names, for this model.

    Raises:
        UsageError: as `harness.strict_yaml.parse`; `describe.family` for an unknown family, `describe.path`,
            `describe.file` and `describe.twice` for a file that can't be taken: each with its place.
        ModelError: `metadata.family`, `metadata.role` for a model that isn't of the family.
    """
    document = load(path)
    family = _family(document)
    shelf = Shelf(document, path.parent)
    description = document.into(family).describe(Given(model, shelf))
    return description, shelf.contents


def describe_file(model: Path, description: Path, target: Path) -> TfliteFile:
    """Write a copy of `model` to `target` with what the file `description` says. Raises as its two steps."""
    said, files = read_description(description, inspect(model))
    return describe(model, said, files, target)


def _family(document: Document) -> type[Family]:
    known = families()
    if not isinstance(document.data, dict):
        raise document.error((), "a description file is a mapping", code="describe.family")
    word = document.data.get("family")
    if word is None:
        raise UsageError("describe.family", f"{document.name}: missing key 'family'", hint=f"one of {', '.join(known)}")
    if not isinstance(word, str) or word not in known:
        message = f"no family '{word}'{did_you_mean(str(word), list(known))}"
        raise document.error(("family",), message, code="describe.family", hint=f"one of {', '.join(known)}")
    return known[word]
