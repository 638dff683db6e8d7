"""QuantizeLinear and DequantizeLinear: constants keep the values that their steps give them, activations lose the steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.onnx_call import Call
from harness.models.onnx_layers import SIX, clipped
from harness.models.onnx_value import Unsupported, Value

# A quantiser drops the activation behind these when the range of what they give starts at zero.
_ACTIVATED = ("Add", "BatchNormalization", "Conv", "Gemm", "MatMul", "Mul", "Sub")


def dequantize(call: Call) -> Value | NDArray[Any]:
    """A constant as floats, `(steps - zero) * scale`; an activation as it is, for it never became steps."""
    found = call.operand(0)
    if isinstance(found, Value):
        return found
    scale, zero = _along_axis(call, found)
    return np.asarray((found.astype(np.int64) - zero) * scale, np.float32)


def quantize(call: Call) -> Value | NDArray[Any]:
    """A constant in steps; an activation as it is, but for the activation function that its range stands for."""
    found = call.operand(0)
    limits = np.iinfo(call.constant(2).dtype if call.has(2) else np.uint8)
    if not isinstance(found, Value):
        scale, zero = _along_axis(call, found)
        return np.asarray(np.clip(np.rint(found / scale) + zero, limits.min, limits.max), limits.dtype)
    zeros = call.constant(2) if call.has(2) else np.uint8(0)
    if call.made_by[0] not in _ACTIVATED or np.any(zeros != limits.min):
        return found
    highest = (int(limits.max) - int(limits.min)) * call.constant(1).astype(np.float64)
    return clipped(found, 0.0, SIX if np.allclose(highest, SIX, rtol=1e-3) else math.inf)


def _along_axis(call: Call, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Scale and zero point, shaped to go with the values."""
    scale = call.constant(1).astype(np.float64)
    zero = (call.constant(2) if call.has(2) else np.zeros_like(scale)).astype(np.int64)
    if call.attribute("block_size", 0):
        raise Unsupported("it has a scale for each block of numbers")
    if scale.size == 1:
        return scale.reshape(()), zero.reshape(())
    shape = [1] * values.ndim
    shape[call.attribute("axis", 1) if values.ndim > 1 else 0] = -1
    return scale.reshape(shape), zero.reshape(shape)
