"""A description written to a copy of a model, read back, and compared."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import HostError, ModelError
from harness.models.embed import embed
from harness.models.inspect import TfliteFile, inspect, read_bytes
from harness.models.metadata.archive import associated_file
from harness.models.metadata.check import check
from harness.models.metadata.pack import pack, parser_version
from harness.models.metadata.read import read_back
from harness.models.metadata.values import Description


def describe(model: Path, description: Description, files: Mapping[str, bytes], target: Path) -> TfliteFile:
    """Write a copy of `model` with this description and these files to `target`; read it back and compare.

    `target` appears whole or not at all; what stood there before stays when this fails.

    Raises:
        ModelError: `metadata.…` naming the field and the tensor that contradict each other, as `check`;
            `metadata.not_kept` when what was read back isn't what was written; `metadata.same_file` when `target` is
            the model itself; or as `inspect`.
        HostError: `file.unwritable` when `target` can't be written.
    """
    before = inspect(model)
    check(description, before, files)
    if target.exists() and target.samefile(model):
        hint = "metadata goes to a copy: name another file"
        raise ModelError("metadata.same_file", f"{target} is the model itself", hint=hint)
    content = embed(read_bytes(model), pack(description), files, model)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            part.chmod(0o644)
            after = _verified(part, before, description, files)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise HostError("file.unwritable", f"{target} can't be written", why=error.strerror or str(error)) from error
    return replace(after, path=target)


def _verified(part: Path, before: TfliteFile, description: Description, files: Mapping[str, bytes]) -> TfliteFile:
    after = inspect(part)
    if (after.subgraphs, after.signatures) != (before.subgraphs, before.signatures):
        raise ModelError("metadata.not_kept", f"{part}: the graph isn't that of {before.path} any more")
    found = read_back(after)
    _compare("", description, found, part)
    if found is None or found.parser_version != parser_version(description):
        raise _not_kept("parser_version", parser_version(description), found and found.parser_version, part)
    for name, content in files.items():
        if associated_file(part, name) != content:
            raise ModelError("metadata.not_kept", f"{part}: {name} reads back otherwise than it was written")
    return after


def _compare(field: str, asked: Any, found: Any, path: Path) -> None:
    if is_dataclass(asked):
        if type(asked) is not type(found):
            raise _not_kept(field or "metadata", asked, found, path)
        for part in fields(asked):
            if part.compare:
                name = f"{field}.{part.name}" if field else part.name
                _compare(name, getattr(asked, part.name), getattr(found, part.name), path)
    elif isinstance(asked, tuple):
        if not isinstance(found, tuple) or len(asked) != len(found):
            raise _not_kept(field, asked, found, path)
        for index, one in enumerate(asked):
            _compare(f"{field}[{index}]", one, found[index], path)
    elif asked != found and (not isinstance(asked, float) or _as_stored(asked) != found):
        raise _not_kept(field, asked, found, path)


def _not_kept(field: str, asked: Any, found: Any, path: Path) -> ModelError:
    what = f"{path}: {field} reads back as {found!r} and was written as {asked!r}"
    return ModelError("metadata.not_kept", what)


def _as_stored(number: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", number))[0])
