"""Weights out of a PyTorch checkpoint, without PyTorch and without running what a pickle may ask to run.

Reads both layouts of a `state_dict`: the zip of PyTorch 1.6 and later, and the older sequence of pickles and raw storages.
"""

from __future__ import annotations

import collections
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError

Weights = Mapping[str, NDArray[Any]]

# The two numbers that open the older layout: torch.serialization's MAGIC_NUMBER and PROTOCOL_VERSION.
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_weights(path: Path) -> Weights:
    """The tensors of a `state_dict`, by name, as arrays of their own in the checkpoint's shapes and types.

    Raises:
        ModelError: `weights.refused` when the pickle asks for anything but tensors; `weights.unreadable`.
    """
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        with path.open("rb") as stream:
            return _read_sequence(stream, path)
    except ModelError:
        raise
    except (
        *(OSError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile, struct.error, UnicodeDecodeError),
        *(KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, RecursionError),
    ) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from error


def _read_zip(path: Path) -> Weights:
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise _unreadable(path, f"it has {len(pickles)} files data.pkl")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
            raise _unreadable(path, "its numbers are big-endian")
        with archive.open(pickles[0]) as stream:
            state = _Unpickler(stream, path).load()
        return _tensors(state, lambda storage: archive.read(f"{root}data/{storage.key}"), path)


def _read_sequence(stream: IO[bytes], path: Path) -> Weights:
    def load() -> Any:
        return _Unpickler(stream, path).load()

    if load() != _MAGIC or load() != _PROTOCOL:
        raise _unreadable(path, "it doesn't start as a PyTorch checkpoint does")
    if load().get("little_endian") is not True:
        raise _unreadable(path, "its numbers are big-endian")
    state = load()
    used = {value.storage.key: value.storage for value in state.values() if isinstance(value, _Tensor)}
    stored: dict[str, bytes] = {}
    for key in load():
        count = struct.unpack("<q", stream.read(8))[0]
        storage = used[key]
        if count != storage.count:
            raise _unreadable(path, f"storage {key} has {count} numbers and should have {storage.count}")
        stored[key] = stream.read(count * np.dtype(storage.dtype).itemsize)
    return _tensors(state, lambda storage: stored[storage.key], path)


def _tensors(state: Any, bytes_of: Callable[[_Storage], bytes], path: Path) -> Weights:
    if not isinstance(state, dict):
        raise _unreadable(path, f"it holds a {type(state).__name__} and not a state_dict")
    found: dict[str, NDArray[Any]] = {}
    for name, value in state.items():
        if not isinstance(value, _Tensor):
            raise _unreadable(path, f"'{name}' is no tensor")
        numbers = np.frombuffer(bytes_of(value.storage), value.storage.dtype)
        steps = [(side - 1) * stride for side, stride in zip(value.shape, value.strides, strict=True)]
        if value.offset < 0 or any(side < 0 for side in value.shape) or any(stride < 0 for stride in value.strides):
            raise _unreadable(path, f"'{name}' has a negative size")
        if 0 in value.shape:
            found[str(name)] = np.zeros(value.shape, value.storage.dtype)
            continue
        if value.offset + sum(steps) >= len(numbers):
            raise _unreadable(path, f"'{name}' reaches beyond its storage of {len(numbers)} numbers")
        strides = [stride * numbers.itemsize for stride in value.strides]
        found[str(name)] = np.lib.stride_tricks.as_strided(numbers[value.offset :], value.shape, strides).copy()
    return found


class _Unpickler(pickle.Unpickler):
    """Knows the six names that a state_dict of plain tensors needs, and refuses every other."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        super().__init__(stream)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _STORAGES:
            return name
        raise ModelError(
            "weights.refused",
            f"{self._path} asks for {module}.{name}",
            why="a checkpoint of tensors needs no such thing, and reading it would run code",
            hint="save the model's state_dict alone: torch.save(model.state_dict(), path)",
        )

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, count = pid[:5]
        return _Storage(str(key), _STORAGES[kind], int(count))


def _rebuild(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(
        "weights.unreadable",
        f"{path} can't be read as a PyTorch checkpoint",
        why=why,
        hint="give the file that torch.save(model.state_dict(), path) wrote",
    )
