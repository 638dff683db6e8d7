"""What a cell's evidence amounts to: outcome, validity and owner stay three axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ExitCode, Owner
from harness.models.tasks.base import Kind, Score
from harness.results.agreement import Array
from harness.results.coverage import GPU_DELEGATE, XNNPACK_DELEGATE, Coverage, Taken
from harness.results.document import Outcome, Row, RunResults, Validity
from harness.results.records import CellRecord, SampleRecord
from harness.scenario.plan import Cell
from harness.scenario.schema import AgreementRule, Backend, Known, ScoreRule
from harness.scenario.verdict import Evidence, judge

RUN = "20260101-000000-abcdef"
GPU = Backend(delegate="gpu", api="opencl", precision_loss=False)
CPU = Backend(delegate="cpu")
SCORES = np.array([[0.1, 0.9]], np.float32)
ALL_TAKEN = Coverage((Taken(GPU_DELEGATE, 61, 61, 1),), "OpenCL")


def cell_of(options: Backend, *, known: str = "", rounds: int = 3) -> Cell:
    return Cell(
        model="m",
        variant="fp32",
        backend="gpu-opencl" if options.delegate == "gpu" else "cpu",
        options=options,
        warmup=1,
        rounds=rounds,
        rule=AgreementRule(against="cpu" if options.delegate == "gpu" else "tensorflow", max_abs=1e-4),
        scores=(ScoreRule(metric="top-1", least=1.0),),
        known=(Known(code=known, why="as stated"),) if known else (),
    )


def evidence_of(
    *,
    status: str = "ready",
    error: str = "",
    rounds: int = 3,
    coverage: Coverage | None = ALL_TAKEN,
    output: Array = SCORES,
    reference: Mapping[str, tuple[Array, ...]] | None = None,
    top1: float = 1.0,
) -> Evidence:
    record = CellRecord.model_validate(
        {
            "type": "cell",
            "run_id": RUN,
            "seq": 1,
            "cell": "m/fp32/x",
            "status": status,
            "error": error,
            "init_ns": 1_000_000,
        }
    )
    samples = [
        SampleRecord.model_validate(
            {
                "type": "sample", "run_id": RUN, "seq": 2 + number, "cell": "m/fp32/x", "phase": "run", "round": number,
                "input": "cat", "start_ns": number, "duration_ns": 2_000_000,
                "outputs": [{"index": 0, "dtype": "float32", "shape": [1, 2], "bytes": 8, "sha256": "0"}],
            }
        )
        for number in range(rounds)
    ]  # fmt: skip
    return Evidence(
        record=record,
        samples=samples,
        coverage=coverage,
        outputs={"cat": (output,)} if status == "ready" else {},
        reference={"cat": (SCORES,)} if reference is None else reference,
        quantization=((0.0, 0),),
        kinds=(Kind.SCORES,),
        scores=(Score("top-1", top1, 1, int(top1)),),
    )


def verdict_of(cell: Cell, evidence: Evidence) -> Row:
    return judge(cell, evidence, least_coverage=0.0, model_bytes=1, latency_of="phone", predicted=61)


def results_of(*rows: Row) -> RunResults:
    return RunResults.model_validate(
        {
            "schema": 1,
            "run_id": RUN,
            "status": "complete",
            "scenario": "s",
            "harness": "0",
            "started_utc": "",
            "rows": rows,
        }
    )


def test_clean_pass() -> None:
    """Agreeing outputs, the right label, every node taken, every round there: a valid pass without a remark."""
    row = verdict_of(cell_of(GPU), evidence_of())
    assert (row.outcome, row.validity, row.reason) == (Outcome.PASS, Validity.VALID, "")
    assert row.latency is not None
    assert row.latency.median == pytest.approx(2.0)
    assert results_of(row).exit_code is ExitCode.PASSED


@pytest.mark.fault("F35")
def test_gpu_that_took_nothing_is_invalid_not_a_pass() -> None:
    """A GPU cell that ran on the CPU is no evidence about the GPU, however well it agrees."""
    ran_on_cpu = Coverage((Taken(XNNPACK_DELEGATE, 61, 61, 1),))
    row = verdict_of(cell_of(GPU), evidence_of(coverage=ran_on_cpu))
    assert (row.outcome, row.validity) == (Outcome.SKIP, Validity.INVALID)
    assert row.issues[0].code == "gpu.not_applied"
    assert results_of(row).exit_code is ExitCode.INVALID


def test_a_known_failure_does_not_turn_the_run_red_either() -> None:
    """A model that a GPU is known to compute wrongly stays a failure, and another reason beside it still counts."""
    far = evidence_of(output=np.array([[0.15, 0.85]], np.float32))
    row = verdict_of(cell_of(GPU, known="agreement.max_abs"), far)
    assert (row.outcome, row.known, results_of(row).exit_code) == (Outcome.FAIL, "as stated", ExitCode.PASSED)
    both = evidence_of(output=np.array([[0.15, 0.85]], np.float32), top1=0.0)
    row = verdict_of(cell_of(GPU, known="agreement.max_abs"), both)
    assert (row.known, results_of(row).exit_code) == ("", ExitCode.FAILED)
    assert verdict_of(cell_of(GPU, known="agreement.max_abs"), evidence_of()).known == ""


def test_known_does_not_turn_the_run_red() -> None:
    """A scenario that states the reason beforehand exits 0; another reason still counts."""
    nothing = evidence_of(coverage=Coverage())
    assert results_of(verdict_of(cell_of(GPU, known="gpu.not_applied"), nothing)).exit_code is ExitCode.PASSED
    assert results_of(verdict_of(cell_of(GPU, known="coverage.unknown"), nothing)).exit_code is ExitCode.INVALID


def test_unknown_coverage_is_invalid() -> None:
    """What the log lost is unknown, not zero and not full."""
    assert verdict_of(cell_of(GPU), evidence_of(coverage=None)).issues[0].code == "coverage.unknown"


def test_other_api_than_asked() -> None:
    """Asked for OpenCL and answered by OpenGL: the cell doesn't measure what its name says."""
    other = Coverage((Taken(GPU_DELEGATE, 61, 61, 1),), "OpenGL")
    assert verdict_of(cell_of(GPU), evidence_of(coverage=other)).issues[0].code == "gpu.other_api"


