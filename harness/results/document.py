"""`results.json`: what a run came to, complete enough to be reported again without the device."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import ExitCode, Owner, ResultsInvalid
from harness.results.stats import PERCENTILE_RULE

SCHEMA = 1


class Outcome(StrEnum):
    """What came of a cell; `skip` judges nothing, because its evidence is invalid."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"


class Validity(StrEnum):
    """Whether a cell measured what its name says."""

    VALID = "valid"
    DEGRADED = "degraded"
    INVALID = "invalid"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Issue(_Value):
    """One finding: a stable code, whose it is, and a sentence with the figures."""

    code: str
    owner: Owner
    text: str


class TakenRow(_Value):
    """Nodes that a delegate took, of the nodes that were there when its turn came."""

    delegate: str
    taken: int
    total: int
    partitions: int


class AgreementRow(_Value):
    """One output's worst distance over all inputs, what it was measured against, and what is allowed by which rule.

    Differences are in the output's unit after dequantization; `steps` in quantization steps; `differing` is a share.
    """

    output: int
    kind: str
    against: str
    input: str
    max_abs: float
    mean_abs: float
    cosine: float
    steps: int | None
    differing: float
    same_top: bool
    basis: str = Field(description="what the limits follow from: the scenario, or precision and kind of output")
    allowed_max_abs: float | None = None
    allowed_steps: int | None = None
    allowed_differing: float | None = None
    allowed_mean_abs: float | None = None

    @property
    def strain(self) -> float:
        """The distance as a share of what is allowed: over 1 is too far."""
        if self.allowed_steps is not None:
            return (self.steps or 0) / max(self.allowed_steps, 0.5)
        if self.allowed_differing is not None:
            return self.differing / self.allowed_differing
        if self.allowed_mean_abs is not None:
            return self.mean_abs / self.allowed_mean_abs
        return self.max_abs / self.allowed_max_abs if self.allowed_max_abs else 0.0


class ScoreRow(_Value):
    """One figure of the task over the inputs whose answer is known; `right` counts where it is a share."""

    name: str
    value: float
    of: int
    right: int | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.right}/{self.of}" if self.right is not None else f"{self.name} {self.value:.3g}"


class LatencyRow(_Value):
    """Milliseconds of the timed inferences; `p90` is null below 10 samples."""

    count: int
    minimum: float
    median: float
    p90: float | None
    maximum: float
    percentile_rule: str = PERCENTILE_RULE


class Row(_Value):
    """A cell: model × variant × backend on one device."""

    cell: str
    model: str
    variant: str
    backend: str
    delegate: str
    outcome: Outcome
    validity: Validity
    issues: tuple[Issue, ...] = ()
    known: str = Field(default="", description="why the scenario knew that this cell would not pass")
    model_bytes: int
    gpu_api: str = ""
    coverage: tuple[TakenRow, ...] | None = None
    predicted: int | None = Field(default=None, description="nodes that GpuDelegate was predicted to take")
    agreement: tuple[AgreementRow, ...] = Field(default=(), description="an entry an output, in the model's order")
    answers: dict[str, str] = Field(default_factory=dict, description="each input's answer in one line")
    scores: tuple[ScoreRow, ...] = Field(default=(), description="the task's figures, the headline first")
    init_ms: float | None = None
    latency: LatencyRow | None = None
    latency_of: str = Field(description="whose latency it is: a phone's, or not a phone's")

    @property
    def worst(self) -> AgreementRow | None:
        """The output that is nearest to its limit, or furthest beyond it."""
        return max(self.agreement, key=lambda each: each.strain, default=None)

    @property
    def reason(self) -> str:
        """The first thing to know about this row; empty for a clean pass."""
        return self.issues[0].text if self.issues else ""


class DeviceRow(_Value):
    """Who ran it, by its own properties."""

    serial: str
    manufacturer: str
    model: str
    release: str
    sdk: int
    abis: tuple[str, ...]
    fingerprint: str
    hardware: str
    emulated: bool


class Failure(_Value):
    """Why a run did not reach its end."""

    code: str
    owner: Owner
    exit_code: int
    what: str
    why: str = ""
    hint: str = ""


class RunResults(_Value):
    """One run, whole or not."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    run_id: str
    status: str = Field(description="complete, incomplete, or flaky: complete after a transient failure")
    scenario: str
    title: str = ""
    harness: str
    started_utc: str
    apk_sha256: str = ""
    tflite: str = ""
    device: DeviceRow | None = None
    failure: Failure | None = None
    attempts: tuple[Failure, ...] = Field(
        default=(), description="transient failures before; attempts/ has their records"
    )
    seconds: dict[str, float] = Field(default_factory=dict, description="wall-clock seconds of each stage")
    rows: tuple[Row, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """A broken run before a failed cell before an invalid one; cells that were known not to pass count for neither."""
        if self.failure is not None:
            return ExitCode(self.failure.exit_code)
        if any(row.outcome in (Outcome.FAIL, Outcome.ERROR) and not row.known for row in self.rows):
            return ExitCode.FAILED
        if any(row.validity is Validity.INVALID and not row.known for row in self.rows):
            return ExitCode.INVALID
        return ExitCode.PASSED

    def to_json(self) -> Any:
        """The document as plain data."""
        return self.model_dump(mode="json", by_alias=True)


def read_results(path: Path) -> RunResults:
    """Read a `results.json`. Raises `ResultsInvalid` when it is broken or of another schema version."""
    try:
        data = json.loads(path.read_bytes())
        found = data.get("schema") if isinstance(data, dict) else None
        if found != SCHEMA:
            raise ResultsInvalid("results.schema", f"{path} has schema {found}; this harness reads {SCHEMA}")
        return RunResults.model_validate(data)
    except (OSError, ValueError, ValidationError) as error:
        raise ResultsInvalid("results.unreadable", f"can't read {path}", why=str(error)[:400]) from error
