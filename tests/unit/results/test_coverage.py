"""Coverage out of the library's own log lines."""

from __future__ import annotations

from harness.results.coverage import GPU_DELEGATE, Taken, observe

RUN = "20260101-000000-abcdef"
TAKEN = "Replacing 29 out of 31 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 2 partitions for the whole graph."


def test_lines_between_the_marks_belong_to_the_cell() -> None:
    """Each cell has what was logged between its own begin and end."""
    seen = observe(
        [
            f"cell begin {RUN} m/fp32/cpu",
            f"cell end {RUN} m/fp32/cpu",
            f"cell begin {RUN} m/fp32/gpu",
            "Initialized OpenCL-based API.",
            TAKEN,
            f"cell end {RUN} m/fp32/gpu",
        ],
        RUN,
    )
    assert seen["m/fp32/cpu"].takes == ()
    assert seen["m/fp32/gpu"].of(GPU_DELEGATE) == Taken(GPU_DELEGATE, 29, 31, 2)
    assert seen["m/fp32/gpu"].api == "OpenCL"


def test_lost_mark_is_unknown_not_zero() -> None:
    """A cell whose end mark the log lost isn't in the result."""
    assert observe([f"cell begin {RUN} m/fp32/gpu", TAKEN], RUN) == {}


def test_other_runs_are_left_out() -> None:
    """Marks of an older run in the same log say nothing about this one."""
    assert observe(["cell begin old m/fp32/gpu", TAKEN, "cell end old m/fp32/gpu"], RUN) == {}
