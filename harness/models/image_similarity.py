"""How alike two images are: structural similarity, and the peak of the signal over the difference."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Pixels = NDArray[np.float64]
"""(height, width, channels), from 0 to 1."""

_SIDE, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2
_MOST_DB = 100.0


def ssim(one: Pixels, other: Pixels) -> float:
    """Mean structural similarity of two images of one size, 11 pixels a side at least: 1 for equal ones, down to -1.

    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: Image Quality Assessment: From Error Visibility to Structural
    Similarity, IEEE Transactions on Image Processing 13 (2004), equations 13 to 17, with their constants: a Gaussian
    window of 11 × 11 with a deviation of 1.5, K1 = 0.01, K2 = 0.03, whole windows only. The mean over all channels.
    """
    _check(one, other)
    x, y = _weighted(one), _weighted(other)
    xx, yy, xy = _weighted(one * one) - x * x, _weighted(other * other) - y * y, _weighted(one * other) - x * y
    similar = (2 * x * y + _C1) * (2 * xy + _C2) / ((x * x + y * y + _C1) * (xx + yy + _C2))
    return float(similar.mean())


def psnr(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio in decibels, `10 log10(1 / mean squared difference)`; 100 stands for that and more."""
    _check(one, other)
    difference = float(np.mean((one - other) ** 2))
    return min(_MOST_DB, -10 * math.log10(difference)) if difference else _MOST_DB


def _check(one: Pixels, other: Pixels) -> None:
    if one.shape != other.shape or one.ndim != 3:
        raise ValueError(f"{one.shape} and {other.shape} are not two images of one size")


def _weighted(image: Pixels) -> Pixels:
    """The window's weighted mean at each place where all of it lies in the image."""
    places = np.arange(_SIDE) - _SIDE // 2
    weights = np.exp(-(places**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    down: Pixels = sliding_window_view(image, _SIDE, axis=0) @ weights
    across: Pixels = sliding_window_view(down, _SIDE, axis=1) @ weights
    return across
