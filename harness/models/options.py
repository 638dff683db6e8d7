"""What an operator's node says beyond its tensors' shapes: its options, and which of its tensors are constant.

Only the options that `harness.models.gpu_support` asks for, or that `harness.models.graph_writer` writes, are named here.
Source: the `…Options` tables and the union `BuiltinOptions` of TensorFlow's schema.fbs.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import ModelError
from harness.models.flatbuffer import Table
from harness.models.inspect import Operation, TensorInfo, inspect, open_model, read_bytes

_FEW: Final = 8


@dataclass(frozen=True, slots=True)
class OptionField:
    """A scalar in an options table: its number there, its `struct` letter, and its value when it is left out."""

    number: int
    kind: str
    default: float = 0


@dataclass(frozen=True, slots=True)
class OptionTable:
    """An options table: its number in the union, and the fields that matter, by name."""

    union: int
    fields: Mapping[str, OptionField]


def _table(union: int, **fields: OptionField) -> OptionTable:
    return OptionTable(union, fields)


def _byte(number: int) -> OptionField:
    return OptionField(number, "b")


def _int(number: int, default: int = 0) -> OptionField:
    return OptionField(number, "i", default)


def _float(number: int) -> OptionField:
    return OptionField(number, "f")


_CONV = _table(1, padding=_byte(0), stride_w=_int(1), stride_h=_int(2), activation=_byte(3), dilation_w=_int(4, 1),
               dilation_h=_int(5, 1))  # fmt: skip
_DEPTHWISE = _table(2, padding=_byte(0), stride_w=_int(1), stride_h=_int(2), depth_multiplier=_int(3),
                    activation=_byte(4), dilation_w=_int(5, 1), dilation_h=_int(6, 1))  # fmt: skip
_POOL = _table(5, padding=_byte(0), stride_w=_int(1), stride_h=_int(2), filter_w=_int(3), filter_h=_int(4),
               activation=_byte(5))  # fmt: skip
_REDUCER = _table(27, keep_dims=_byte(0))
_LSTM = _table(14, activation=_byte(0), cell_clip=_float(1), proj_clip=_float(2), kernel=_byte(3))
_SLICE = _table(32, begin_mask=_int(0), end_mask=_int(1), ellipsis_mask=_int(2), new_axis_mask=_int(3),
                shrink_axis_mask=_int(4))  # fmt: skip
OPTIONS: Final[Mapping[str, OptionTable]] = {
    "ADD": _table(11, activation=_byte(0)),
    "AVERAGE_POOL_2D": _POOL,
    "BATCH_MATMUL": _table(101, adj_x=_byte(0), adj_y=_byte(1)),
    "CONCATENATION": _table(10, axis=_int(0), activation=_byte(1)),
    "CONV_2D": _CONV,
    "DEPTHWISE_CONV_2D": _DEPTHWISE,
    "DEPTH_TO_SPACE": _table(94, block_size=_int(0)),
    "DIV": _table(29, activation=_byte(0)),
    "FULLY_CONNECTED": _table(8, activation=_byte(0), weights_format=_byte(1), keep_num_dims=_byte(2)),
    "GATHER": _table(23, axis=_int(0), batch_dims=_int(1)),
    "LEAKY_RELU": _table(75, alpha=_float(0)),
    "LSTM": _LSTM,
    "MAX_POOL_2D": _POOL,
    "MEAN": _REDUCER,
    "MIRROR_PAD": _table(77, mode=_byte(0)),
    "MUL": _table(21, activation=_byte(0)),
    "ONE_HOT": _table(61, axis=_int(0)),
    "PACK": _table(59, count=_int(0), axis=_int(1)),
    "REDUCE_MAX": _REDUCER,
    "REDUCE_MIN": _REDUCER,
    "REDUCE_PROD": _REDUCER,
    "RESIZE_BILINEAR": _table(15, align_corners=_byte(2), half_pixel_centers=_byte(3)),
    "RESIZE_NEAREST_NEIGHBOR": _table(74, align_corners=_byte(0), half_pixel_centers=_byte(1)),
    "SOFTMAX": _table(9, beta=_float(0)),
    "SPACE_TO_DEPTH": _table(19, block_size=_int(0)),
    "SPLIT": _table(35, count=_int(0)),
    "STRIDED_SLICE": _SLICE,
    "SUB": _table(28, activation=_byte(0)),
    "SUM": _REDUCER,
    "TRANSPOSE_CONV": _table(49, padding=_byte(0), stride_w=_int(1), stride_h=_int(2), activation=_byte(3)),
    "UNPACK": _table(64, count=_int(0), axis=_int(1)),
}


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor as a node sees it: its number, what it is, and whether the file holds its values.

    `values` has those of a constant of up to eight int32: axes, paddings, sizes.
    """

    number: int
    tensor: TensorInfo
    constant: bool
    values: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return self.tensor.shape

    @property
    def rank(self) -> int:
        """How many dimensions it has."""
        return len(self.tensor.shape)

    @property
    def dtype(self) -> str:
        """NumPy's name of its type."""
        return self.tensor.dtype


