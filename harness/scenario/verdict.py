"""What a cell's evidence amounts to: outcome, validity and owner, three axes that are never folded into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

from harness.errors import Owner
from harness.models.tasks.base import Kind, Score
from harness.results.agreement import Agreement, Array, compare, defects
from harness.results.coverage import GPU_DELEGATE, XNNPACK_DELEGATE, Coverage
from harness.results.document import AgreementRow, Issue, LatencyRow, Outcome, Row, ScoreRow, TakenRow, Validity
from harness.results.records import CellRecord, SampleRecord
from harness.results.stats import summarize
from harness.scenario.plan import Cell
from harness.scenario.tolerances import Tolerance, tolerance_of

_NANOSECONDS_PER_MILLISECOND = 1e6


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one cell.

    `outputs` and `reference` map an input's name to its output tensors in the model's order, raw as they came; scale and
    zero point (`quantization`) and kind belong to each output. `scores` are the task's figures.
    """

    record: CellRecord | None
    samples: Sequence[SampleRecord] = ()
    coverage: Coverage | None = None
    outputs: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    reference: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    quantization: Sequence[tuple[float, int]] = ()
    kinds: Sequence[Kind] = ()
    scores: Sequence[Score] = ()


def judge(
    cell: Cell,
    evidence: Evidence,
    *,
    least_coverage: float,
    model_bytes: int,
    latency_of: str,
    predicted: int | None = None,
    answers: Mapping[str, str] = MappingProxyType({}),
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> Row:
    """Weigh one cell's evidence; nothing is raised, whatever is missing becomes an issue.

    `predicted` is how many nodes GpuDelegate should take; `answers` and `unreadable` have a line an input, what was
    answered and why an answer can't be read.
    """
    runs = [sample for sample in evidence.samples if sample.phase == "run"]
    errors = _errors(cell, evidence.record, runs, evidence)
    invalid = _invalid(cell, evidence) if not errors else []
    degraded = _degraded(cell, evidence, runs, predicted) if not errors else []
    agreement, disagreements = _agreement(cell, evidence)
    unread = [
        Issue(code="answer.unreadable", owner=Owner.MODEL, text=f"{name}: {why}") for name, why in unreadable.items()
    ]
    failures = [*_defects(evidence), *disagreements, *unread, *_low(cell, evidence, least_coverage)]
    if errors:
        outcome, validity = Outcome.ERROR, Validity.INVALID
    elif invalid:
        outcome, validity = Outcome.SKIP, Validity.INVALID
    else:
        outcome = Outcome.FAIL if failures else Outcome.PASS
        validity = Validity.DEGRADED if degraded else Validity.VALID
    issues = (*errors, *invalid, *failures, *degraded)
    latency = summarize([sample.duration_ns / _NANOSECONDS_PER_MILLISECOND for sample in runs])
    ready = evidence.record is not None and evidence.record.status == "ready"
    return Row(
        cell=cell.id,
        model=cell.model,
        variant=cell.variant,
        backend=cell.backend,
        delegate=cell.options.delegate,
        outcome=outcome,
        validity=validity,
        issues=issues,
        known=_known(cell, errors or invalid or failures),
        model_bytes=model_bytes,
        gpu_api=_gpu_api(cell, evidence.coverage),
        coverage=_coverage_row(evidence.coverage),
        predicted=predicted if cell.options.delegate == "gpu" else None,
        agreement=agreement,
        answers=dict(answers),
        scores=tuple(ScoreRow(**asdict(score)) for score in evidence.scores),
        init_ms=evidence.record.init_ns / _NANOSECONDS_PER_MILLISECOND if evidence.record and ready else None,
        latency=LatencyRow(**asdict(latency)) if latency else None,
        latency_of=latency_of,
    )


def _gpu_api(cell: Cell, coverage: Coverage | None) -> str:
    """The API that the library named, or, since it names each only once a process, the one that it was held to."""
    if coverage is None or coverage.of(GPU_DELEGATE) is None:
        return ""
    return coverage.api.lower() or (cell.options.api if cell.options.api != "any" else "")


def _known(cell: Cell, reasons: Sequence[Issue]) -> str:
    """Why the scenario expected this cell not to pass: it has to know every reason."""
    why = {known.code: known.why for known in cell.known}
    codes = list(dict.fromkeys(issue.code for issue in reasons))
    return "; ".join(dict.fromkeys(why[code] for code in codes)) if all(code in why for code in codes) else ""


def _coverage_row(coverage: Coverage | None) -> tuple[TakenRow, ...] | None:
    return tuple(TakenRow(**asdict(take)) for take in coverage.takes) if coverage is not None else None


def _errors(cell: Cell, record: CellRecord | None, runs: Sequence[SampleRecord], evidence: Evidence) -> list[Issue]:
    if record is None:
        return [Issue(code="cell.not_executed", owner=Owner.DEVICE, text="the run ended before its turn came")]
    if record.status == "refused":
        owner = Owner.MODEL if cell.options.delegate == "gpu" else Owner.APP
        code = "gpu.refused" if cell.options.delegate == "gpu" else "cpu.refused"
        return [Issue(code=code, owner=owner, text=record.error or "the interpreter refused the model")]
    if record.status == "failed":
        return [Issue(code="cell.failed", owner=Owner.APP, text=record.error or "an inference failed")]
    if len(runs) < cell.rounds:
        return [Issue(code="cell.incomplete", owner=Owner.DEVICE, text=f"{len(runs)} of {cell.rounds} rounds came")]
    if not evidence.outputs:
        return [Issue(code="cell.no_outputs", owner=Owner.DEVICE, text="its output tensors did not arrive")]
    return []


def _invalid(cell: Cell, evidence: Evidence) -> list[Issue]:
    if cell.options.delegate != "gpu":
        return []
    if evidence.coverage is None:
        text = "the log lost the lines that tell what the delegate took"
        return [Issue(code="coverage.unknown", owner=Owner.DEVICE, text=text)]
    taken = evidence.coverage.of(GPU_DELEGATE)
    if taken is None or taken.taken == 0:
        beside = evidence.coverage.of(XNNPACK_DELEGATE)
        ran = f"XNNPACK ran {beside.taken} of {beside.total} on the CPU" if beside else "the CPU ran it all"
        return [Issue(code="gpu.not_applied", owner=Owner.MODEL, text=f"GpuDelegate took no node; {ran}")]
    wanted, got = cell.options.api, evidence.coverage.api
    if got and wanted not in ("any", got.lower()):
        return [Issue(code="gpu.other_api", owner=Owner.DEVICE, text=f"asked for {wanted}, GpuDelegate used {got}")]
    return []


def _degraded(cell: Cell, evidence: Evidence, runs: Sequence[SampleRecord], predicted: int | None) -> list[Issue]:
    found = []
    taken = evidence.coverage.of(GPU_DELEGATE) if evidence.coverage else None
    if cell.options.delegate == "gpu" and taken is not None and 0 < taken.taken < taken.total:
        text = f"GpuDelegate took {taken.taken} of {taken.total} nodes, in {taken.partitions} partitions"
        found.append(Issue(code="gpu.partial", owner=Owner.MODEL, text=text))
    if cell.options.delegate == "gpu" and taken is not None and predicted not in (None, taken.taken):
        text = f"GpuDelegate took {taken.taken} of {taken.total} nodes, and {predicted} were predicted"
        found.append(Issue(code="coverage.mispredicted", owner=Owner.HARNESS, text=text))
    if (
        cell.options.delegate == "cpu"
        and cell.options.xnnpack
        and evidence.coverage is not None
        and not evidence.coverage.takes
    ):
        found.append(Issue(code="cpu.no_xnnpack", owner=Owner.MODEL, text="XNNPACK took no node: slower kernels ran"))
    answers: dict[str, set[tuple[str, ...]]] = {}
    for sample in runs:
        answers.setdefault(sample.input, set()).add(tuple(output.sha256 for output in sample.outputs))
    if unsteady := sorted(name for name, hashes in answers.items() if len(hashes) > 1):
        text = f"answers differ from round to round on {', '.join(unsteady)}"
        found.append(Issue(code="output.unsteady", owner=Owner.DEVICE, text=text))
    if any(sample.thermal > 0 for sample in runs):
        found.append(
            Issue(
                code="device.throttled",
                owner=Owner.DEVICE,
                text="the device reported thermal throttling while it measured",
            )
        )
    return found


def _defects(evidence: Evidence) -> list[Issue]:
    found = []
    for name, tensors in evidence.outputs.items():
        for index, tensor in enumerate(tensors):
            constant = _kind(evidence, index) is Kind.CLASSES  # all objects, or all pixels, may be of one class
            found += [
                Issue(code="output.defect", owner=Owner.DEVICE, text=f"{name}: output {index} is {what}")
                for what in defects(tensor, constant=constant)
            ]
    return found


def _agreement(cell: Cell, evidence: Evidence) -> tuple[tuple[AgreementRow, ...], list[Issue]]:
    """The worst row of each output, and what is too far apart on any input."""
    worst: dict[int, AgreementRow] = {}
    found: list[Issue] = []
    for name, tensors in evidence.outputs.items():
        if name not in evidence.reference:
            text = f"{name}: no answer of {cell.rule.against} to compare with"
            found.append(Issue(code="agreement.no_reference", owner=Owner.HARNESS, text=text))
            continue
        for index, (reference, candidate) in enumerate(zip(evidence.reference[name], tensors, strict=True)):
            scale, zero_point = evidence.quantization[index] if index < len(evidence.quantization) else (0.0, 0)
            try:
                distance = compare(reference, candidate, scale=scale, zero_point=zero_point)
            except ValueError as error:
                text = f"{name}: output {index}: {error}"
                found.append(Issue(code="agreement.shape", owner=Owner.MODEL, text=text))
                continue
            kind = _kind(evidence, index)
            allowed = tolerance_of(
                cell.rule, kind, cell.variant, cell.options, quantised=scale != 0.0, largest=distance.largest
            )
            row = _agreement_row(cell, name, index, kind, distance, allowed)
            if index not in worst or row.strain > worst[index].strain:
                worst[index] = row
            found += _apart(cell, name, index, distance, allowed)
    return tuple(row for _, row in sorted(worst.items())), found


def _kind(evidence: Evidence, index: int) -> Kind:
    return evidence.kinds[index] if index < len(evidence.kinds) else Kind.VECTOR


def _agreement_row(
    cell: Cell, name: str, index: int, kind: Kind, distance: Agreement, allowed: Tolerance
) -> AgreementRow:
    return AgreementRow(
        output=index,
        kind=kind,
        against=cell.rule.against,
        input=name,
        max_abs=distance.max_abs,
        mean_abs=distance.mean_abs,
        cosine=distance.cosine,
        steps=distance.steps,
        differing=distance.differing,
        same_top=distance.same_top,
        basis=allowed.basis,
        allowed_max_abs=allowed.max_abs,
        allowed_steps=allowed.steps,
        allowed_differing=allowed.differing,
        allowed_mean_abs=allowed.mean_abs,
    )


def _apart(cell: Cell, name: str, index: int, distance: Agreement, allowed: Tolerance) -> list[Issue]:
    where = (
        f"{name}: output {index} at {list(distance.index)} is {distance.candidate:.6g}, "
        f"{cell.rule.against} says {distance.reference:.6g}"
    )
    found = []
    if allowed.max_abs is not None and not distance.max_abs <= allowed.max_abs:
        text = f"{where}: {distance.max_abs:.2g} apart, {allowed.max_abs:.2g} allowed ({allowed.basis})"
        found.append(Issue(code="agreement.max_abs", owner=Owner.MODEL, text=text))
    if allowed.steps is not None and (distance.steps is None or distance.steps > allowed.steps):
        text = f"{where}: {distance.steps} quantization steps apart, {allowed.steps} allowed ({allowed.basis})"
        found.append(Issue(code="agreement.max_steps", owner=Owner.MODEL, text=text))
    if allowed.differing is not None and distance.differing > allowed.differing:
        text = (
            f"{name}: output {index} differs in {distance.differing:.1%} of its places, {allowed.differing:.0%} allowed"
        )
        found.append(Issue(code="agreement.classes", owner=Owner.MODEL, text=text))
    if allowed.mean_abs is not None and not distance.mean_abs <= allowed.mean_abs:
        text = f"{name}: output {index} is {distance.mean_abs:.2g} apart in the mean, {allowed.mean_abs:.2g} allowed"
        found.append(Issue(code="agreement.mean_abs", owner=Owner.MODEL, text=f"{text} ({allowed.basis})"))
    if allowed.same_top and not distance.same_top:
        text = f"{name}: output {index} has its largest value elsewhere"
        found.append(Issue(code="agreement.top", owner=Owner.MODEL, text=text))
    return found


def _low(cell: Cell, evidence: Evidence, least_coverage: float) -> list[Issue]:
    found = []
    for rule in cell.scores:
        named = [score for score in evidence.scores if rule.metric in ("", score.name)]
        if named and named[0].value < rule.least:
            score = ScoreRow(**asdict(named[0]))
            text = f"{score} on {score.of} inputs, {rule.least:g} wanted"
            found.append(Issue(code="score.low", owner=Owner.MODEL, text=text))
        elif evidence.scores and not named:
            known = ", ".join(score.name for score in evidence.scores)
            text = f"no figure '{rule.metric}' to hold against {rule.least:g}; there are {known}"
            found.append(Issue(code="score.unknown", owner=Owner.USER, text=text))
    taken = evidence.coverage.of(GPU_DELEGATE) if evidence.coverage else None
    if cell.options.delegate == "gpu" and taken is not None and taken.taken < least_coverage * taken.total:
        text = f"GpuDelegate took {taken.taken} of {taken.total} nodes, {least_coverage:.0%} wanted"
        found.append(Issue(code="coverage.low", owner=Owner.MODEL, text=text))
    return found
