"""Values of an ONNX graph on their way through TensorFlow: NCHW by ONNX' count, N, H, W, C in memory.

A transposition only says anew which axis is which. Numbers move when an operator needs its axes in one order, and not
even then when all axes that change places have one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

CHANNELS_LAST = (0, 2, 3, 1)


class Unsupported(Exception):
    """What an operator asks for has no form here."""


@dataclass(frozen=True)
class Value:
    """A tensor, and which of ONNX' axes each of its own is: (0, 2, 3, 1) for NCHW that lies as NHWC."""

    tensor: Any
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """By ONNX' axes."""
        sides = self.tensor.shape.as_list()
        return tuple(sides[self.order.index(axis)] for axis in range(len(sides)))

    def axis(self, number: int) -> int:
        """Where one of ONNX' axes lies; negative ones count from the end."""
        return self.order.index(number % len(self.order))

    def with_tensor(self, tensor: Any) -> Value:
        """Another tensor of the same axes."""
        return Value(tensor, self.order)

    def transposed(self, permutation: Sequence[int]) -> Value:
        """ONNX' Transpose: no number moves."""
        names = {old: new for new, old in enumerate(permutation)}
        return Value(self.tensor, tuple(names[axis] for axis in self.order))

    def ordered(self, order: Sequence[int]) -> Value:
        """The same value with its axes in this order."""
        import tensorflow as tf

        moves = [self.order.index(axis) for axis in order]
        if moves == sorted(moves):
            return self
        sides = self.tensor.shape.as_list()
        kept = [move for move in moves if sides[move] != 1]
        if kept == sorted(kept):
            return Value(tf.reshape(self.tensor, [sides[move] for move in moves]), tuple(order))
        return Value(tf.transpose(self.tensor, moves), tuple(order))

    def plain(self) -> Value:
        """With its axes as ONNX counts them."""
        return self.ordered(range(len(self.order)))

    def channels_last(self) -> Value:
        """Four axes, as TensorFlow's convolutions want them."""
        if len(self.order) != len(CHANNELS_LAST):
            raise Unsupported(f"its input {self.shape} has {len(self.order)} axes, and 4 are known")
        return self.ordered(CHANNELS_LAST)

    def reshaped(self, shape: Sequence[int]) -> Value:
        """ONNX' Reshape; none at all where only the shape's form changes."""
        import tensorflow as tf

        if tuple(shape) == self.shape:
            return self
        return Value(tf.reshape(self.plain().tensor, list(shape)), tuple(range(len(shape))))


def plain_value(tensor: Any) -> Value:
    """A tensor whose axes are ONNX' own."""
    import tensorflow as tf

    made = tf.convert_to_tensor(tensor)
    return Value(made, tuple(range(len(made.shape))))


def together(operands: Sequence[Value | NDArray[Any]]) -> tuple[list[Any], tuple[int, ...]]:
    """Operands of an elementwise operator as tensors that broadcast, and the order of the axes of what it gives.

    A value of full rank says the order; constants are brought into it now, other values as the model runs.
    """
    rank = max(len(_shape(each)) for each in operands)
    order = common_order([each for each in operands if isinstance(each, Value) and len(each.order) == rank], rank)
    return [_broadcast(each, order) for each in operands], order


def common_order(values: Sequence[Value], rank: int) -> tuple[int, ...]:
    """The first order that isn't ONNX' own: what lies as NHWC stays so."""
    plain = tuple(range(rank))
    return next((value.order for value in values if value.order != plain), plain)


def _broadcast(operand: Value | NDArray[Any], order: tuple[int, ...]) -> Any:
    shape = (1,) * (len(order) - len(_shape(operand))) + tuple(_shape(operand))
    if isinstance(operand, Value):
        return operand.reshaped(shape).ordered(order).tensor
    values = operand.reshape(shape).transpose(order)
    leading = next((place for place, side in enumerate(values.shape) if side != 1), values.ndim)
    return values.reshape(values.shape[leading:])  # TensorFlow Lite fuses a bias of one axis


def _shape(operand: Value | NDArray[Any]) -> tuple[int, ...]:
    return tuple(operand.shape)
