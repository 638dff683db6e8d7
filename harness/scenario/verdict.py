"""What a cell's evidence amounts to: outcome, validity and owner, three axes that are never folded into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.errors import ExitCode, Owner
from harness.results.agreement import Agreement, Array, compare, defects
from harness.results.coverage import GPU_DELEGATE, XNNPACK_DELEGATE, Coverage
from harness.results.records import CellRecord, SampleRecord
from harness.results.stats import Latency, summarize
from harness.scenario.plan import Cell

_NANOSECONDS_PER_MILLISECOND = 1e6


class Outcome(StrEnum):
    """What came of a cell; `skip` judges nothing, because its evidence is invalid or it never ran."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"


class Validity(StrEnum):
    """Whether a cell measured what its name says."""

    VALID = "valid"
    DEGRADED = "degraded"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: a stable code, whose it is, and a sentence with the figures."""

    code: str
    owner: Owner
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one cell.

    `outputs` and `reference` map an input's name to its output tensors in the model's order, raw as they came; `scale`
    and `zero_point` belong to each output. `right` is how many of the labelled inputs have the right label first.
    """

    record: CellRecord | None
    samples: Sequence[SampleRecord] = ()
    coverage: Coverage | None = None
    outputs: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    reference: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    quantization: Sequence[tuple[float, int]] = ()
    right: int = 0
    labelled: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A cell's row: the three axes, why, and the figures behind them; latencies in milliseconds."""

    cell: Cell
    outcome: Outcome
    validity: Validity
    issues: tuple[Issue, ...]
    coverage: Coverage | None
    agreement: Agreement | None
    top1: float | None
    latency: Latency | None
    init_ms: float | None

    @property
    def expected(self) -> bool:
        """Whether the scenario knew that this cell is invalid, and for that very reason."""
        codes = {issue.code for issue in self.issues}
        return self.validity is Validity.INVALID and any(known.code in codes for known in self.cell.known_invalid)

    @property
    def reason(self) -> str:
        """The first thing to know about this row; empty for a clean pass."""
        return self.issues[0].text if self.issues else ""


def judge(cell: Cell, evidence: Evidence, *, least_top1: float | None, least_coverage: float) -> Judged:
    """Weigh one cell's evidence; nothing is raised, whatever is missing becomes an issue."""
    runs = [sample for sample in evidence.samples if sample.phase == "run"]
    latency = summarize([sample.duration_ns / _NANOSECONDS_PER_MILLISECOND for sample in runs])
    record = evidence.record
    errors = _errors(cell, record, runs, evidence)
    invalid = _invalid(cell, evidence) if not errors else []
    degraded = _degraded(cell, evidence, runs) if not errors else []
    agreement, disagreements = _agreement(cell, evidence)
    top1 = evidence.right / evidence.labelled if evidence.labelled else None
    failures = [*_defects(evidence), *disagreements, *_low(cell, evidence, top1, least_top1, least_coverage)]
    if errors:
        outcome, validity = Outcome.ERROR, Validity.INVALID
    elif invalid:
        outcome, validity = Outcome.SKIP, Validity.INVALID
    else:
        outcome = Outcome.FAIL if failures else Outcome.PASS
        validity = Validity.DEGRADED if degraded else Validity.VALID
    return Judged(
        cell=cell,
        outcome=outcome,
        validity=validity,
        issues=(*errors, *invalid, *failures, *degraded),
        coverage=evidence.coverage,
        agreement=agreement,
        top1=top1,
        latency=latency,
        init_ms=record.init_ns / _NANOSECONDS_PER_MILLISECOND if record and record.status == "ready" else None,
    )


def exit_code(rows: Sequence[Judged]) -> ExitCode:
    """The run's exit code: a failed or broken cell before an invalid one; known invalid cells count for neither."""
    if any(row.outcome in (Outcome.FAIL, Outcome.ERROR) for row in rows):
        return ExitCode.FAILED
    if any(row.validity is Validity.INVALID and not row.expected for row in rows):
        return ExitCode.INVALID
    return ExitCode.PASSED


def _errors(cell: Cell, record: CellRecord | None, runs: Sequence[SampleRecord], evidence: Evidence) -> list[Issue]:
    if record is None:
        return [Issue("cell.not_executed", Owner.DEVICE, "the run ended before its turn came")]
    if record.status == "refused":
        owner = Owner.MODEL if cell.options.delegate == "gpu" else Owner.APP
        code = "gpu.refused" if cell.options.delegate == "gpu" else "cpu.refused"
        return [Issue(code, owner, record.error or "the interpreter refused the model")]
    if record.status == "failed":
        return [Issue("cell.failed", Owner.APP, record.error or "an inference failed")]
    if len(runs) < cell.rounds:
        return [Issue("cell.incomplete", Owner.DEVICE, f"{len(runs)} of {cell.rounds} rounds came")]
    if not evidence.outputs:
        return [Issue("cell.no_outputs", Owner.DEVICE, "its output tensors did not arrive")]
    return []