@pytest.mark.fault("F35")
def test_partly_taken_is_degraded() -> None:
    """Nodes left to the CPU don't fail the cell, but its row says so."""
    part = Coverage((Taken(GPU_DELEGATE, 29, 31, 2),), "OpenCL")
    row = verdict_of(cell_of(GPU), evidence_of(coverage=part))
    assert (row.outcome, row.validity) == (Outcome.PASS, Validity.DEGRADED)
    assert "29 of 31" in row.reason


def test_disagreement_names_both_values() -> None:
    """A difference beyond the limit fails with the place and both values."""
    row = verdict_of(cell_of(GPU), evidence_of(output=np.array([[0.15, 0.85]], np.float32)))
    assert row.outcome is Outcome.FAIL
    assert "cpu says" in row.reason
    assert "0.0001 allowed" in row.reason
    assert results_of(row).exit_code is ExitCode.FAILED


@pytest.mark.parametrize(("apart", "outcome"), [(0.009, Outcome.PASS), (0.02, Outcome.FAIL)])
def test_a_mask_in_half_floats_is_judged_by_the_mean(apart: float, outcome: Outcome) -> None:
    """One of two values apart: its half may be 5e-3, however large the one is."""
    half = replace(cell_of(Backend(delegate="gpu")), rule=AgreementRule(against="cpu"))
    output = SCORES + np.array([[apart, 0]], np.float32)
    row = verdict_of(half, replace(evidence_of(output=output), kinds=(Kind.MASKS,)))
    assert row.outcome is outcome
    assert row.worst is not None
    assert (row.worst.allowed_max_abs, row.worst.allowed_mean_abs) == (None, 5e-3)
    assert row.worst.strain == pytest.approx(apart / 2 / 5e-3, rel=1e-3)
    if outcome is Outcome.FAIL:
        assert (row.issues[0].code, row.reason) == (
            "agreement.mean_abs",
            "cat: output 0 is 0.01 apart in the mean, 0.005 allowed (fp32 masks in half floats, in the mean)",
        )


