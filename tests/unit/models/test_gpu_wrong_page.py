"""docs/gpu_wrong.md says what the corpus knows: each model that is wrong somewhere, and where."""

from __future__ import annotations

import re
from pathlib import Path

from harness.models.corpus import BACKENDS, OPENCL, OPENGL, Fate, corpus

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs" / "gpu_wrong.md").read_text(encoding="utf-8")
CASES = {case.name: case for case in corpus()}
OTHER_NAMES = {*BACKENDS, "ai-edge-litert"}


def table() -> list[tuple[list[str], list[str], str]]:
    """The models, the backends and the remedy of each row."""
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in PAGE.splitlines() if line.startswith("| ")]
    return [(re.findall(r"`([^`]+)`", names), where.split(), remedy) for _, names, where, remedy in rows[2:]]


def test_every_wrong_one_is_in_the_table() -> None:
    """Once, and no other model."""
    named = [name for names, _, _ in table() for name in names]
    assert sorted(named) == sorted(case.name for case in corpus() if case.must_catch)


def test_each_row_says_where_it_is_wrong_and_what_to_do_instead() -> None:
    """The backends are those of the corpus, for every model of the row."""
    for names, where, remedy in table():
        assert remedy
        for name in names:
            assert where == [backend for backend in BACKENDS if CASES[name].fates[backend] is Fate.WRONG], name


def test_names_only_models_that_there_are() -> None:
    """Whatever looks like a model's name is one, and the count is right."""
    names = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", PAGE)) - OTHER_NAMES
    assert names - set(CASES) == set()
    assert f"{len(CASES)} models in a few seconds" in PAGE


def test_what_is_said_to_be_refused_is() -> None:
    """The models of the last section, on the backends that it names."""
    assert {CASES["gather-table"].fates[backend] for backend in (OPENCL, OPENGL)} == {Fate.REFUSED}
    for name in ("cumsum-batch", "mirror-pad-rank3-hwc"):
        assert CASES[name].fates[OPENCL] is Fate.REFUSED
    for name in ("conv-nanodet", "batch-matmul-rank3", "batch-matmul-rank4"):
        assert CASES[name].fates[OPENCL] is Fate.RIGHT


def test_the_readme_counts_right() -> None:
    """How many models there are, and how many each backend computes wrongly."""
    text = " ".join((CHECKOUT / "README.md").read_text(encoding="utf-8").split())
    opencl, opengl, webgpu = (sum(case.fates[name] is Fate.WRONG for case in corpus()) for name in BACKENDS)
    assert f"Of its {len(CASES)} models, the virtual Pixel computes {opencl} wrongly on OpenCL" in text
    assert f"and {opengl} on OpenGL ES" in text
    assert f"WebGPU (SwiftShader) computes {webgpu} wrongly" in text