def _invalid(cell: Cell, evidence: Evidence) -> list[Issue]:
    if evidence.coverage is None:
        return [Issue("coverage.unknown", Owner.DEVICE, "the log lost the lines that tell what the delegate took")]
    if cell.options.delegate != "gpu":
        return []
    taken = evidence.coverage.of(GPU_DELEGATE)
    if taken is None or taken.taken == 0:
        beside = evidence.coverage.of(XNNPACK_DELEGATE)
        ran = f"; XNNPACK ran {beside.taken} of {beside.total} on the CPU" if beside else "; the CPU ran it all"
        return [Issue("gpu.not_applied", Owner.MODEL, f"GpuDelegate took no node{ran}")]
    wanted = cell.options.api
    if wanted != "any" and evidence.coverage.api.lower() != wanted:
        got = evidence.coverage.api or "no API that it named"
        return [Issue("gpu.other_api", Owner.DEVICE, f"asked for {wanted}, GpuDelegate used {got}")]
    return []


def _degraded(cell: Cell, evidence: Evidence, runs: Sequence[SampleRecord]) -> list[Issue]:
    found = []
    taken = evidence.coverage.of(GPU_DELEGATE) if evidence.coverage else None
    if cell.options.delegate == "gpu" and taken is not None and 0 < taken.taken < taken.total:
        text = f"GpuDelegate took {taken.taken} of {taken.total} nodes, in {taken.partitions} partitions"
        found.append(Issue("gpu.partial", Owner.MODEL, text))
    answers: dict[str, set[tuple[str, ...]]] = {}
    for sample in runs:
        answers.setdefault(sample.input, set()).add(tuple(output.sha256 for output in sample.outputs))
    if unsteady := sorted(name for name, hashes in answers.items() if len(hashes) > 1):
        text = f"answers differ from round to round on {', '.join(unsteady)}"
        found.append(Issue("output.unsteady", Owner.DEVICE, text))
    if any(sample.thermal > 0 for sample in runs):
        found.append(
            Issue("device.throttled", Owner.DEVICE, "the device reported thermal throttling while it measured")
        )
    return found


def _defects(evidence: Evidence) -> list[Issue]:
    found = []
    for name, tensors in evidence.outputs.items():
        for index, tensor in enumerate(tensors):
            found += [
                Issue("output.defect", Owner.DEVICE, f"{name}: output {index} is {what}") for what in defects(tensor)
            ]
    return found


def _agreement(cell: Cell, evidence: Evidence) -> tuple[Agreement | None, list[Issue]]:
    rule, worst, found = cell.rule, None, []
    for name, tensors in evidence.outputs.items():
        if name not in evidence.reference:
            text = f"{name}: no answer of {rule.against} to compare with"
            found.append(Issue("agreement.no_reference", Owner.HARNESS, text))
            continue
        for index, (reference, candidate) in enumerate(zip(evidence.reference[name], tensors, strict=True)):
            scale, zero_point = evidence.quantization[index] if index < len(evidence.quantization) else (0.0, 0)
            try:
                distance = compare(reference, candidate, scale=scale, zero_point=zero_point)
            except ValueError as error:
                found.append(Issue("agreement.shape", Owner.HARNESS, f"{name}: output {index}: {error}"))
                continue
            if worst is None or distance.max_abs > worst.max_abs:
                worst = distance
            found += _apart(cell, name, index, distance)
    return worst, found


def _apart(cell: Cell, name: str, index: int, distance: Agreement) -> list[Issue]:
    rule = cell.rule
    where = (
        f"{name}: output {index} at {list(distance.index)} is {distance.candidate:.6g}, "
        f"{rule.against} says {distance.reference:.6g}"
    )
    found = []
    if rule.max_abs is not None and not distance.max_abs <= rule.max_abs:
        text = f"{where}: {distance.max_abs:.2g} apart, {rule.max_abs:g} allowed"
        found.append(Issue("agreement.max_abs", Owner.MODEL, text))
    if rule.max_steps is not None and (distance.steps is None or distance.steps > rule.max_steps):
        text = f"{where}: {distance.steps} quantization steps apart, {rule.max_steps} allowed"
        found.append(Issue("agreement.max_steps", Owner.MODEL, text))
    if rule.same_top and not distance.same_top:
        found.append(Issue("agreement.top", Owner.MODEL, f"{name}: output {index} has its largest value elsewhere"))
    return found


def _low(
    cell: Cell, evidence: Evidence, top1: float | None, least_top1: float | None, least_coverage: float
) -> list[Issue]:
    found = []
    if least_top1 is not None and top1 is not None and top1 < least_top1:
        text = f"{evidence.right} of {evidence.labelled} inputs have the right label first, {least_top1:.0%} wanted"
        found.append(Issue("accuracy.top1", Owner.MODEL, text))
    taken = evidence.coverage.of(GPU_DELEGATE) if evidence.coverage else None
    if cell.options.delegate == "gpu" and taken is not None and taken.taken < least_coverage * taken.total:
        text = f"GpuDelegate took {taken.taken} of {taken.total} nodes, {least_coverage:.0%} wanted"
        found.append(Issue("coverage.low", Owner.MODEL, text))
    return found
