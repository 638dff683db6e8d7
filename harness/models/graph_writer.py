"""A writer of small `.tflite` files by hand: exactly these nodes, without a converter that would rewrite them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.models.inspect import IDENTIFIER
from harness.models.operators import OPERATORS, TENSOR_TYPES
from harness.models.options import OPTIONS, OptionField

_SCHEMA = 3
_OLD_CODES = 127  # later operators don't fit the old byte


@dataclass(frozen=True, eq=False)
class NewTensor:
    """A tensor to write; with `values` it is a constant. A scale other than 0 quantises it."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    values: npt.NDArray[Any] | None = None
    scale: float = 0.0
    zero_point: int = 0


@dataclass(frozen=True)
class NewNode:
    """A node to write: tensors by name."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: Mapping[str, float] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True)
class NewModel:
    """A model of one graph to write; `inputs` and `outputs` are names of tensors."""

    description: str
    tensors: tuple[NewTensor, ...]
    nodes: tuple[NewNode, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def to_bytes(model: NewModel) -> bytes:
    """The model as the content of a `.tflite` file; the same model gives the same bytes.

    Raises `KeyError` for an operator, option or tensor that isn't known.
    """
    import flatbuffers  # type: ignore[import-untyped]

    builder = flatbuffers.Builder(1024)
    number = {tensor.name: index for index, tensor in enumerate(model.tensors)}
    codes = list(dict.fromkeys((node.operator, node.version) for node in model.nodes))
    buffers = [_buffer(builder, None)]
    tensors = []
    for tensor in model.tensors:
        place = 0
        if tensor.values is not None:
            place = len(buffers)
            buffers.append(_buffer(builder, np.ascontiguousarray(tensor.values, np.dtype(tensor.dtype)).tobytes()))
        tensors.append(_tensor(builder, tensor, place))
    nodes = [_node(builder, node, codes.index((node.operator, node.version)), number) for node in model.nodes]
    parts = {
        0: _offsets(builder, tensors),
        1: _numbers(builder, [number[name] for name in model.inputs]),
        2: _numbers(builder, [number[name] for name in model.outputs]),
        3: _offsets(builder, nodes),
        4: builder.CreateString("main"),
    }
    subgraph = _table(builder, 5, parts)
    parts = {
        1: _offsets(builder, [_code(builder, *code) for code in codes]),
        2: _offsets(builder, [subgraph]),
        3: builder.CreateString(model.description),
        4: _offsets(builder, buffers),
    }
    builder.Finish(_table(builder, 8, parts, {0: ("I", _SCHEMA)}), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _code(builder: Any, operator: str, version: int) -> int:
    code = OPERATORS.index(operator)
    return _table(builder, 4, {}, {0: ("b", min(code, _OLD_CODES)), 2: ("i", version), 3: ("i", code)})


def _buffer(builder: Any, data: bytes | None) -> int:
    if data is None:
        return _table(builder, 3, {})
    builder.StartVector(1, len(data), 16)  # TensorFlow Lite reads constants in place, 16 bytes aligned
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return _table(builder, 3, {0: builder.EndVector()})


def _tensor(builder: Any, tensor: NewTensor, buffer: int) -> int:
    parts = {0: _numbers(builder, tensor.shape), 3: builder.CreateString(tensor.name)}
    if tensor.scale:
        builder.StartVector(4, 1, 4)
        builder.PrependFloat32(tensor.scale)
        scale = builder.EndVector()
        builder.StartVector(8, 1, 8)
        builder.PrependInt64(tensor.zero_point)
        parts[4] = _table(builder, 7, {2: scale, 3: builder.EndVector()})
    return _table(builder, 9, parts, {1: ("b", TENSOR_TYPES.index(tensor.dtype)), 2: ("I", buffer)})


def _node(builder: Any, node: NewNode, code: int, number: Mapping[str, int]) -> int:
    parts = {
        1: _numbers(builder, [number[name] for name in node.inputs]),
        2: _numbers(builder, [number[name] for name in node.outputs]),
    }
    scalars: dict[int, tuple[str, float]] = {0: ("I", code)}
    if (known := OPTIONS.get(node.operator)) is not None:
        values = {known.fields[name].number: _scalar(known.fields[name], value) for name, value in node.options.items()}
        parts[4] = _table(builder, 8, {}, values)
        scalars[3] = ("B", known.union)
    elif node.options:
        raise KeyError(f"{node.operator} has no options here")
    return _table(builder, 6, parts, scalars)


def _scalar(option: OptionField, value: float) -> tuple[str, float]:
    return option.kind, value


def _numbers(builder: Any, numbers: Sequence[int]) -> int:
    builder.StartVector(4, len(numbers), 4)
    for number in reversed(numbers):
        builder.PrependInt32(number)
    return int(builder.EndVector())


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _table(
    builder: Any, fields: int, offsets: Mapping[int, int], scalars: Mapping[int, tuple[str, float]] | None = None
) -> int:
    """A table of this many fields: offsets to what was written before, and scalars by `struct` letter."""
    builder.StartObject(fields)
    for number, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(number, offset, 0)
    write = {"b": builder.PrependInt8, "B": builder.PrependUint8, "i": builder.PrependInt32, "I": builder.PrependUint32}
    for number, (kind, value) in (scalars or {}).items():
        if kind == "f":
            builder.PrependFloat32(value)
        else:
            write[kind](int(value))
        builder.Slot(number)
    return int(builder.EndObject())
