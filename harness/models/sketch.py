"""Models of a node or two, drawn by hand: what the corpus of `harness corpus` is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from harness.models.graph_writer import NewModel, NewNode, NewTensor

Shape = tuple[int, ...]
_SEED: Final = 20240516
_VERSIONS: Final = {"FULLY_CONNECTED": 5, "RESIZE_BILINEAR": 3, "RESIZE_NEAREST_NEIGHBOR": 3}
_DTYPES: Final = {"GREATER": "bool"}


class Sketch:
    """A model being drawn: tensors get their names by their order, constants their values from a fixed seed."""

    def __init__(self) -> None:
        self._tensors: list[NewTensor] = []
        self._nodes: list[NewNode] = []
        self._inputs: list[str] = []
        self._numbers = np.random.default_rng(_SEED)

    def input(self, *shape: int) -> str:
        """A float input of the model."""
        name = self._add("in", shape)
        self._inputs.append(name)
        return name

    def weights(self, *shape: int) -> str:
        """A float constant, all its numbers different and none near zero: 0.5 to 2 with either sign."""
        values = self._numbers.uniform(0.5, 2.0, shape) * self._numbers.choice([-1.0, 1.0], shape)
        return self._add("weights", shape, values=values.astype(np.float32))

    def value(self, number: float) -> str:
        """A float scalar."""
        return self._add("value", (), values=np.array(number, np.float32))

    def indices(self, values: Any) -> str:
        """An int32 constant."""
        array = np.array(values, np.int32)
        return self._add("indices", array.shape, "int32", array)

    def shape(self, name: str) -> Shape:
        """The shape of a tensor drawn so far."""
        return next(tensor.shape for tensor in self._tensors if tensor.name == name)

    def node(self, operator: str, inputs: Sequence[str], *outputs: Shape, **options: float) -> str:
        """A node with outputs of these shapes; returns the name of the first of them."""
        dtype = _DTYPES.get(operator, "float32")
        names = tuple(self._add("out", shape, dtype) for shape in outputs)
        self._nodes.append(NewNode(operator, tuple(inputs), names, options, _VERSIONS.get(operator, 1)))
        return names[0]

    def pair(self, operator: str, first: str, second: str, **options: float) -> str:
        """A node of two operands that broadcasts as NumPy does."""
        shape = np.broadcast_shapes(self.shape(first), self.shape(second))
        return self.node(operator, (first, second), shape, **options)

    def model(self, description: str, *outputs: str) -> NewModel:
        """The model; without `outputs`, the last node's are its own."""
        last = outputs or self._nodes[-1].outputs
        return NewModel(description, tuple(self._tensors), tuple(self._nodes), tuple(self._inputs), tuple(last))

    def _add(self, kind: str, shape: Shape, dtype: str = "float32", values: npt.NDArray[Any] | None = None) -> str:
        name = f"{kind}{len(self._tensors)}"
        self._tensors.append(NewTensor(name, shape, dtype, values))
        return name


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
