"""Mean average precision on cases that can be worked out by hand."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.models.average_precision import Annotation, AveragePrecision, Box, Detection, average_precision

HERE: Box = (10.0, 10.0, 30.0, 30.0)
THERE: Box = (50.0, 50.0, 70.0, 70.0)
NOWHERE: Box = (100.0, 0.0, 120.0, 20.0)


def found(label: str, score: float, box: Box) -> Detection:
    return Detection(label, score, box)


def there(label: str, box: Box) -> Annotation:
    return Annotation(label=label, box=box)


def test_all_found_is_one() -> None:
    """The very boxes, in one photo or two."""
    first = ([found("cat", 0.9, HERE)], [there("cat", HERE)])
    second = ([found("dog", 0.2, THERE)], [there("dog", THERE)])
    assert average_precision([first, second]) == AveragePrecision(pytest.approx(1.0), pytest.approx(1.0))


def test_half_found_is_half_of_the_recalls() -> None:
    """One of two: precision is one up to a recall of .5, which are 51 of 101."""
    precision = average_precision([([found("cat", 0.9, HERE)], [there("cat", HERE), there("cat", THERE)])])
    assert precision is not None
    assert precision.at_half == pytest.approx(51 / 101)


def test_a_wrong_one_in_front_costs_half() -> None:
    """The right one is second: the best precision at any recall is .5. Behind it, it costs nothing."""
    truths = [there("cat", HERE)]
    wrong_first = average_precision([([found("cat", 0.9, NOWHERE), found("cat", 0.8, HERE)], truths)])
    wrong_last = average_precision([([found("cat", 0.7, NOWHERE), found("cat", 0.8, HERE)], truths)])
    assert wrong_first is not None
    assert wrong_last is not None
    assert (wrong_first.at_half, wrong_last.at_half) == (pytest.approx(0.5), pytest.approx(1.0))


def test_the_second_on_one_object_is_wrong() -> None:
    """An object is found once."""
    twice = [found("cat", 0.9, HERE), found("cat", 0.8, HERE), found("cat", 0.7, THERE)]
    precision = average_precision([(twice, [there("cat", HERE), there("cat", THERE)])])
    assert precision is not None
    assert precision.at_half == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_the_mean_asks_for_better_boxes() -> None:
    """An overlap of 2/3 is right at .50, .55, .60 and .65: four of ten."""
    precision = average_precision([([found("cat", 0.9, (10, 10, 30, 26))], [there("cat", (10, 10, 30, 34))])])
    assert precision == AveragePrecision(pytest.approx(1.0), pytest.approx(0.4))


def test_classes_count_alike_and_only_those_that_are_there() -> None:
    """One class of two found is half; a class that no photo has isn't asked for."""
    photo = ([found("cat", 0.9, HERE), found("bus", 0.9, THERE)], [there("cat", HERE), there("dog", THERE)])
    precision = average_precision([photo])
    assert precision is not None
    assert precision.at_half == pytest.approx(0.5)


def test_a_photo_without_objects_counts_what_is_found_in_it() -> None:
    """What is found where nothing is, is wrong."""
    empty = ([found("cat", 0.95, HERE)], [])
    precision = average_precision([empty, ([found("cat", 0.9, HERE)], [there("cat", HERE)])])
    assert precision is not None
    assert precision.at_half == pytest.approx(0.5)


def test_nothing_found_and_nothing_there() -> None:
    """Nothing found is zero; nothing there is no figure."""
    assert average_precision([([], [there("cat", HERE)])]) == AveragePrecision(0.0, 0.0)
    assert average_precision([([found("cat", 0.9, HERE)], [])]) is None
    assert average_precision([]) is None


def test_coco_says_nothing_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    """Its tools print as they go; data on stdout is a report's alone."""
    average_precision([([found("cat", 0.9, HERE)], [there("cat", HERE)])])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("box", [(30, 10, 10, 30), (10, 30, 30, 30), (-1, 0, 5, 5)])
def test_a_box_that_is_none(box: tuple[float, float, float, float]) -> None:
    """Right before left, no height, or outside of the photo: the annotation says what a box is."""
    with pytest.raises(ValidationError, match="left, top, right, bottom"):
        there("cat", box)
