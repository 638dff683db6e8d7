"""What a bisection found: how far tensors are apart, by which rule, and the operator where it begins."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import ExitCode
from harness.results.agreement import Agreement, Array, compare
from harness.results.coverage import Taken

SCHEMA = 1
_STEPS = 2
FORMULA = "allowed = max(tolerance × (max(reference, 0) - min(reference, 0)), 2 × quantization step)"


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a tensor is apart at its worst element, in its own unit after dequantization.

    `tensor`, `shape`: which; `input`: on which input; `index`: where the worst element is; `reference` and `suspect`
    are both values there; `allowed` by the formula `FORMULA`. NaN is infinitely far from everything.
    """

    tensor: str
    shape: tuple[int, ...]
    input: str
    index: tuple[int, ...]
    reference: float
    suspect: float
    distance: float
    allowed: float

    @property
    def agrees(self) -> bool:
        """Whether it is within tolerance."""
        return self.distance <= self.allowed

    @property
    def strain(self) -> float:
        """The distance as a share of what is allowed."""
        return self.distance / self.allowed


@dataclass(frozen=True, slots=True)
class Culprit:
    """The first operator whose output differs while all that it reads agrees.

    `proof` says whether a cut that gives both its inputs and its output shows the same: inputs agree, output doesn't.
    `strain` is how far its inputs are apart in that cut, as a share of what is allowed (None where it reads none that
    an operator computes): close to 1, differences have added up over many operators, and this one only went over.
    `mended_by_fp32`: whether precision_loss: false mends it; None where that was so already, or told nothing.
    `unknown` are operators right before it whose outputs could not be compared. `gpu` is what GpuDelegate took of the
    model that ends with this operator.
    """

    index: int
    operator: str
    worst: Distance
    gpu: Taken | None
    proof: bool
    strain: float | None
    mended_by_fp32: bool | None
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bisection:
    """What came of it: backends agree (no `whole` beyond its tolerance), or a culprit, or neither.

    `whole` is the worst output of the whole model. `reproduced` is False when the whole model disagrees and the found
    operator does so only there: then the fault comes from how operators are fused or partitioned in the whole.
    `runs` counts runs on the device, `cuts` the models cut, `crashes` what each
    crash of the app said; `folder` keeps all runs.
    """

    model: str
    operators: int
    reference: str
    suspect: str
    tolerance: float
    whole: Distance
    whole_gpu: Taken | None
    device: str
    emulated: bool
    folder: Path
    runs: int
    cuts: int
    crashes: tuple[str, ...] = ()
    culprit: Culprit | None = None
    formula: str = FORMULA

    @property
    def agrees(self) -> bool:
        """Whether the whole model's outputs are within tolerance."""
        return self.whole.agrees

    @property
    def reproduced(self) -> bool:
        """Whether a cut model shows the fault by itself."""
        return self.culprit is not None and self.culprit.proof

    @property
    def exit_code(self) -> ExitCode:
        """0 when the backends agree, 1 when they don't."""
        return ExitCode.PASSED if self.agrees else ExitCode.FAILED

    def to_json(self) -> dict[str, Any]:
        """All of it as a JSON document; what isn't finite is a word (`inf`, `nan`)."""
        verdict = "agree" if self.agrees else "culprit" if self.reproduced else "not_reproduced"
        plain: dict[str, Any] = _plain({**asdict(self), "folder": str(self.folder)})
        return {"schema": SCHEMA, "verdict": verdict, **plain}


def distance_of(
    tensor: str, name: str, reference: Array, suspect: Array, *, tolerance: float, scale: float, zero_point: int
) -> Distance:
    """Two backends' versions of one tensor, by `FORMULA`; a tensor that is zero throughout has range 1."""
    apart = compare(reference, suspect, scale=scale, zero_point=zero_point)
    return Distance(
        tensor=tensor,
        shape=reference.shape,
        input=name,
        index=apart.index,
        reference=apart.reference,
        suspect=apart.candidate,
        distance=apart.max_abs,
        allowed=_allowed(reference, tolerance, scale, zero_point, apart),
    )


def _allowed(reference: Array, tolerance: float, scale: float, zero_point: int, apart: Agreement) -> float:
    values = reference.astype("float64")
    if apart.steps is not None and scale:
        values = (values - zero_point) * scale
    finite = [float(value) for value in (values.max(initial=0.0), values.min(initial=0.0)) if math.isfinite(value)]
    span = max(finite, default=0.0) - min(finite, default=0.0)
    return max(tolerance * (span or 1.0), _STEPS * scale if apart.steps is not None else 0.0)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