def test_wrong_label_fails() -> None:
    """Agreement doesn't excuse a wrong answer."""
    row = verdict_of(cell_of(CPU), evidence_of(top1=0.0))
    assert (row.issues[0].code, row.reason) == ("score.low", "top-1 0/1 on 1 inputs, 1 wanted")


def test_a_prediction_that_did_not_come_true_is_said() -> None:
    """Fewer or more nodes than predicted: the row is degraded and names both counts, for the table to be mended."""
    part = Coverage((Taken(GPU_DELEGATE, 60, 60, 1),), "OpenCL")
    row = verdict_of(cell_of(GPU), evidence_of(coverage=part))
    assert (row.validity, row.issues[0].code) == (Validity.DEGRADED, "coverage.mispredicted")
    assert "took 60 of 60 nodes, and 61 were predicted" in row.reason


def test_an_answer_that_cannot_be_read_fails() -> None:
    """Outputs that the task can't decode are no pass, however well they agree."""
    row = judge(
        cell_of(CPU), evidence_of(), least_coverage=0.0, model_bytes=1, latency_of="phone", unreadable={"cat": "no box"}
    )
    assert (row.outcome, row.issues[0].code, row.reason) == (Outcome.FAIL, "answer.unreadable", "cat: no box")


@pytest.mark.fault("F36")
def test_nan_fails_even_if_the_reference_has_it() -> None:
    """NaN is a failure whatever it is compared with."""
    broken = np.array([[np.nan, 0.9]], np.float32)
    row = verdict_of(cell_of(GPU), evidence_of(output=broken, reference={"cat": (broken,)}))
    assert row.outcome is Outcome.FAIL
    assert row.issues[0].code == "output.defect"


def test_one_class_throughout_is_no_defect() -> None:
    """All objects of a photo may be people; scores that are all the same are still broken."""
    same = np.zeros((1, 2), np.float32)
    evidence = evidence_of(output=same, reference={"cat": (same,)})
    assert verdict_of(cell_of(GPU), replace(evidence, kinds=(Kind.CLASSES,))).outcome is Outcome.PASS
    assert verdict_of(cell_of(GPU), evidence).issues[0].code == "output.defect"


def test_another_number_of_objects_is_the_models_disagreement() -> None:
    """A backend that finds one object where the other finds two fails, and the two shapes are named."""
    row = verdict_of(cell_of(GPU), evidence_of(output=np.array([[0.9]], np.float32)))
    assert (row.outcome, row.issues[0].code, row.issues[0].owner) == (Outcome.FAIL, "agreement.shape", Owner.MODEL)
    assert "[1, 2]" in row.reason
    assert "[1, 1]" in row.reason


def test_refusal_carries_the_delegates_words() -> None:
    """A model that the delegate refuses is an error of the model, in the delegate's own words; red unless known."""
    row = verdict_of(cell_of(GPU), evidence_of(status="refused", error="No shader implementation for transpose"))
    assert (row.outcome, row.issues[0].code) == (Outcome.ERROR, "gpu.refused")
    assert row.reason == "No shader implementation for transpose"
    assert results_of(row).exit_code is ExitCode.FAILED
    known = verdict_of(cell_of(GPU, known="gpu.refused"), evidence_of(status="refused", error="No shader"))
    assert results_of(known).exit_code is ExitCode.PASSED


@pytest.mark.fault("F37")
def test_missing_rounds_are_an_error() -> None:
    """A run that broke off is no shorter run."""
    assert verdict_of(cell_of(GPU), evidence_of(rounds=2)).issues[0].code == "cell.incomplete"


def test_missing_reference_is_not_agreement() -> None:
    """With nothing to compare with, a cell can't pass."""
    row = verdict_of(cell_of(GPU), evidence_of(reference={}))
    assert (row.outcome, row.issues[0].code) == (Outcome.FAIL, "agreement.no_reference")


def test_cell_whose_turn_never_came() -> None:
    """A cell without a record is not executed, not passed."""
    row = verdict_of(cell_of(GPU), Evidence(record=None))
    assert (row.outcome, row.issues[0].code) == (Outcome.ERROR, "cell.not_executed")
