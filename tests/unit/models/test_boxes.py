"""Overlap of boxes, suppression, and boxes out of distributions of distances."""

from __future__ import annotations

import numpy as np
import pytest

from harness.models.boxes import boxes_around, keep_best, overlaps


def test_overlap_is_what_both_share_of_what_either_has() -> None:
    """Half of each gives a third; the same box gives one; neighbours and boxes without an area share nothing."""
    box = np.array([[0.0, 0.0, 2.0, 2.0]])
    others = np.array([[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 2.0, 2.0], [2.0, 0.0, 4.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_allclose(overlaps(box, others), [[1 / 3, 1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(overlaps(np.zeros((1, 4)), np.zeros((1, 4))), [[0.0]])
    assert overlaps(box, np.zeros((0, 4))).shape == (1, 0)


def test_the_surest_of_those_that_overlap_is_kept() -> None:
    """Of three on one place, the best stays; what overlaps by just the limit stays as well."""
    boxes = np.array([[0.0, 0, 2, 2], [0, 0, 2, 2.1], [0, 0, 2, 1.9], [1, 0, 3, 2]])
    kept = keep_best(boxes, np.array([0.5, 0.9, 0.7, 0.6]), np.zeros(4, int), overlap=0.34, most=10)
    np.testing.assert_array_equal(kept, [1, 3])


def test_classes_dont_suppress_each_other() -> None:
    """A person on a horse is both."""
    boxes = np.array([[0.0, 0, 2, 2], [0, 0, 2, 2]])
    np.testing.assert_array_equal(keep_best(boxes, np.array([0.5, 0.9]), np.array([0, 1]), overlap=0.1, most=9), [1, 0])


def test_no_more_are_kept_than_asked_for() -> None:
    """The best of all classes together; equal ones in their order; none of none."""
    boxes = np.array([[0.0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1]])
    np.testing.assert_array_equal(keep_best(boxes, np.full(3, 0.5), np.arange(3), overlap=0.5, most=2), [0, 1])
    assert keep_best(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), overlap=0.5, most=2).size == 0


def test_suppression_is_the_textbooks() -> None:
    """On many random boxes, the same as the plain double loop."""
    random = np.random.default_rng(7)
    corners, sizes = random.uniform(0, 50, (300, 2)), random.uniform(10, 30, (300, 2))
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    scores, classes = random.uniform(size=300).round(2), random.integers(0, 3, 300)
    expected: list[int] = []
    for place in np.argsort(-scores, kind="stable"):
        rivals = [other for other in expected if classes[other] == classes[place]]
        if all(overlaps(boxes[[other]], boxes[[place]])[0, 0] <= 0.4 for other in rivals):
            expected.append(int(place))
    assert keep_best(boxes, scores, classes, overlap=0.4, most=1000).tolist() == expected


def test_a_sure_distribution_is_its_own_bin() -> None:
    """A cell in the second row and third column of a grid of 4, stride 8: its centre is (20, 12)."""
    logits = np.full((1, 4, 5), -100.0)
    logits[0, np.arange(4), [1, 0, 2, 4]] = 100.0
    np.testing.assert_allclose(boxes_around(logits.reshape(1, 20), np.array([6]), 4, 8), [[12, 12, 36, 44]])


def test_an_unsure_distribution_is_its_mean() -> None:
    """All bins alike: the middle one. Large logits don't overflow."""
    boxes = boxes_around(np.full((1, 20), 1000.0), np.array([0]), 4, 8)
    np.testing.assert_allclose(boxes, [[4 - 16, 4 - 16, 4 + 16, 4 + 16]])


@pytest.mark.parametrize("bins", [5, 11])
def test_no_cell_gives_no_box(bins: int) -> None:
    """A grid without anything over the least score."""
    assert boxes_around(np.zeros((0, 4 * bins)), np.zeros(0, int), 4, 8).shape == (0, 4)
