"""The must-catch corpus itself: what it has to hold, and that it is the same each time."""

from __future__ import annotations

import re

import numpy as np

from harness.models.corpus import BACKENDS, OPENCL, OPENGL, WEBGPU, Fate, corpus
from harness.models.graph_writer import to_bytes


def test_holds_wrong_ones_and_controls() -> None:
    """Each backend computes some model wrongly; many are right on all; rank-3 PAD and rank-2 + rank-3 ADD are there."""
    cases = {case.name: case for case in corpus()}
    for backend in BACKENDS:
        assert any(case.fates[backend] is Fate.WRONG for case in cases.values())
    assert sum(set(case.fates.values()) == {Fate.RIGHT} for case in cases.values()) > 50
    for name in ("add-rank2-rank3", "pad-rank3-hwc"):
        assert cases[name].fates[OPENCL] is cases[name].fates[WEBGPU] is Fate.WRONG
    assert cases["padv2"].fates[OPENGL] is Fate.WRONG
    assert not cases["pad-rank4"].must_catch


def test_names_are_fit_for_files_and_cells() -> None:
    """A name is an asset's folder and a part of a cell's id."""
    assert all(re.fullmatch(r"[a-z0-9-]+", case.name) for case in corpus())


def test_same_bytes_each_time() -> None:
    """Models and inputs come from fixed seeds; different models have different bytes."""
    first, second = ([to_bytes(case.model) for case in corpus()] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)
    for one, other in zip(corpus(), corpus(), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one.inputs(), other.inputs(), strict=True))


def test_inputs_fit_their_models() -> None:
    """One tensor an input, of its shape and type; no float near zero: a zero would hide a wrong product."""
    for case in corpus():
        wanted = {tensor.name: tensor for tensor in case.model.tensors}
        for tensor, name in zip(case.inputs(), case.model.inputs, strict=True):
            assert (tensor.shape, str(tensor.dtype)) == (wanted[name].shape, wanted[name].dtype)
            assert tensor.dtype == np.int32 or np.abs(tensor).min() >= 0.1


def test_indices_are_there() -> None:
    """Indices that are an input name rows that the table has, and not in their own order."""
    (indices,) = next(case for case in corpus() if case.name == "gather-table").inputs()
    assert indices.tolist() == [2, 1, 0]
