"""Objects in photos, found and annotated, and how well both agree: COCO's mean average precision, by COCO's own tools."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from pydantic import model_validator

from harness.models.entry import Entry, Line

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in the photo's pixels."""


@dataclass(frozen=True)
class Detection:
    """An object that a model finds, and how sure it is of it, from 0 to 1."""

    label: str
    score: float
    box: Box


class Annotation(Entry):
    """An object that is there."""

    label: Line
    box: Box

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        left, top, right, bottom = self.box
        if not (0 <= left < right and 0 <= top < bottom):
            raise ValueError(f"box {list(self.box)} isn't [left, top, right, bottom] in pixels")
        return self


@dataclass(frozen=True)
class AveragePrecision:
    """The mean over the classes that are there: with an overlap of half, and the mean over overlaps of .50, .55, … .95."""

    at_half: float
    mean: float


def average_precision(photos: Sequence[tuple[Sequence[Detection], Sequence[Annotation]]]) -> AveragePrecision | None:
    """What was found in each photo against what is there; None where nothing is.

    All sizes, at most 100 objects a photo and class, 101 recalls, as COCO reports it.
    """
    labels = sorted({truth.label for _, truths in photos for truth in truths})
    if not labels:
        return None
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    there = [_entry(photo, numbers[one.label], one.box) for photo, (_, truths) in enumerate(photos) for one in truths]
    found = [
        _entry(photo, numbers[one.label], one.box) | {"score": one.score}
        for photo, (detections, _) in enumerate(photos)
        for one in detections
        if one.label in numbers
    ]
    if not found:
        return AveragePrecision(0.0, 0.0)
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with redirect_stdout(io.StringIO()):
        truths = COCO()
        truths.dataset = {
            "images": [{"id": photo} for photo in range(len(photos))],
            "categories": [{"id": number} for number in numbers.values()],
            "annotations": [one | {"id": number} for number, one in enumerate(there, start=1)],
        }
        truths.createIndex()
        evaluation = COCOeval(truths, truths.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    # Overlaps × recalls × classes × areas × most: all areas are the first, 100 objects the last.
    precisions = evaluation.eval["precision"][:, :, :, 0, -1]
    return AveragePrecision(float(np.mean(precisions[0])), float(np.mean(precisions)))


def _entry(photo: int, category: int, box: Box) -> dict[str, Any]:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {
        "image_id": photo,
        "category_id": category,
        "bbox": [left, top, width, height],
        "area": width * height,
        "iscrowd": 0,
    }
