"""Coverage out of the library's own log lines."""

from __future__ import annotations

import pytest

from harness.results.coverage import GPU_DELEGATE, Taken, observe

RUN = "20260101-000000-abcdef"
TAKEN = "Replacing 29 out of 31 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 2 partitions for the whole graph."


APP = 7


def said(*messages: str, pid: int = APP) -> list[tuple[int, str]]:
    return [(pid, message) for message in messages]


def test_lines_between_the_marks_belong_to_the_cell() -> None:
    """Each cell has what was logged between its own begin and end."""
    seen = observe(
        said(
            f"cell begin {RUN} m/fp32/cpu",
            f"cell end {RUN} m/fp32/cpu",
            f"cell begin {RUN} m/fp32/gpu",
            "Initialized OpenCL-based API.",
            TAKEN,
            f"cell end {RUN} m/fp32/gpu",
        ),
        RUN,
    )
    assert seen["m/fp32/cpu"].takes == ()
    assert seen["m/fp32/gpu"].of(GPU_DELEGATE) == Taken(GPU_DELEGATE, 29, 31, 2)
    assert seen["m/fp32/gpu"].api == "OpenCL"


def test_other_apps_are_not_heard() -> None:
    """What another process logs meanwhile says nothing about this cell."""
    begin, end = said(f"cell begin {RUN} m/fp32/gpu"), said(f"cell end {RUN} m/fp32/gpu")
    assert observe([*begin, *said(TAKEN, pid=APP + 1), *end], RUN)["m/fp32/gpu"].takes == ()


@pytest.mark.fault("F40")
def test_lost_mark_is_unknown_not_zero() -> None:
    """A cell whose end mark the log lost isn't in the result."""
    assert observe(said(f"cell begin {RUN} m/fp32/gpu", TAKEN), RUN) == {}


def test_other_runs_are_left_out() -> None:
    """Marks of an older run in the same log say nothing about this one."""
    assert observe(said("cell begin old m/fp32/gpu", TAKEN, "cell end old m/fp32/gpu"), RUN) == {}
