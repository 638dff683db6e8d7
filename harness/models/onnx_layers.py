"""ONNX' convolutions, pools, products, paddings and resizings in TensorFlow's: two-dimensional, channels last."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.models.onnx_call import Call
from harness.models.onnx_value import Unsupported, Value, plain_value, together

SIX = 6.0
_HEIGHT_WIDTH = (2, 3)
Pads = list[tuple[int, int]]


def clipped(value: Value, low: float, high: float) -> Value:
    """As RELU and RELU6 where they say the same: those are fused into the operator before."""
    import tensorflow as tf

    if (low, high) == (0.0, SIX):
        return value.with_tensor(tf.nn.relu6(value.tensor))
    tensor = value.tensor if math.isinf(high) else tf.minimum(value.tensor, high)
    if low == 0.0:
        return value.with_tensor(tf.nn.relu(tensor))
    return value.with_tensor(tensor if math.isinf(low) else tf.maximum(tensor, low))


def _conv(call: Call) -> Value:
    import tensorflow as tf

    value, weights = call.value().channels_last(), call.constant(1)
    if weights.ndim != 4:
        raise Unsupported(f"its weights {weights.shape} aren't those of two dimensions")
    channels, groups = value.shape[1], call.attribute("group", 1)
    window, strides = weights.shape[2:], call.attribute("strides", [1, 1])
    dilations = call.attribute("dilations", [1, 1])
    padded, padding = _padded(call, value, window, strides, dilations, 0.0)
    if groups == 1:
        kernel = weights.transpose(2, 3, 1, 0)
        tensor = tf.nn.conv2d(padded.tensor, kernel, strides, padding, dilations=dilations)
    elif groups == channels and weights.shape[1] == 1 and strides[0] == strides[1]:
        kernel = weights.reshape(channels, -1, *window).transpose(2, 3, 0, 1)
        tensor = tf.nn.depthwise_conv2d(padded.tensor, kernel, [1, *strides, 1], padding, dilations=dilations)
    else:
        raise Unsupported(f"it has {groups} groups of {channels} channels; 1 is known, and one for each channel")
    return padded.with_tensor(tf.nn.bias_add(tensor, call.constant(2)) if call.has(2) else tensor)


def _max_pool(call: Call) -> Value:
    import tensorflow as tf

    value, window, strides = _pool(call)
    padded, padding = _padded(call, value, window, strides, [1, 1], -math.inf)
    return padded.with_tensor(tf.nn.max_pool2d(padded.tensor, window, strides, padding))


def _average_pool(call: Call) -> Value:
    import tensorflow as tf

    value, window, strides = _pool(call)
    counted = call.attribute("count_include_pad", 0)
    padded, padding = _padded(call, value, window, strides, [1, 1], 0.0, explicit=bool(counted))
    if padded is not value and not counted:
        raise Unsupported("it leaves an uneven padding out of its average")
    return padded.with_tensor(tf.nn.avg_pool2d(padded.tensor, window, strides, padding))


def _pool(call: Call) -> tuple[Value, list[int], list[int]]:
    window = list(call.attribute("kernel_shape"))
    if len(window) != 2 or any(side != 1 for side in call.attribute("dilations", [1, 1])):
        raise Unsupported("its window isn't one of two dimensions without gaps")
    if call.attribute("ceil_mode", 0):
        raise Unsupported("its last window reaches beyond the edge (ceil_mode)")
    return call.value().channels_last(), window, list(call.attribute("strides", [1, 1]))


def _padded(
    call: Call,
    value: Value,
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    filling: float,
    *,
    explicit: bool = False,
) -> tuple[Value, str]:
    """The value, padded where TensorFlow's SAME doesn't do what the node asks for, and the padding that is left."""
    import tensorflow as tf

    sides = [value.shape[axis] for axis in _HEIGHT_WIDTH]
    same = [
        max((math.ceil(side / stride) - 1) * stride + (width - 1) * gap + 1 - side, 0)
        for side, width, stride, gap in zip(sides, window, strides, dilations, strict=True)
    ]
    upper: Pads = [(total // 2, total - total // 2) for total in same]
    mode = call.attribute("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        pads: Pads = upper if mode == "SAME_UPPER" else [(after, before) for before, after in upper]
    else:
        given = call.attribute("pads", [0, 0, 0, 0]) if mode == "NOTSET" else [0, 0, 0, 0]
        pads = [(given[0], given[2]), (given[1], given[3])]
    if not any(map(any, pads)):
        return value, "VALID"
    if pads == upper and not explicit:
        return value, "SAME"
    return value.with_tensor(tf.pad(value.tensor, [(0, 0), *pads, (0, 0)], constant_values=filling)), "VALID"


def _global(name: str) -> Callable[[Call], Value]:
    def pool(call: Call) -> Value:
        import tensorflow as tf

        value = call.value()
        axes = [place for place, axis in enumerate(value.order) if axis > 1]
        return value.with_tensor(getattr(tf, name)(value.tensor, axes, keepdims=True))

    return pool


def _batch_normalization(call: Call) -> Value:
    value = call.value()
    scale, offset, mean, variance = (call.constant(place).astype(np.float64) for place in range(1, 5))
    factor = scale / np.sqrt(variance + call.attribute("epsilon", 1e-5))
    shape = (-1, *[1] * (len(value.order) - 2))  # the channels are axis 1
    pair = [numbers.astype(np.float32).reshape(shape) for numbers in (factor, offset - mean * factor)]
    (tensor, times), order = together([value, pair[0]])
    (tensor, plus), _ = together([Value(tensor * times, order), pair[1]])
    return Value(tensor + plus, order)


def _matmul(call: Call) -> Value:
    import tensorflow as tf

    return plain_value(tf.matmul(call.value(0).plain().tensor, call.value(1).plain().tensor))


def _gemm(call: Call) -> Value:
    import tensorflow as tf

    first, second = (call.value(place).plain().tensor for place in (0, 1))
    transposed = {"transpose_a": bool(call.attribute("transA", 0)), "transpose_b": bool(call.attribute("transB", 0))}
    product = tf.matmul(first, second, **transposed)
    if (alpha := call.attribute("alpha", 1.0)) != 1.0:
        product *= alpha
    if not call.has(2):
        return plain_value(product)
    added, beta = call.value(2).plain().tensor, call.attribute("beta", 1.0)
    return plain_value(product + (added if beta == 1.0 else added * beta))


def _pad(call: Call) -> Value:
    import tensorflow as tf

    value, pads, mode = call.value(), call.numbers(1, "pads") or [], call.attribute("mode", "constant")
    rank = len(value.order)
    axes = call.numbers(3, "axes") or range(rank)
    half = len(pads) // 2
    around = dict.fromkeys(range(rank), (0, 0))
    around |= {axis % rank: (pads[place], pads[place + half]) for place, axis in enumerate(axes)}
    if mode not in ("constant", "reflect") or min(pads, default=0) < 0:
        raise Unsupported(
            f"its mode is '{mode}' and its pads are {pads}; constant and reflect are known, and no cutting"
        )
    filling = float(call.constant(2).reshape(())) if call.has(2) else float(call.attribute("value", 0.0))
    amounts = [around[axis] for axis in value.order]
    return value.with_tensor(tf.pad(value.tensor, amounts, mode.upper(), constant_values=filling))


def _resize(call: Call) -> Value:
    import tensorflow as tf

    value = call.value().channels_last()
    before, after = value.shape, _resized(call, value.shape)
    if after[:2] != before[:2]:
        raise Unsupported(f"it changes {before} to {after}, and only height and width are known to change")
    mode, coordinates = (
        call.attribute("mode", "nearest"),
        call.attribute("coordinate_transformation_mode", "half_pixel"),
    )
    if call.opset < 11:
        coordinates = "asymmetric"
    size = list(after[2:])
    whole = all(new % old == 0 for new, old in zip(size, before[2:], strict=True))
    if size == list(before[2:]):
        return value
    rounding = call.attribute("nearest_mode", "round_prefer_floor" if call.opset >= 11 else "floor")
    if mode == "nearest" and (
        (coordinates == "asymmetric" and rounding == "floor")
        or (coordinates == "half_pixel" and whole and rounding.startswith("round"))  # both repeat each pixel then
    ):
        return value.with_tensor(tf.raw_ops.ResizeNearestNeighbor(images=value.tensor, size=size))
    ways = {
        "half_pixel": {"half_pixel_centers": True},
        "pytorch_half_pixel": {"half_pixel_centers": True},
        "align_corners": {"align_corners": True},
        "asymmetric": {},
    }
    if mode == "linear" and coordinates in ways and not call.attribute("antialias", 0) and min(size) > 1:
        return value.with_tensor(tf.raw_ops.ResizeBilinear(images=value.tensor, size=size, **ways[coordinates]))
    raise Unsupported(f"its mode is {mode}, {coordinates}, {rounding}: TensorFlow Lite has no such resizing")


def _resized(call: Call, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after it, from sizes or from scales that give whole ones."""
    if call.has(3):
        return tuple(int(side) for side in call.constant(3))
    scales = call.constant(2 if call.opset >= 11 else 1)
    sides = [side * float(scale) for side, scale in zip(shape, scales, strict=True)]
    if any(abs(side - round(side)) > 1e-3 for side in sides):
        raise Unsupported(f"its scales {scales.tolist()} of {shape} give no whole sides")
    return tuple(round(side) for side in sides)


LAYERS: Mapping[str, Callable[[Call], Any]] = {
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Conv": _conv,
    "Gemm": _gemm,
    "GlobalAveragePool": _global("reduce_mean"),
    "GlobalMaxPool": _global("reduce_max"),
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "Resize": _resize,
}
