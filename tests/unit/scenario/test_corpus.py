"""How a case of the corpus is judged: by the CPU's own answer and by what the delegate took."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import UsageError
from harness.models.corpus import WEBGPU, Fate, corpus
from harness.results.agreement import compare
from harness.scenario.corpus import chosen, fate_of, run_corpus

CPU = np.array([100.0, -50.0], np.float32)


@pytest.mark.parametrize(
    ("candidate", "fate"),
    [
        ([100.0, -50.0], Fate.RIGHT),
        ([100.09, -50.0], Fate.RIGHT),
        ([100.2, -50.0], Fate.WRONG),
        ([np.nan, -50.0], Fate.WRONG),
        ([np.inf, -50.0], Fate.WRONG),
    ],
)
def test_wrong_beyond_a_thousandth_of_the_largest(candidate: list[float], fate: Fate) -> None:
    """Apart by up to 0.1 % of the largest number is right; more, NaN or infinity is wrong."""
    assert fate_of(1, compare(CPU, np.array(candidate, np.float32)), (CPU,)) is fate


def test_what_the_cpu_ran_says_nothing_of_the_gpu() -> None:
    """A right answer without a node taken is the CPU's own."""
    assert fate_of(0, compare(CPU, CPU), (CPU,)) is Fate.CPU


def test_no_answer_is_wrong() -> None:
    """A cell that raised nothing and left nothing isn't right."""
    assert fate_of(1, None, (CPU,)) is Fate.WRONG


def test_cases_by_name() -> None:
    """Named cases only, in the corpus' order; an unknown name is told with the nearest."""
    assert [case.name for case in chosen(["padv2", "relu-rank4"])] == ["relu-rank4", "padv2"]
    assert len(chosen([])) > 100
    with pytest.raises(UsageError, match="relu-rank4"):
        chosen(["relu-rnk4"])


def test_every_wrong_one_is_flagged_on_webgpu_and_no_control_is() -> None:
    """The whole corpus on the host's accelerator, without a device: what is known of each, and nothing else."""
    found = run_corpus(corpus(), backends=(WEBGPU,))
    assert [(row.case.name, row.fate, row.error) for row in found.surprises] == []
    flagged = {row.case.name for row in found.rows if row.fate is Fate.WRONG}
    assert flagged == {case.name for case in corpus() if case.fates[WEBGPU] is Fate.WRONG}
    assert {"pad-rank3-hwc", "add-rank2-rank3"} <= flagged
    assert all(row.taken == row.total for row in found.rows if row.fate is Fate.WRONG)
    assert found.folders == ()


def test_an_unknown_backend_is_told() -> None:
    """With the nearest that there is, before anything runs."""
    with pytest.raises(UsageError, match="webgpu"):
        run_corpus(chosen(["tanh"]), backends=("webgp",))
