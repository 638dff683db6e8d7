"""Whether the delegate starts on what it took: foreseen for the whole corpus as it was seen on the virtual Pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.models.corpus import OPENCL, OPENGL, Case, Fate, corpus
from harness.models.gpu_start import start_refusals
from harness.models.graph_writer import NewModel, NewNode, NewTensor, to_bytes
from harness.report.prediction import start_lines

CASES = {case.name: case for case in corpus()}


@pytest.mark.parametrize(("api", "backend"), [("opencl", OPENCL), ("opengl", OPENGL)])
def test_foreseen_is_what_was_seen(api: str, backend: str) -> None:
    """A reason for every model that is refused or ends the app, and none for any other."""

    def seen(case: Case) -> bool:
        return case.fates[backend] in (Fate.REFUSED, Fate.CRASHED)

    foreseen = {case.name: start_refusals(case.write())[api] for case in corpus()}
    assert {name for name, reason in foreseen.items() if reason} == {case.name for case in corpus() if seen(case)}


@pytest.mark.parametrize(
    ("name", "api", "reason"),
    [
        ("gather-table", "opencl", "GATHER 0: gathers from a constant table"),
        ("floor", "opencl", "No selector"),
        ("transpose-rank4", "opengl", "TRANSPOSE 0: no shader"),
        ("relu-batch2", "opengl", "Batch size != 1"),
        ("concat-batch", "opengl", "Batch size mismatch"),
        ("mean-channels", "opengl", "other dimensions than height and width"),
        ("pad-rank3", "opengl", "Padding for BATCH"),
        ("sub-computed-small-first", "opengl", "ends the app"),
    ],
)
def test_with_the_reason(name: str, api: str, reason: str) -> None:
    """The node and its number, and the delegate's own words."""
    assert reason in start_refusals(CASES[name].write())[api]


def test_only_nodes_that_are_taken_count(tmp_path: Path) -> None:
    """A transposition that stays on the CPU refuses nothing: the larger part behind it starts."""
    image = (1, 4, 5, 6)
    tensors = [NewTensor(name, image) for name in ("in", "first", "rounded", "a", "b", "c")]
    order = NewTensor("order", (4,), "int32", values=np.arange(4, dtype=np.int32))
    nodes = (
        NewNode("TRANSPOSE", ("in", "order"), ("first",)),
        NewNode("ROUND", ("first",), ("rounded",)),
        NewNode("RELU", ("rounded",), ("a",)),
        NewNode("RELU", ("a",), ("b",)),
        NewNode("RELU", ("b",), ("c",)),
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(to_bytes(NewModel("parts", (*tensors, order), nodes, ("in",), ("c",))))
    assert start_refusals(path) == {"opencl": "", "opengl": ""}


def test_shown_only_where_it_refuses() -> None:
    """A line for OpenGL, none for OpenCL."""
    (line,) = start_lines(start_refusals(CASES["transpose-rank4"].write()))
    assert line.strip() == "over OpenGL ES it then refuses to start: TRANSPOSE 0: no shader (No shader implementation)"
