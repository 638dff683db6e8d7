"""Predictions and the corpus as they are shown."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from harness.models.corpus import OPENCL, OPENGL, WEBGPU, Fate, corpus
from harness.models.corpus_rows import CorpusResults, CorpusRow
from harness.models.gpu_support import predict
from harness.report.corpus import render_list, render_results, results_document
from harness.report.prediction import prediction_lines, prediction_row

CASES = {case.name: case for case in corpus()}


def row(name: str, backend: str, fate: Fate, *, taken: int | None, error: str = "") -> CorpusRow:
    """A row as a run would give it."""
    case = CASES[name]
    prediction = None if backend == WEBGPU else predict(case.write())
    return CorpusRow(case, backend, prediction, taken, None, error, fate)


def shown(thing: object) -> str:
    """What a terminal of 200 columns would show."""
    out = io.StringIO()
    Console(file=out, width=200).print(thing)
    return out.getvalue()


def test_prediction_names_each_node_that_stays() -> None:
    """The count, the partitions, and node 1 with its reason."""
    prediction = predict(CASES["around-the-cpu"].write())
    lines = prediction_lines(prediction)
    assert "2 of 4 nodes" in lines[0]
    assert "of 2, 1 nodes" in lines[1]
    assert any(line.split()[:2] == ["1", "ROUND:"] for line in lines)
    assert prediction_row(prediction)["refused"][1]["name"] == "ROUND"


def test_list_counts_the_wrong_ones() -> None:
    """A row a model, and how many of them are computed wrongly."""
    text = shown(render_list([CASES["padv2"], CASES["tanh"]]))
    assert "2 models, 1 of them computed wrongly" in text
    assert "padding with a number" in text


def test_results_tell_what_was_not_known() -> None:
    """A refusal shows the library's own reason; a fate that wasn't known and a wrong prediction are counted."""
    refusal = "Internal error: Failed to apply delegate: TfLiteGpuDelegate Init: No shader implementation for split"
    results = CorpusResults(
        (
            row("split-channels", OPENGL, Fate.REFUSED, taken=1, error=refusal),
            row("tanh", OPENCL, Fate.WRONG, taken=0),
        ),
        (Path("results/x"),),
        {OPENCL: "a phone", OPENGL: "a phone"},
    )
    text = shown(render_results(results))
    assert "No shader implementation for split" in text
    assert "Failed to apply" not in text
    assert "1 taken otherwise than predicted" in text
    assert "tanh on gpu-opencl: wrong, and right was known" in text
    document = json.loads(json.dumps(results_document(results)))
    assert document["counts"][OPENGL]["refused"] == 1
    assert [entry["verdict"] for entry in document["rows"]] == ["refused", "wrong"]


def test_results_tell_on_which_backends_a_model_is_wrong() -> None:
    """Models are grouped by the backends that have them wrong, each backend says what it ran on, and JSON has the same."""
    results = CorpusResults(
        (
            row("pad-rank3-hwc", OPENCL, Fate.WRONG, taken=1),
            row("pad-rank3-hwc", WEBGPU, Fate.WRONG, taken=1),
            row("conv-groups", OPENCL, Fate.RIGHT, taken=1),
            row("conv-groups", WEBGPU, Fate.WRONG, taken=1),
            row("pad-rank2", WEBGPU, Fate.CPU, taken=0, error="PAD: Invalid paddings tensor shape"),
        ),
        (),
        {OPENCL: "a phone", WEBGPU: "ai-edge-litert on SwiftShader"},
    )
    text = shown(render_results(results))
    assert "wrong without an error on gpu-opencl and webgpu: pad-rank3-hwc" in text
    assert "wrong without an error on webgpu: conv-groups" in text
    assert "webgpu: 2 wrong, 1 cpu; on ai-edge-litert on SwiftShader" in text
    assert "Invalid paddings" in text
    assert "gpu-opengl" not in text
    document = json.loads(json.dumps(results_document(results)))
    assert document["wrong"][0] == {"on": [OPENCL, WEBGPU], "models": ["pad-rank3-hwc"]}
    assert document["ran_on"][WEBGPU] == "ai-edge-litert on SwiftShader"
    assert [entry["predicted"] for entry in document["rows"]] == [1, None, 1, None, None]
    assert results.surprises == ()
    assert results.mispredicted == ()
