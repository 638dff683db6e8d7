"""The drawings that the corpus is made of: one operator on an input, with its constants, and a few of two operators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.models.sketch import Shape, Sketch

Drawing = Callable[[Sketch], object]
"""Draws one model."""


def alone(operator: str, *shape: int, **options: float) -> Drawing:
    """The operator of one operand on an input of this shape."""
    return lambda sketch: sketch.node(operator, [sketch.input(*shape)], shape, **options)


def computed(operator: str, first: Shape, second: Shape, **options: float) -> Drawing:
    """The operator of two inputs."""
    return lambda sketch: sketch.pair(operator, sketch.input(*first), sketch.input(*second), **options)


def constant(operator: str, first: Shape, second: Shape, *, swapped: bool = False) -> Drawing:
    """The operator of an input and a constant; with `swapped`, the constant is the first operand."""

    def draw(sketch: Sketch) -> str:
        operands = sketch.input(*first), sketch.weights(*second)
        return sketch.pair(operator, *(reversed(operands) if swapped else operands))

    return draw


def padded(operator: str, shape: Shape, *paddings: tuple[int, int], fill: float | None = None) -> Drawing:
    """PAD, PADV2 or MIRROR_PAD of an input."""

    def draw(sketch: Sketch) -> str:
        sides = tuple(side + before + after for side, (before, after) in zip(shape, paddings, strict=True))
        operands = [sketch.input(*shape), sketch.indices(paddings)]
        if fill is not None:
            operands.append(sketch.value(fill))
        return sketch.node(operator, operands, sides)

    return draw


def joined(axis: int, *shapes: Shape) -> Drawing:
    """CONCATENATION of inputs."""

    def draw(sketch: Sketch) -> str:
        sides = list(shapes[0])
        sides[axis] = sum(shape[axis] for shape in shapes)
        return sketch.node("CONCATENATION", [sketch.input(*shape) for shape in shapes], tuple(sides), axis=axis)

    return draw


def reduced(operator: str, shape: Shape, *axes: int, keep: bool = False) -> Drawing:
    """A reduction of an input over these axes."""

    def draw(sketch: Sketch) -> str:
        sides = tuple(
            1 if place in axes else side for place, side in enumerate(shape) if keep or place not in axes
        )  # fmt: skip
        return sketch.node(operator, [sketch.input(*shape), sketch.indices(axes)], sides, keep_dims=keep)

    return draw


def transposed(shape: Shape, *order: int) -> Drawing:
    """TRANSPOSE of an input."""

    def draw(sketch: Sketch) -> str:
        return sketch.node(
            "TRANSPOSE", [sketch.input(*shape), sketch.indices(order)], tuple(shape[place] for place in order)
        )

    return draw


def sliced(shape: Shape, begin: Shape, size: Shape) -> Drawing:
    """SLICE of an input."""
    return lambda sketch: sketch.node("SLICE", [sketch.input(*shape), *map(sketch.indices, (begin, size))], size)


def strided(shape: Shape, begin: Shape, end: Shape, step: Shape) -> Drawing:
    """STRIDED_SLICE of an input."""
    sides = tuple(-(-(stop - start) // stride) for start, stop, stride in zip(begin, end, step, strict=True))
    return lambda sketch: sketch.node(
        "STRIDED_SLICE", [sketch.input(*shape), *map(sketch.indices, (begin, end, step))], sides
    )


def convolved(
    operator: str, shape: Shape, kernel: Shape, channels: int, *, stride: int = 1, **options: float
) -> Drawing:
    """CONV_2D or DEPTHWISE_CONV_2D of an input with constant weights of shape `kernel`, padding SAME."""

    def draw(sketch: Sketch) -> str:
        sides = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride), channels)
        operands = [sketch.input(*shape), sketch.weights(*kernel), sketch.weights(channels)]
        return sketch.node(operator, operands, sides, stride_w=stride, stride_h=stride, **options)

    return draw


def pooled(operator: str, shape: Shape, side: int, stride: int) -> Drawing:
    """A pooling of an input, padding SAME."""
    sides = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride), shape[3])
    return lambda sketch: sketch.node(
        operator, [sketch.input(*shape)], sides, stride_w=stride, stride_h=stride, filter_w=side, filter_h=side
    )


def resized(operator: str, shape: Shape, height: int, width: int, **options: float) -> Drawing:
    """A resizing of an input."""
    sides = (shape[0], height, width, shape[3])
    return lambda sketch: sketch.node(
        operator, [sketch.input(*shape), sketch.indices((height, width))], sides, **options
    )


def dense(shape: Shape, units: int, *, keep: bool = False) -> Drawing:
    """FULLY_CONNECTED of an input with constant weights."""

    def draw(sketch: Sketch) -> str:
        rows = int(np.prod(shape[:-1]))
        sides = (*shape[:-1], units) if keep else (rows, units)
        operands = [sketch.input(*shape), sketch.weights(units, shape[-1]), sketch.weights(units)]
        return sketch.node("FULLY_CONNECTED", operands, sides, keep_num_dims=keep)

    return draw


def matmul(first: tuple[int, ...], second: tuple[int, ...], *, fixed: bool = False, **adjoint: float) -> Drawing:
    """BATCH_MATMUL of two inputs, or of an input and a constant; `adj_x` and `adj_y` transpose one."""

    def draw(sketch: Sketch) -> str:
        operands = [sketch.input(*first), (sketch.weights if fixed else sketch.input)(*second)]
        rows = first[-1] if adjoint.get("adj_x") else first[-2]
        columns = second[-2] if adjoint.get("adj_y") else second[-1]
        return sketch.node("BATCH_MATMUL", operands, (*first[:-2], rows, columns), **adjoint)

    return draw


def gathered(shape: tuple[int, ...], axis: int, *indices: int) -> Drawing:
    """GATHER of an input by these indices, or by three that are an input, too."""

    def draw(sketch: Sketch) -> str:
        sides = (*shape[:axis], len(indices) or 3, *shape[axis + 1 :])
        chosen = sketch.indices(indices) if indices else sketch.choices(3)
        return sketch.node("GATHER", [sketch.input(*shape), chosen], sides, axis=axis)

    return draw


def looked_up(sketch: Sketch) -> str:
    """GATHER out of a constant table by indices that are an input."""
    return sketch.node("GATHER", [sketch.weights(5, 6), sketch.choices(3)], (3, 6), axis=0)


def split(shape: tuple[int, ...], axis: int, count: int) -> Drawing:
    """SPLIT of an input."""

    def draw(sketch: Sketch) -> str:
        sides = (*shape[:axis], shape[axis] // count, *shape[axis + 1 :])
        operands = [sketch.indices(axis), sketch.input(*shape)]
        return sketch.node("SPLIT", operands, *[sides] * count, count=count)

    return draw


def stacked(shape: tuple[int, ...], axis: int, count: int) -> Drawing:
    """PACK of inputs."""

    def draw(sketch: Sketch) -> str:
        sides = (*shape[:axis], count, *shape[axis:])
        operands = [sketch.input(*shape) for _ in range(count)]
        return sketch.node("PACK", operands, sides, count=count, axis=axis)

    return draw


def unstacked(shape: tuple[int, ...], axis: int) -> Drawing:
    """UNPACK of an input."""
    sides = (*shape[:axis], *shape[axis + 1 :])
    return lambda sketch: sketch.node(
        "UNPACK", [sketch.input(*shape)], *[sides] * shape[axis], count=shape[axis], axis=axis
    )


def reshaped(shape: tuple[int, ...], *sides: int) -> Drawing:
    """RESHAPE of an input."""
    return lambda sketch: sketch.node("RESHAPE", [sketch.input(*shape), sketch.indices(sides)], sides)


def tiled(shape: tuple[int, ...], *times: int) -> Drawing:
    """TILE of an input."""
    sides = tuple(side * count for side, count in zip(shape, times, strict=True))
    return lambda sketch: sketch.node("TILE", [sketch.input(*shape), sketch.indices(times)], sides)


def summed_up(shape: tuple[int, ...], axis: int) -> Drawing:
    """CUMSUM of an input."""
    return lambda sketch: sketch.node("CUMSUM", [sketch.input(*shape), sketch.indices(axis)], shape)


def prelu(shape: tuple[int, ...], *alpha: int) -> Drawing:
    """PRELU of an input, with constant slopes of shape `alpha`."""
    return lambda sketch: sketch.node("PRELU", [sketch.input(*shape), sketch.weights(*alpha)], shape)


def blocks(operator: str, shape: tuple[int, ...], *sides: int) -> Drawing:
    """DEPTH_TO_SPACE or SPACE_TO_DEPTH of an input, by blocks of two."""
    return lambda sketch: sketch.node(operator, [sketch.input(*shape)], sides, block_size=2)


def deconvolved(sketch: Sketch) -> str:
    """TRANSPOSE_CONV of an input, twice its size."""
    operands = [sketch.indices((1, 8, 8, 3)), sketch.weights(3, 3, 3, 4), sketch.input(1, 4, 4, 4)]
    return sketch.node("TRANSPOSE_CONV", operands, (1, 8, 8, 3), stride_w=2, stride_h=2)


def choice(sketch: Sketch) -> str:
    """GREATER and SELECT_V2: the larger of two inputs."""
    first, second = sketch.input(1, 4, 5, 6), sketch.input(1, 4, 5, 6)
    larger = sketch.node("GREATER", (first, second), (1, 4, 5, 6))
    return sketch.node("SELECT_V2", (larger, first, second), (1, 4, 5, 6))


def truth_as_output(sketch: Sketch) -> str:
    """GREATER, and a CAST that is the output."""
    larger = sketch.node("GREATER", (sketch.input(1, 4, 5, 6), sketch.input(1, 4, 5, 6)), (1, 4, 5, 6))
    return sketch.node("CAST", [larger], (1, 4, 5, 6))


def half_weights(sketch: Sketch) -> str:
    """Weights that are unpacked from half floats after another operator, and used by a third."""
    rectified = sketch.node("RELU", [sketch.input(1, 4, 5, 6)], (1, 4, 5, 6))
    return sketch.pair("ADD", rectified, sketch.node("DEQUANTIZE", [sketch.half_weights(6)], (6,)))


def around_the_cpu(sketch: Sketch) -> str:
    """An operator that the delegate lacks, between others."""
    rounded = sketch.node("ROUND", [sketch.node("RELU", [sketch.input(1, 4, 5, 6)], (1, 4, 5, 6))], (1, 4, 5, 6))
    kept = sketch.node("LOGISTIC", [rounded], (1, 4, 5, 6))
    return sketch.node("RELU", [kept], (1, 4, 5, 6))


def beside_the_cpu(sketch: Sketch) -> str:
    """An operator that the delegate lacks, beside others."""
    source = sketch.input(1, 4, 5, 6)
    left = sketch.node("TANH", [sketch.node("RELU", [source], (1, 4, 5, 6))], (1, 4, 5, 6))
    right = sketch.node("ROUND", [source], (1, 4, 5, 6))
    return sketch.pair("ADD", left, right)


def pad_then_relu(sketch: Sketch) -> str:
    """PAD of rank 3, and another operator behind it."""
    wide = sketch.node("PAD", [sketch.input(1, 5, 6), sketch.indices(((0, 0), (1, 2), (0, 0)))], (1, 8, 6))
    return sketch.node("RELU", [wide], (1, 8, 6))
