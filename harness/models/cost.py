"""What a `.tflite` file costs: numbers that it stores, and multiply-adds of one inference, from operators and shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.models.inspect import Operation, Subgraph, TensorInfo, TfliteFile

Shape = tuple[int, ...]
# Operators that multiply and add, but whose shapes don't tell how often: they would make the sum too small in silence.
_UNTOLD = """
    CALL IF WHILE RNN LSTM SVDF UNIDIRECTIONAL_SEQUENCE_RNN UNIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN
    BIDIRECTIONAL_SEQUENCE_LSTM CONV_3D_TRANSPOSE STABLEHLO_CONVOLUTION STABLEHLO_DOT_GENERAL STABLEHLO_COMPOSITE RFFT2D
"""
_UNCOUNTED = frozenset(_UNTOLD.split())


@dataclass(frozen=True)
class Cost:
    """Parameters and multiply-adds of the main graph; `uncounted` names operators whose multiply-adds aren't in it.

    Parameters are constants of floats or with a scale: weights and biases, and not the shapes and axes that operators
    are given as integers. They are those that the file stores: batch normalisation folded into a convolution is gone,
    a convolution without a bias has got one of zeros, and equal constants stand once.
    """

    parameters: int
    multiply_adds: int
    uncounted: tuple[str, ...]


def cost_of(model: TfliteFile) -> Cost:
    """The cost of one inference. A free dimension counts as 1."""
    graph = model.main
    made = {number for operation in graph.operations for number in operation.outputs} | set(graph.inputs)
    constants = [tensor for number, tensor in enumerate(graph.tensors) if number not in made]
    untold = {operation.name for operation in graph.operations if operation.custom or operation.name in _UNCOUNTED}
    return Cost(
        parameters=sum(_size(tensor.shape) for tensor in constants if _is_parameter(tensor)),
        multiply_adds=sum(multiply_adds(operation, graph) for operation in graph.operations),
        uncounted=tuple(sorted(untold)),
    )


def multiply_adds(operation: Operation, graph: Subgraph) -> int:
    """Multiply-adds of one operation; 0 for what doesn't multiply and add, as additions and activations don't.

    A window that reaches over the border is counted whole, as the usual counts do. Layouts are those of TensorFlow
    Lite's kernels: CONV_2D's filter is (out, height, width, in / groups), DEPTHWISE_CONV_2D's (1, height, width, out),
    TRANSPOSE_CONV's (out, height, width, in), FULLY_CONNECTED's (out, in), CONV_3D's (depth, height, width, in, out).
    Formulas: Sze et al., "Efficient Processing of Deep Neural Networks", 2017, section III-B and table I; for
    convolutions by depth, Howard et al., "MobileNets", 2017, equations 2 and 3.
    """
    formula = _FORMULAS.get(operation.name)
    if formula is None or operation.custom:
        return 0
    inputs = [graph.tensors[number].shape if number >= 0 else () for number in operation.inputs]
    output = graph.tensors[operation.outputs[0]].shape if operation.outputs else ()
    try:
        return formula(inputs, output)
    except IndexError:  # too few inputs or dimensions: an interpreter would refuse the operation
        return 0


def _convolution(inputs: Sequence[Shape], output: Shape) -> int:
    """Each output sums a window of height × width × channels of its group."""
    _, height, width, channels = inputs[1][:4] if len(inputs[1]) == 4 else (0, 0, 0, 0)
    return _size(output) * height * width * channels


def _depthwise(inputs: Sequence[Shape], output: Shape) -> int:
    """Each output sums a window of height × width of one channel."""
    return _size(output) * inputs[1][1] * inputs[1][2]


def _dense(inputs: Sequence[Shape], output: Shape) -> int:
    """Each output sums all inputs of its row."""
    return _size(output) * inputs[1][1]


def _transposed(inputs: Sequence[Shape], output: Shape) -> int:  # noqa: ARG001
    """Each input is spread over a window of height × width × channels of the output."""
    return _size(inputs[2]) * inputs[1][0] * inputs[1][1] * inputs[1][2]


def _matrices(inputs: Sequence[Shape], output: Shape) -> int:
    """Each output sums what its row and column share: the left matrix' numbers over the output's rows."""
    shared = inputs[0][-1] * inputs[0][-2] // max(output[-2], 1)
    return _size(output) * shared


def _volumes(inputs: Sequence[Shape], output: Shape) -> int:
    """Each output sums a window of depth × height × width × channels."""
    return _size(output) * math.prod(inputs[1][:4])


_FORMULAS: dict[str, Callable[[Sequence[Shape], Shape], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "TRANSPOSE_CONV": _transposed,
    "BATCH_MATMUL": _matrices,
    "CONV_3D": _volumes,
}


def _is_parameter(tensor: TensorInfo) -> bool:
    return tensor.quantised or tensor.dtype in ("float32", "float16", "float64", "bfloat16")


def _size(shape: Shape) -> int:
    return math.prod(max(side, 1) for side in shape)
