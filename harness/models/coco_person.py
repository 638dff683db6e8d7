"""COCO's seventeen key points of a person: their names, the lines between them, and how finely people place each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Point(StrEnum):
    """A key point, in COCO's order; left and right are the person's own."""

    NOSE = "nose"
    LEFT_EYE = "left_eye"
    RIGHT_EYE = "right_eye"
    LEFT_EAR = "left_ear"
    RIGHT_EAR = "right_ear"
    LEFT_SHOULDER = "left_shoulder"
    RIGHT_SHOULDER = "right_shoulder"
    LEFT_ELBOW = "left_elbow"
    RIGHT_ELBOW = "right_elbow"
    LEFT_WRIST = "left_wrist"
    RIGHT_WRIST = "right_wrist"
    LEFT_HIP = "left_hip"
    RIGHT_HIP = "right_hip"
    LEFT_KNEE = "left_knee"
    RIGHT_KNEE = "right_knee"
    LEFT_ANKLE = "left_ankle"
    RIGHT_ANKLE = "right_ankle"


def _of_both_sides(**parts: float) -> dict[Point, float]:
    return {Point(f"{side}_{part}"): sigma for part, sigma in parts.items() for side in ("left", "right")}


# How far people's own annotations of a point are spread, as a share of the root of the person's area: from COCO's
# evaluation of key points (cocodataset.org, #keypoints-eval; `kpt_oks_sigmas` of pycocotools).
SIGMAS: Final[Mapping[Point, float]] = {
    Point.NOSE: 0.026,
    **_of_both_sides(
        eye=0.025, ear=0.035, shoulder=0.079, elbow=0.072, wrist=0.062, hip=0.107, knee=0.087, ankle=0.089
    ),
}

_LIMBS = ("ear eye", "shoulder elbow", "elbow wrist", "shoulder hip", "hip knee", "knee ankle")
BONES: Final[tuple[tuple[Point, Point], ...]] = (
    *((Point(f"{side}_eye"), Point.NOSE) for side in ("left", "right")),
    *((Point(f"left_{part}"), Point(f"right_{part}")) for part in ("shoulder", "hip")),
    *(
        (Point(f"{side}_{start}"), Point(f"{side}_{end}"))
        for start, end in map(str.split, _LIMBS)
        for side in ("left", "right")
    ),
)
