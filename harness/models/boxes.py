"""Boxes: how much two overlap, which of many are kept, and how a detector's numbers become one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
"""(count, 4): left, top, right, bottom."""
Numbers = NDArray[np.float64]


def overlaps(these: Boxes, those: Boxes) -> Numbers:
    """Intersection over union of each of `these` with each of `those`; 0 for boxes without an area."""
    least, most = np.maximum(these[:, None, :2], those[None, :, :2]), np.minimum(these[:, None, 2:], those[None, :, 2:])
    both = np.prod(np.clip(most - least, 0, None), axis=-1)
    union = _areas(these)[:, None] + _areas(those)[None, :] - both
    shares: Numbers = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return shares


def keep_best(boxes: Boxes, scores: Numbers, classes: NDArray[Any], *, overlap: float, most: int) -> NDArray[np.intp]:
    """The places of the boxes that are kept, the best first: no better one of the same class overlaps them by more.

    Greedy suppression, class by class; equal scores keep their order. At most `most` are kept, of all classes together.
    """
    left = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while left.size and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(best)
        apart = overlaps(boxes[left], boxes[best : best + 1])[:, 0] <= overlap
        left = left[apart | (classes[left] != classes[best])]
    return np.array(kept, np.intp)


def boxes_around(distances: Numbers, places: NDArray[np.intp], columns: int, stride: int) -> Boxes:
    """Boxes from how far their sides are from the centres of a grid's cells, in pixels.

    `distances` is (count, 4 · bins): for left, top, right and bottom the logits of 0, 1, … strides, of whose
    distribution the mean is taken; `places` are the cells' numbers, row by row, in a grid of so many columns.
    X. Li et al.: Generalized Focal Loss, NeurIPS 2020, section 3.2, as NanoDet has it.
    """
    logits = distances.reshape(len(distances), 4, distances.shape[1] // 4)
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    left, top, right, bottom = (shares @ np.arange(logits.shape[-1])).T * stride
    x, y = (places % columns + 0.5) * stride, (places // columns + 0.5) * stride
    return np.stack([x - left, y - top, x + right, y + bottom], axis=-1)


def _areas(boxes: Boxes) -> Numbers:
    areas: Numbers = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=-1)
    return areas
