"""Weights out of a `.safetensors` file: eight bytes with the header's length, a JSON header, the numbers.

The layout is that of the safetensors project's README (format section).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.errors import ModelError
from harness.models.torch_weights import Weights

_MAX_HEADER = 100 << 20
_BF16 = "BF16"
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    _BF16: "<u2",  # the upper half of a float32; NumPy has no such type, so it becomes float32
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}


class _Tensor(BaseModel):
    """One tensor of the header; the offsets count from the end of the header."""

    model_config = ConfigDict(strict=True, extra="forbid")

    dtype: str
    shape: list[int]
    data_offsets: Annotated[tuple[int, int], Field(strict=False)]


_OBJECT = TypeAdapter(dict[str, Any])
_TENSORS = TypeAdapter(dict[str, _Tensor])


def read_safetensors(path: Path) -> Weights:
    """The tensors by name, in the file's shapes and types (bfloat16 becomes float32, exactly).

    Raises:
        ModelError: `weights.unreadable` for a file that is cut short, has bytes that no tensor owns or two own, has a
            name twice, or holds a type that NumPy hasn't got.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, str(error)) from error
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(_MAX_HEADER, len(content) - 8):
        raise _unreadable(path, f"its header should have {size:,} bytes, and the file has {len(content):,}")
    entries = _header(content[8 : 8 + size], path)
    data = memoryview(content)[8 + size :]
    place = 0
    for name, entry in sorted(entries.items(), key=lambda each: each[1].data_offsets):
        start, end = entry.data_offsets
        if start != place or not start <= end <= len(data):
            why = f"'{name}' lies at {start:,} to {end:,} of {len(data):,} bytes, and {place:,} are taken"
            raise _unreadable(path, why)
        place = end
    if place != len(data):
        raise _unreadable(path, f"{len(data) - place:,} bytes at its end belong to no tensor")
    return {name: _array(name, entry, data, path) for name, entry in entries.items()}


def _header(text: bytes, path: Path) -> dict[str, _Tensor]:
    try:
        entries = _OBJECT.validate_python(json.loads(text, object_pairs_hook=_once))
        entries.pop("__metadata__", None)
        return _TENSORS.validate_python(entries)
    except ValidationError as error:
        first = error.errors()[0]
        place = ", ".join(map(repr, first["loc"])) or "its header"
        raise _unreadable(path, f"{place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"its header: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _array(name: str, entry: _Tensor, data: memoryview, path: Path) -> NDArray[Any]:
    if entry.dtype not in _DTYPES:
        raise _unreadable(path, f"'{name}' is of type {entry.dtype}; {', '.join(_DTYPES)} are read")
    dtype = np.dtype(_DTYPES[entry.dtype])
    start, end = entry.data_offsets
    if any(side < 0 for side in entry.shape) or math.prod(entry.shape) * dtype.itemsize != end - start:
        raise _unreadable(path, f"'{name}' {tuple(entry.shape)} of {entry.dtype} doesn't fit {end - start:,} bytes")
    values = np.frombuffer(data[start:end], dtype).reshape(entry.shape)
    if entry.dtype == _BF16:
        return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(
        "weights.unreadable",
        f"{path} can't be read as safetensors",
        why=why,
        hint="give the file that safetensors' save_file wrote; if it came by a download, it may be cut short",
    )
