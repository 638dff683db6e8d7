"""A model and its metadata as plain data and as lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from enum import IntEnum
from typing import Any

from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.metadata.finding import Finding
from harness.models.metadata.values import (
    AssociatedFile,
    Content,
    Description,
    TensorDescription,
    TensorGroup,
    Unit,
    tokenizer_files,
)

_MAX_TEXT = 4096


def as_json(model: TfliteFile, said: Description | None, found: tuple[Finding, ...]) -> dict[str, Any]:
    """Everything, of types that JSON has; enum members by name, bytes as text where they are, else as hexadecimal."""
    return {
        "path": str(model.path),
        "bytes": model.size,
        "inputs": [asdict(tensor) for tensor in model.main.input_tensors],
        "outputs": [asdict(tensor) for tensor in model.main.output_tensors],
        "operators": model.operator_counts(),
        "signatures": [asdict(signature) for signature in model.signatures],
        "associated_files": list(model.associated_files),
        "metadata": _plain(said),
        "findings": [asdict(one) for one in found],
    }


def as_lines(model: TfliteFile, said: Description | None, found: tuple[Finding, ...]) -> Iterator[str]:
    """The same for a person."""
    counts = f"{len(model.main.operations)} operators, {len(model.main.tensors)} tensors"
    yield f"{model.path}: {model.size:,} bytes, {counts}"
    if said:
        yield f"{said.name} {said.version}".strip()
        yield said.description
        yield "; ".join(part for part in (said.author, said.licence) if part)
    else:
        yield "no metadata"
    for whose, tensors, words in (
        ("input ", model.main.input_tensors, said.inputs if said else ()),
        ("output", model.main.output_tensors, said.outputs if said else ()),
    ):
        for index, tensor in enumerate(tensors):
            yield from _tensor(whose, tensor, words[index] if index < len(words) else None)
    if said:
        yield from _whole(said)
    for name in model.associated_files:
        yield f"file    {name}"
    for name, count in model.operator_counts().items():
        yield f"{count:6d}  {name}"
    for one in found:
        yield f"finding [{one.code}] {one}"
        yield f"        do: {one.remedy}"


def _tensor(whose: str, tensor: TensorInfo, said: TensorDescription | None) -> Iterator[str]:
    yield f"{whose}  {tensor}"
    if said is None:
        return
    yield f"        {said.name}: {said.description}"
    parts = []
    if said.content is not Content.UNKNOWN:
        parts.append(f"content {_content(said)}")
    if said.content_range:
        parts.append(f"dimensions {said.content_range[0]} to {said.content_range[1]}")
    if said.dimension_names:
        parts.append(" × ".join(said.dimension_names))
    if said.mean or said.std:
        parts.append(f"mean {_numbers(said.mean)}, std {_numbers(said.std)}")
    if said.minimum or said.maximum:
        parts.append(f"from {_numbers(said.minimum)} to {_numbers(said.maximum)}")
    parts += [_unit(unit) for unit in said.units]
    parts += [_file(file) for file in said.files]
    if parts:
        yield f"        {'; '.join(parts)}"


def _whole(said: Description) -> Iterator[str]:
    if said.parser_version:
        yield f"needs   a metadata parser of {said.parser_version}"
    for whose, groups in (("input", said.input_groups), ("output", said.output_groups)):
        yield from (f"group   {_group(group)} ({whose}s)" for group in groups)
    for whose, units in (("input", said.input_units), ("output", said.output_units)):
        yield from (f"unit    {_unit(unit)} (all {whose}s)" for unit in units)
    yield from (f"about   {_file(file)}" for file in (*said.model_files, *said.graph_files))
    yield from (f"custom  {entry.name}: {len(entry.data):,} bytes" for entry in said.custom)


def _content(said: TensorDescription) -> str:
    if said.content is Content.IMAGE:
        size = f" {said.image.width} × {said.image.height}" if said.image.width else ""
        return f"image ({said.image.colour_space.name.lower()}{size})"
    if said.content is Content.BOUNDING_BOX:
        order = f", index {list(said.box.index)}" if said.box.index else ""
        return f"bounding box ({said.box.kind.name.lower()}, {said.box.coordinates.name.lower()}{order})"
    if said.content is Content.AUDIO:
        return f"audio ({said.audio.sample_rate} Hz, {said.audio.channels} channels)"
    return said.content.name.lower()


def _unit(unit: Unit) -> str:
    words = ", ".join(
        f"{part.name} {value.name.lower() if isinstance(value, IntEnum) else value!r}"
        for part in fields(unit)
        if not isinstance(value := getattr(unit, part.name), tuple)
    )
    files = ", ".join(_file(file) for file in tokenizer_files(unit))
    return " ".join(part for part in (type(unit).__name__, words, files) if part)


def _file(file: AssociatedFile) -> str:
    more = ", ".join(part for part in (file.kind.name.lower(), file.locale, file.version) if part)
    return f"{file.name} ({more})"


def _group(group: TensorGroup) -> str:
    return f"{group.name}: {', '.join(group.tensors)}"


def _numbers(numbers: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{number:.6g}" for number in numbers) + "]"


def _plain(value: Any) -> Any:
    if isinstance(value, TensorDescription):
        kept = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        for name, content in (("image", Content.IMAGE), ("box", Content.BOUNDING_BOX), ("audio", Content.AUDIO)):
            if value.content is not content:
                del kept[name]
        return kept
    if is_dataclass(value):
        kind = {"unit": type(value).__name__} if isinstance(value, Unit) else {}
        return {**kind, **{part.name: _plain(getattr(value, part.name)) for part in fields(value)}}
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _text(data: bytes) -> str:
    try:
        return data[:_MAX_TEXT].decode()
    except UnicodeDecodeError:
        return data[:_MAX_TEXT].hex()
