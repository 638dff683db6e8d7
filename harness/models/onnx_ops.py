"""ONNX' operators in TensorFlow's: those that go element by element and those that move axes; and the table of all.

The specification is ONNX' `Operators.md`. An operator that isn't in `OPERATORS` isn't known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.onnx_call import Call
from harness.models.onnx_layers import LAYERS, SIX, clipped
from harness.models.onnx_quantised import dequantize, quantize
from harness.models.onnx_value import Unsupported, Value, common_order, together

Operator = Callable[[Call], "Value | NDArray[Any]"]

_UNARY = {
    "Abs": "abs",
    "Ceil": "ceil",
    "Exp": "exp",
    "Floor": "floor",
    "Log": "log",
    "Neg": "negative",
    "Sigmoid": "sigmoid",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}
_BINARY = {"Add": "add", "Div": "divide", "Max": "maximum", "Min": "minimum", "Mul": "multiply", "Sub": "subtract"}
_REDUCTIONS = {
    "ReduceMax": "reduce_max",
    "ReduceMean": "reduce_mean",
    "ReduceMin": "reduce_min",
    "ReduceSum": "reduce_sum",
}


def _unary(name: str, call: Call) -> Value:
    import tensorflow as tf

    value = call.value()
    return value.with_tensor(getattr(tf.math, name)(value.tensor))


def _binary(name: str, call: Call) -> Value:
    import tensorflow as tf

    operands, order = together([call.operand(place) for place in range(len(call.inputs))])
    first, *others = operands
    if name == "divide" and not np.issubdtype(call.value().tensor.dtype.as_numpy_dtype, np.floating):
        raise Unsupported("it divides whole numbers")
    for other in others:
        first = getattr(tf.math, name)(first, other)
    return Value(first, order)


def _power(call: Call) -> Value:
    import tensorflow as tf

    value, exponent = call.value(), call.constant(1)
    if exponent.size == 1 and float(exponent.reshape(())) == 2.0:
        return value.with_tensor(tf.square(value.tensor))
    (base, power), order = together([value, exponent.astype(np.float32)])
    return Value(tf.pow(base, power), order)


def _reciprocal(call: Call) -> Value:
    value = call.value()
    return value.with_tensor(1.0 / value.tensor)


def _relu(call: Call) -> Value:
    return clipped(call.value(), 0.0, math.inf)


def _leaky_relu(call: Call) -> Value:
    import tensorflow as tf

    value = call.value()
    return value.with_tensor(tf.nn.leaky_relu(value.tensor, call.attribute("alpha", 0.01)))


def _hard_sigmoid(call: Call) -> Value:
    value = call.value()
    scaled = value.tensor * call.attribute("alpha", 0.2) + call.attribute("beta", 0.5)
    return clipped(value.with_tensor(scaled), 0.0, 1.0)


def _hard_swish(call: Call) -> Value:
    import tensorflow as tf

    value = call.value()
    return value.with_tensor(value.tensor * tf.nn.relu6(value.tensor + 3.0) * (1 / SIX))


def _clip(call: Call) -> Value:
    low, high = (
        float(call.constant(place).reshape(())) if call.has(place) else float(call.attribute(name, limit))
        for place, name, limit in ((1, "min", -math.inf), (2, "max", math.inf))
    )
    return clipped(call.value(), low, high)


def _cast(call: Call) -> Value:
    import onnx
    import tensorflow as tf

    value = call.value()
    wanted = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(call.attribute("to")))
    return value.with_tensor(tf.cast(value.tensor, tf.float32 if wanted == np.float16 else tf.as_dtype(wanted)))


def _shape(call: Call) -> NDArray[Any]:
    shape = call.value().shape
    return np.asarray(shape[call.attribute("start", 0) : call.attribute("end", len(shape))], np.int64)


def _transpose(call: Call) -> Value:
    value = call.value()
    return value.transposed(call.attribute("perm") or range(len(value.order))[::-1])


def _reshape(call: Call) -> Value:
    value, wanted = call.value(), call.numbers(1, "shape") or []
    if not call.attribute("allowzero", 0):
        wanted = [value.shape[place] if side == 0 else side for place, side in enumerate(wanted)]
    if -1 in wanted:
        known = math.prod(side for side in wanted if side != -1)
        wanted[wanted.index(-1)] = math.prod(value.shape) // max(known, 1)
    return value.reshaped(wanted)


def _flatten(call: Call) -> Value:
    value = call.value()
    axis = call.attribute("axis", 1)
    return value.reshaped([math.prod(value.shape[:axis]), math.prod(value.shape[axis:])])


def _squeeze(call: Call) -> Value:
    value, axes = call.value(), call.numbers(1, "axes")
    rank = len(value.shape)
    gone = (
        {axis % rank for axis in axes} if axes is not None else {n for n, side in enumerate(value.shape) if side == 1}
    )
    return value.reshaped([side for place, side in enumerate(value.shape) if place not in gone])


def _unsqueeze(call: Call) -> Value:
    value, axes = call.value(), call.numbers(1, "axes") or []
    sides = list(value.shape)
    rank = len(sides) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        sides.insert(axis, 1)
    return value.reshaped(sides)


def _concat(call: Call) -> Value:
    import tensorflow as tf

    values = [call.value(place) for place in range(len(call.inputs))]
    order = common_order(values, len(values[0].order))
    values = [value.ordered(order) for value in values]
    return Value(tf.concat([value.tensor for value in values], values[0].axis(call.attribute("axis"))), order)


def _reduce(name: str, call: Call) -> Value:
    import tensorflow as tf

    value, axes = call.value(), call.numbers(1, "axes")
    rank = len(value.order)
    if axes is None and call.attribute("noop_with_empty_axes", 0):
        return value
    gone = {axis % rank for axis in axes} if axes else set(range(rank))
    keep = bool(call.attribute("keepdims", 1))
    tensor = getattr(tf.math, name)(value.tensor, [value.order.index(axis) for axis in sorted(gone)], keepdims=keep)
    if keep:
        return value.with_tensor(tensor)
    numbers = {old: new for new, old in enumerate(axis for axis in range(rank) if axis not in gone)}
    return Value(tensor, tuple(numbers[axis] for axis in value.order if axis not in gone))


def _softmax(call: Call) -> Value:
    import tensorflow as tf

    value = call.value()
    rank = len(value.order)
    axis = call.attribute("axis", -1 if call.opset >= 13 else 1) % rank
    if call.opset < 13 and math.prod(value.shape[axis + 1 :]) != 1:
        raise Unsupported("before opset 13 it spans several axes")
    last = value.ordered([*(each for each in range(rank) if each != axis), axis])
    return last.with_tensor(tf.nn.softmax(last.tensor))


def _same(call: Call) -> Value:
    return call.value()


OPERATORS: Mapping[str, Operator] = {
    **{name: partial(_unary, function) for name, function in _UNARY.items()},
    **{name: partial(_binary, function) for name, function in _BINARY.items()},
    **{name: partial(_reduce, function) for name, function in _REDUCTIONS.items()},
    **LAYERS,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "DequantizeLinear": dequantize,
    "Dropout": _same,
    "Flatten": _flatten,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Identity": _same,
    "LeakyRelu": _leaky_relu,
    "Pow": _power,
    "QuantizeLinear": quantize,
    "Reciprocal": _reciprocal,
    "Relu": _relu,
    "Reshape": _reshape,
    "Shape": _shape,
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
