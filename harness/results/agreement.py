"""How far two backends' outputs are apart, and what is wrong with an output whatever it is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Distance of a candidate from its reference, both dequantized: largest and mean absolute difference, cosine.

    `steps` is the largest difference in quantization steps, None for float tensors. `index` is where the largest
    difference is, `reference` and `candidate` are both values there; `largest` is the reference's largest absolute
    value, `differing` the share of values that aren't equal. `same_top` says whether both have their largest
    value at the same place of the last axis, everywhere; one of several equal ones is enough.
    """

    max_abs: float
    mean_abs: float
    cosine: float
    steps: int | None
    index: tuple[int, ...]
    reference: float
    candidate: float
    largest: float
    differing: float
    same_top: bool


def defects(output: Array, *, constant: bool = False) -> tuple[str, ...]:
    """What no backend may answer: NaN, infinities, or, unless it may be constant, one of several values throughout."""
    values = output.astype(np.float64)
    found = []
    if bad := int(np.count_nonzero(np.isnan(values))):
        found.append(f"{bad} NaN, the first at {_where(np.isnan(values))}")
    if bad := int(np.count_nonzero(np.isinf(values))):
        found.append(f"{bad} infinite, the first at {_where(np.isinf(values))}")
    if values.size > 1 and not found and not constant and np.ptp(values) == 0:
        found.append("all zero" if values.flat[0] == 0 else f"constant {values.flat[0]:g}")
    return tuple(found)


def compare(reference: Array, candidate: Array, *, scale: float = 0.0, zero_point: int = 0) -> Agreement:
    """Compare two outputs of one shape and dtype; integers are dequantized by `scale` and `zero_point` where given.

    Raises `ValueError` for different shapes or dtypes. NaN equals nothing: where either has one, the difference is inf.
    """
    if reference.shape != candidate.shape or reference.dtype != candidate.dtype:
        raise ValueError(
            f"reference is {reference.dtype} {list(reference.shape)}, candidate {candidate.dtype} {list(candidate.shape)}"
        )
    quantized = np.issubdtype(reference.dtype, np.integer)
    left, right = reference.astype(np.float64), candidate.astype(np.float64)
    steps = int(np.max(np.abs(left - right), initial=0)) if quantized else None
    if quantized and scale:
        left, right = (left - zero_point) * scale, (right - zero_point) * scale
    with np.errstate(invalid="ignore"):  # inf - inf and NaN are dealt with below
        difference = np.abs(left - right)
        norm = float(np.linalg.norm(left) * np.linalg.norm(right))
        cosine = float(np.sum(left * right) / norm) if norm else float(np.array_equal(left, right))
    difference[left == right] = 0.0  # equal infinities too
    difference[np.isnan(difference)] = np.inf
    place = int(np.argmax(difference)) if difference.size else 0
    return Agreement(
        max_abs=float(difference.flat[place]) if difference.size else 0.0,
        mean_abs=float(np.mean(difference)) if difference.size else 0.0,
        cosine=cosine,
        steps=steps,
        index=tuple(int(part) for part in np.unravel_index(place, difference.shape)) if difference.size else (),
        reference=float(left.flat[place]) if difference.size else 0.0,
        candidate=float(right.flat[place]) if difference.size else 0.0,
        largest=float(np.max(np.abs(left), initial=0.0, where=np.isfinite(left))),
        differing=float(np.mean(difference > 0)) if difference.size else 0.0,
        same_top=_same_top(left, right),
    )


def _same_top(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> bool:
    """Whether some place of the last axis is largest in both, everywhere: equal values are no order."""
    if left.ndim == 0 or left.size == 0:
        return bool(np.array_equal(left, right))
    largest = (left == left.max(axis=-1, keepdims=True)) & (right == right.max(axis=-1, keepdims=True))
    return bool(np.all(np.any(largest, axis=-1)))


def _where(mask: npt.NDArray[np.bool_]) -> list[int]:
    return [int(part) for part in np.argwhere(mask)[0]]