@dataclass(frozen=True, slots=True)
class Node:
    """One operator with its operands; inputs that are left out are not among them.

    `options` is None where the file has none of the table that this operator takes.
    """

    operation: Operation
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    options: Mapping[str, float] | None

    @property
    def name(self) -> str:
        """The operator's name."""
        return self.operation.name

    @property
    def runtime(self) -> tuple[Operand, ...]:
        """The inputs whose values come only as the model runs."""
        return tuple(operand for operand in self.inputs if not operand.constant)

    def option(self, name: str) -> float:
        """An option's value, 0 where there is none."""
        return (self.options or {}).get(name, 0)


@dataclass(frozen=True, slots=True)
class NodeGraph:
    """The graph that an interpreter runs: its nodes in their order, and the numbers of its input and output tensors."""

    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_nodes(path: Path) -> NodeGraph:
    """The nodes of a `.tflite` file's main graph, with options and constness.

    Raises:
        ModelError: as `harness.models.inspect.inspect`.
    """
    graph = inspect(path).main
    root = open_model(read_bytes(path), path)
    buffers = root.tables(4)
    filled = [_is_filled(buffer) for buffer in buffers]
    subgraph = root.tables(2)[0]
    tables = subgraph.tables(0)
    constant = [_constant(tensor, filled, path) for tensor in tables]

    def operand(number: int) -> Operand:
        tensor = graph.tensors[number]
        data = buffers[tables[number].integer(2, "<I")].raw(0) if constant[number] else memoryview(b"")
        whole = tensor.dtype == "int32" and len(data) <= _FEW * 4 and len(data) % 4 == 0
        values = struct.unpack(f"<{len(data) // 4}i", data) if whole else ()
        return Operand(number, tensor, constant[number], values)

    def operands(numbers: tuple[int, ...]) -> tuple[Operand, ...]:
        return tuple(operand(number) for number in numbers if number >= 0)

    nodes = []
    for operation, table in zip(graph.operations, subgraph.tables(3), strict=True):
        inputs, outputs = operands(operation.inputs), operands(operation.outputs)
        nodes.append(Node(operation, inputs, outputs, _options(operation.name, table)))
    return NodeGraph(tuple(nodes), graph.inputs, graph.outputs)


def _is_filled(buffer: Table) -> bool:
    # Values beyond 2 GB stand behind the flatbuffer, by offset (1) and size (2); an offset up to 1 means none.
    return bool(len(buffer.raw(0))) or buffer.integer(1, "<Q") > 1


def _constant(tensor: Table, filled: list[bool], path: Path) -> bool:
    number = tensor.integer(2, "<I")
    if number >= max(len(filled), 1):
        raise ModelError("model.corrupt", f"{path} is damaged", why=f"a tensor names buffer {number} of {len(filled)}")
    return number < len(filled) and filled[number]


def _options(name: str, operator: Table) -> Mapping[str, float] | None:
    known, table = OPTIONS.get(name), operator.table(4)
    if known is None:
        return {}
    if table is None or operator.integer(3, "<B") != known.union:
        return None
    return {key: _value(table, field) for key, field in known.fields.items()}


def _value(table: Table, field: OptionField) -> float:
    if field.kind == "f":
        return table.real(field.number)
    return table.integer(field.number, f"<{field.kind}", int(field.default))
