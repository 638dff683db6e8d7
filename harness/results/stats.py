"""Summaries of latencies that say which rule they use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PERCENTILE_RULE = "linear interpolation between closest ranks (Hyndman and Fan, type 7)"
P90_NEEDS = 10


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one cell's timed inferences; `p90` is None below 10 samples: not enough evidence."""

    count: int
    minimum: float
    median: float
    p90: float | None
    maximum: float


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lies, by `PERCENTILE_RULE`. Raises `ValueError` on no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def summarize(milliseconds: Sequence[float]) -> Latency | None:
    """Summary of a cell's latencies; None when it has none."""
    if not milliseconds:
        return None
    return Latency(
        count=len(milliseconds),
        minimum=min(milliseconds),
        median=percentile(milliseconds, 0.5),
        p90=percentile(milliseconds, 0.9) if len(milliseconds) >= P90_NEEDS else None,
        maximum=max(milliseconds),
    )
