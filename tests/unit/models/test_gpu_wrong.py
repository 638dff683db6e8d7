"""Nodes that are computed wrongly without an error: foreseen for the whole corpus as it was seen on the virtual Pixel."""

from __future__ import annotations

import pytest

from harness.models.corpus import OPENCL, OPENGL, Fate, corpus
from harness.models.gpu_wrong import wrong_nodes
from harness.report.prediction import wrong_lines

CASES = {case.name: case for case in corpus()}


@pytest.mark.parametrize(("api", "backend"), [("opencl", OPENCL), ("opengl", OPENGL)])
def test_foreseen_is_what_was_seen(api: str, backend: str) -> None:
    """Every wrong model is flagged, and no control and none that is refused."""
    flagged = {case.name for case in corpus() if wrong_nodes(case.write())[api]}
    assert flagged == {case.name for case in corpus() if case.fates[backend] is Fate.WRONG}


@pytest.mark.parametrize(
    ("name", "api", "node", "reason"),
    [
        ("mul-rank3-rank4", "opencl", "MUL", "sides of one place mean other axes: 4×5×6 and 1×1×1×6"),
        ("add-constant-larger", "opengl", "ADD", "larger than what it goes through"),
        ("mean-channels", "opencl", "MEAN", "dimensions are dropped"),
        ("greater-select", "opencl", "SELECT_V2", "truth values choose"),
        ("max-pool-batch2", "opengl", "MAX_POOL_2D", "more than one image"),
    ],
)
def test_with_the_node_and_the_reason(name: str, api: str, node: str, reason: str) -> None:
    """The one node that it is, among those that are right."""
    (found,) = wrong_nodes(CASES[name].write())[api]
    assert found.name == node
    assert reason in found.reason


def test_told_with_the_page() -> None:
    """A line a node, and where to read on."""
    first, last = wrong_lines(wrong_nodes(CASES["mul-rank3-rank4"].write()))
    assert first.strip() == (
        "over OpenCL node 0, MUL, is computed wrongly without an error: "
        "sides of one place mean other axes: 4×5×6 and 1×1×1×6"
    )
    assert "docs/gpu_wrong.md" in last
    assert wrong_lines(wrong_nodes(CASES["relu-rank4"].write())) == []
