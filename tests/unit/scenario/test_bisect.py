"""A bisection's rule, its question and its judgement, without a device."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from harness.errors import AppCrashed, ExitCode, ResultsInvalid, UsageError
from harness.models import DescribedModel
from harness.models.inspect import TensorInfo, inspect
from harness.report.bisection import render
from harness.results.bisection import Bisection, Culprit, Distance, distance_of
from harness.results.coverage import Taken
from harness.scenario.bench import Answer, Crashproof, Run
from harness.scenario.bisect import Question, Search
from harness.scenario.bisect_inputs import backend, question, read_tensors
from harness.scenario.run import Silent
from harness.scenario.schema import Backend

TAKEN = Taken("TfLiteGpuDelegateV2", 3, 3, 1)


def apart(reference: object, suspect: object, tolerance: float = 0.01, scale: float = 0.0, zero: int = 0) -> Distance:
    """The distance of two small tensors."""
    left, right = np.asarray(reference), np.asarray(suspect)
    return distance_of("t", "x", left, right, tolerance=tolerance, scale=scale, zero_point=zero)


@pytest.mark.parametrize(
    ("reference", "allowed"), [([0.0, 50.0], 0.5), ([100.0, 150.0], 1.5), ([-20.0, 30.0], 0.5), ([0.0, 0.0], 0.01)]
)
def test_tolerance_is_a_share_of_the_span_from_zero(reference: list[float], allowed: float) -> None:
    """The tensor's own range, zero included, sets what is allowed; a tensor of zeros has range 1."""
    assert apart(reference, reference).allowed == pytest.approx(allowed)


def test_quantized_tensors_may_be_two_steps_apart() -> None:
    """However narrow the tolerance: 2 steps of 0.5 agree, 3 don't; values are real numbers."""
    reference = np.array([-128, 127], np.int8)
    two = apart(reference, np.array([-126, 127], np.int8), 1e-6, 0.5, -128)
    assert (two.agrees, two.distance, two.reference, two.suspect) == (True, 1.0, 0.0, 1.0)
    assert not apart(reference, np.array([-125, 127], np.int8), 1e-6, 0.5, -128).agrees


def test_a_nan_never_agrees() -> None:
    """It is infinitely far, wherever it stands, and its place is named."""
    found = apart([1.0, 2.0, 3.0], [1.0, math.nan, 3.0])
    assert (found.agrees, found.index) == (False, (1,))
    assert math.isinf(found.distance)


Script = Callable[[str, TensorInfo], float]
"""What the suspect adds to an output of the model of this name."""


def scripted(script: Script) -> Run:
    """A bench without a device: ones everywhere, and what the script adds on the second backend.

    It leaves out that a real backend's answers depend on the model's content; the script goes by names.
    """

    def run(models: Mapping[str, Path], backends: Mapping[str, Backend]) -> dict[tuple[str, str], Answer]:
        answers = {}
        for name, path in models.items():
            tensors = inspect(path).main.output_tensors
            for place, (kind, options) in enumerate(backends.items()):
                extra = [script(name, tensor) if place == 1 else 0.0 for tensor in tensors]
                values = tuple(
                    np.full(tensor.shape, 1 + more, np.float32) for tensor, more in zip(tensors, extra, strict=True)
                )
                gpu = TAKEN if options.delegate == "gpu" else None
                answers[name, kind] = Answer({"x": values}, ((0.0, 0),) * len(tensors), gpu=gpu, observed=True)
        return answers

    return run


def search(model: DescribedModel, script: Script, folder: Path) -> Search:
    """A search of a real model on a scripted bench."""
    asked = Question("m", model.path, {"x": ()}, backend("cpu"), backend("gpu"))
    return Search(asked, inspect(model.path).main, scripted(script), folder, Silent())


@pytest.mark.parametrize("broken", [0, 29, 60])
def test_names_the_operator_where_it_begins(
    efficientnet: dict[str, DescribedModel], broken: int, tmp_path: Path
) -> None:
    """All tensors from one operator on differ: that one is named, within four runs, and proved by its own cut."""
    main = inspect(efficientnet["fp32"].path).main
    wrong = {main.tensors[tensor].name for op in main.operations[broken:] for tensor in op.outputs}
    searched = search(efficientnet["fp32"], lambda _name, tensor: float(tensor.name in wrong), tmp_path)
    whole, culprit = searched.run()
    assert not whole.agrees
    assert culprit is not None
    assert (culprit.index, culprit.operator, culprit.proof) == (broken, main.operations[broken].name, True)
    assert searched.runs <= 4
    assert culprit.mended_by_fp32 is True


