"""Real numbers and the numbers of a tensor that stand for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.inspect import TensorInfo


def quantise(numbers: NDArray[Any], tensor: TensorInfo) -> NDArray[Any]:
    """Real numbers as the tensor's own, of its shape and type.

    Where it is quantised that is `round(real / scale) + zero point`, kept in range. Other integers are rounded.

    Raises:
        ModelError: `task.input` for another shape, or for an int8 or int16 tensor without a scale.
    """
    if tensor.shape != numbers.shape:
        raise ModelError("task.input", f"input {tensor} doesn't take numbers of shape {numbers.shape}")
    dtype = np.dtype(tensor.dtype)
    if not np.issubdtype(dtype, np.integer):
        return numbers.astype(dtype)
    if not tensor.quantised:
        if dtype in (np.int8, np.int16):
            raise ModelError("task.input", f"input {tensor} is of integers without a scale")
        whole: NDArray[Any] = np.rint(numbers).astype(dtype)
        return whole
    limits = np.iinfo(dtype)
    steps = np.rint(numbers / np.float32(tensor.scale)) + tensor.zero_point
    clipped: NDArray[Any] = np.clip(steps, limits.min, limits.max).astype(dtype)
    return clipped


def dequantise(numbers: NDArray[Any], tensor: TensorInfo) -> NDArray[np.float64]:
    """The real numbers that a tensor stands for: `(number - zero point) * scale`; floats pass."""
    if not tensor.quantised:
        return numbers.astype(np.float64)
    return (numbers.astype(np.float64) - tensor.zero_point) * tensor.scale
