"""Distances between outputs, and outputs that are wrong by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from harness.results.agreement import compare, defects


def test_worst_place_and_both_values() -> None:
    """The largest difference comes with its index and both values."""
    found = compare(np.array([[0.1, 0.9]], np.float32), np.array([[0.1, 0.4]], np.float32))
    assert found.index == (0, 1)
    assert found.max_abs == pytest.approx(0.5)
    assert (found.reference, found.candidate) == (pytest.approx(0.9), pytest.approx(0.4))
    assert found.same_top


def test_integers_in_steps_and_in_units() -> None:
    """Quantized outputs are compared in steps and, dequantized, in the output's own unit, without wrapping around."""
    found = compare(np.array([-128, 127], np.int8), np.array([127, 127], np.int8), scale=0.5, zero_point=-128)
    assert found.steps == 255
    assert found.max_abs == pytest.approx(127.5)


@pytest.mark.fault("F36")
def test_nan_equals_nothing() -> None:
    """NaN on both sides is a difference; equal infinities are none."""
    left = np.array([np.nan, np.inf, 1.0], np.float32)
    assert compare(left, left.copy()).max_abs == np.inf
    assert compare(left[1:], left[1:].copy()).max_abs == 0.0


def test_other_label() -> None:
    """A different place of the largest value is seen however small the difference is."""
    assert not compare(np.array([0.5, 0.4999], np.float32), np.array([0.4999, 0.5], np.float32)).same_top


@pytest.mark.fault("F36")
@pytest.mark.parametrize("other", [np.zeros((1, 3), np.float32), np.zeros((1, 2), np.int8)])
def test_shape_and_dtype_have_to_fit(other: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """Outputs of different shapes or dtypes can't be compared."""
    with pytest.raises(ValueError, match="reference is float32"):
        compare(np.zeros((1, 2), np.float32), other)


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    ("values", "word"),
    [([np.nan, 1.0], "NaN"), ([np.inf, 1.0], "infinite"), ([0.0, 0.0], "all zero"), ([3.0, 3.0], "constant 3")],
)
def test_defects(values: list[float], word: str) -> None:
    """NaN, infinities, zeros and constants are named."""
    assert word in defects(np.array(values, np.float32))[0]


def test_healthy_output_has_no_defect() -> None:
    """A single value may be anything; more than one may not all be the same."""
    assert defects(np.array([0.2, 0.8], np.float32)) == ()
    assert defects(np.array([0.0], np.float32)) == ()
    assert defects(np.zeros((1, 0, 4), np.float32)) == ()
    assert defects(np.array([0.0, 0.0], np.float32), constant=True) == ()


def test_ties_are_no_order() -> None:
    """Where two places share the largest value on one side, either is the same top."""
    tied, first = np.array([[5, 5, 1]], np.int8), np.array([[6, 5, 1]], np.int8)
    assert compare(tied, first).same_top
    assert not compare(tied, np.array([[4, 5, 6]], np.int8)).same_top