def test_a_fault_that_only_the_whole_model_shows(efficientnet: dict[str, DescribedModel], tmp_path: Path) -> None:
    """When no cut shows it, the last operator is where it shows first, and that is no proof."""
    searched = search(efficientnet["fp32"], lambda name, _tensor: float(name == "whole"), tmp_path)
    whole, culprit = searched.run()
    assert culprit is not None
    assert (culprit.index, culprit.proof) == (60, False)
    assert "not reproduced" in render(bisection(whole, culprit))
    assert bisection(whole, culprit).to_json()["verdict"] == "not_reproduced"


def test_a_model_that_agrees_has_no_culprit(efficientnet: dict[str, DescribedModel], tmp_path: Path) -> None:
    """One run, whatever cuts say."""
    searched = search(efficientnet["fp32"], lambda name, _tensor: float(name != "whole"), tmp_path)
    whole, culprit = searched.run()
    assert (whole.agrees, culprit, searched.runs) == (True, None, 1)
    assert bisection(whole, culprit).exit_code is ExitCode.PASSED


def test_a_gpu_that_took_nothing_is_no_answer(
    efficientnet: dict[str, DescribedModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU agrees with itself: that is refused, never counted as agreement."""
    monkeypatch.setattr(f"{__name__}.TAKEN", None)
    with pytest.raises(ResultsInvalid) as caught:
        search(efficientnet["fp32"], lambda _name, _tensor: 0.0, tmp_path).run()
    assert caught.value.code == "bisect.not_applied"


def bisection(whole: Distance, culprit: Culprit | None) -> Bisection:
    """A bisection with this result."""
    return Bisection(
        "m",
        61,
        "cpu",
        "gpu",
        0.01,
        whole,
        TAKEN,
        "Phone",
        emulated=False,
        folder=Path("f"),
        runs=1,
        cuts=1,
        culprit=culprit,
    )


def test_json_holds_no_infinity() -> None:
    """NaN and infinities are words, so that any JSON parser reads it."""
    found = bisection(apart([1.0, 2.0], [1.0, math.nan]), None).to_json()
    assert json.loads(json.dumps(found, allow_nan=False))["whole"]["distance"] == "inf"


def test_tolerance_follows_the_precision(tmp_path: Path) -> None:
    """Half floats get 1e-2, fp32 gets 1e-4, and what the user says holds."""
    loose, tight = backend("gpu"), backend("gpu", precision_loss=False)
    assert Question("m", tmp_path, {}, backend("cpu"), loose).allowed == 1e-2
    assert Question("m", tmp_path, {}, backend("cpu"), tight).allowed == 1e-4
    assert Question("m", tmp_path, {}, backend("cpu"), tight, 0.5).allowed == 0.5


def test_tensors_from_files(tmp_path: Path) -> None:
    """A .npy file of the right dtype and shape is taken; another count, dtype, shape or format is refused by name."""
    wanted = TensorInfo("input", "float32", (1, 2))
    right, wrong, text = tmp_path / "right.npy", tmp_path / "wrong.npy", tmp_path / "text.npy"
    np.save(right, np.ones((1, 2), np.float32))
    np.save(wrong, np.ones((2, 1), np.float32))
    text.write_text("1 2")
    np.testing.assert_array_equal(read_tensors([right], [wanted])["npy"][0], [[1, 1]])
    for files in ([], [wrong], [text], [tmp_path / "none.npy"]):
        with pytest.raises(UsageError) as caught:
            read_tensors(files, [wanted])
        assert caught.value.code == "bisect.input"


def test_questions_that_make_no_sense(efficientnet: dict[str, DescribedModel]) -> None:
    """A bare .tflite without inputs, and a backend against itself, are refused."""
    path = str(efficientnet["fp32"].path)
    with pytest.raises(UsageError, match="no card") as caught:
        question(path, reference=backend("cpu"), suspect=backend("gpu"))
    assert "--input-npy" in caught.value.hint
    with pytest.raises(UsageError, match="both cpu"):
        question(path, reference=backend("cpu"), suspect=backend("cpu"))


def test_a_model_that_crashes_the_app_stands_alone() -> None:
    """The others' answers come all the same; that model's answer is the crash, and every crash is kept."""
    asked: list[list[str]] = []

    def run(models: Mapping[str, Path], backends: Mapping[str, Backend]) -> dict[tuple[str, str], Answer]:
        asked.append(list(models))
        if "c" in models:
            raise AppCrashed("app.crashed", "signal 6")
        return {(name, backend): Answer(observed=True) for name in models for backend in backends}

    crashproof = Crashproof(run)
    answers = crashproof.run({name: Path(name) for name in "abcd"}, {"cpu": backend("cpu")[1]})
    assert {name for name, _ in answers} == set("abcd")
    assert [name for (name, _), answer in answers.items() if answer.error] == ["c"]
    assert asked == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]
    assert crashproof.crashes == ["signal 6"] * 3
