"""Cutting a `.tflite`: tensors in its middle become its outputs, and what they don't need is left out."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError, ToolMissing, UsageError
from harness.models.inspect import IDENTIFIER, inspect, read_bytes

_SCHEMA = "lite/python/schema_py_generated.py"
_DATA_ALIGNMENT = 16  # `force_align` of Buffer.data in TensorFlow Lite's schema.fbs
_NO_DATA = 0  # buffer 0 of every model is empty: tensors without data name it


def cut(path: Path, outputs: Sequence[int], target: Path) -> Path:
    """Write a copy of a model to `target` whose outputs are these tensors of its main graph, in this order.

    Inputs stay as they are, in number, order and quantisation. Operators, tensors and constants that the outputs don't
    need are left out, and so are metadata, signatures and associated files; operators without any output (they set
    variables) stay, with all that they need. The operators that stay keep their order.

    Raises:
        ModelError: `model.*`, as `harness.models.inspect.inspect`; `cut.failed` when the file can't be rewritten.
        UsageError: `cut.tensor` for a tensor that no operator of the main graph computes.
    """
    graph = inspect(path).main
    made = {tensor for operation in graph.operations for tensor in operation.outputs}
    for tensor in outputs:
        if tensor < 0 or tensor not in made:
            raise UsageError("cut.tensor", f"{path}: tensor {tensor} isn't computed by an operator of its main graph")
    schema = _schema()
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(read_bytes(path), 0))
        _keep_only(model.subgraphs[0], outputs)
        _drop_unused_buffers(model)
        model.signatureDefs = None
        model.metadata = None
        model.metadataBuffer = None
        builder = _AlignedBuilder(1 << 20)
        builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
        target.write_bytes(builder.Output())
    except (struct.error, TypeError, IndexError, AttributeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ModelError("cut.failed", f"{path} can't be cut at tensors {list(outputs)}", why=why) from error
    return target


class _AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc]
    """A builder that puts vectors of bytes where a kernel may map them, as TensorFlow's own writer does."""

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:  # noqa: N802 (flatbuffers' name)
        if x.dtype == np.uint8:
            self.Prep(_DATA_ALIGNMENT, len(x))
        return int(super().CreateNumpyVector(x))


@cache
def _schema() -> Any:
    """TensorFlow's classes of the schema, by their file: they need flatbuffers only, and the package some 5 s."""
    package = importlib.util.find_spec("tensorflow")
    file = Path(package.origin).parent / _SCHEMA if package and package.origin else None
    spec = importlib.util.spec_from_file_location("tflite_schema", file) if file and file.is_file() else None
    if spec is None or spec.loader is None:
        raise ToolMissing("tensorflow.missing", "TensorFlow's schema of .tflite files isn't installed")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _keep_only(graph: Any, outputs: Sequence[int]) -> None:
    needed = set(outputs)
    operators = []
    for operator in reversed(graph.operators):
        gives = _numbers(operator.outputs)
        if not gives or needed.intersection(gives):
            operators.append(operator)
            needed.update(*(_numbers(numbers) for numbers in _tensors_of(operator)))
    needed.update(_numbers(graph.inputs))
    needed.discard(-1)
    numbers = {old: new for new, old in enumerate(sorted(needed))} | {-1: -1}
    graph.tensors = [graph.tensors[old] for old in sorted(needed)]
    graph.inputs = [numbers[tensor] for tensor in _numbers(graph.inputs)]
    graph.outputs = [numbers[tensor] for tensor in outputs]
    graph.operators = operators[::-1]
    for operator in graph.operators:
        operator.inputs, operator.outputs, operator.intermediates = (
            [numbers[tensor] for tensor in _numbers(part)] for part in _tensors_of(operator)
        )


def _tensors_of(operator: Any) -> tuple[Any, Any, Any]:
    return operator.inputs, operator.outputs, operator.intermediates


def _drop_unused_buffers(model: Any) -> None:
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors or ()} | {_NO_DATA}
    numbers = {old: new for new, old in enumerate(sorted(used))}
    model.buffers = [model.buffers[old] for old in sorted(used)]
    for graph in model.subgraphs:
        for tensor in graph.tensors or ():
            tensor.buffer = numbers[tensor.buffer]


def _numbers(vector: Iterable[int] | None) -> list[int]:
    return [] if vector is None else [int(number) for number in vector]
