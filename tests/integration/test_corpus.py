"""The must-catch corpus through the app on the virtual Pixel: prediction against observation, wrong against right."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.models.corpus import BACKENDS, Case, Fate, corpus
from harness.models.gpu_support import predict
from harness.pixel import lifecycle
from harness.results.coverage import GPU_DELEGATE
from harness.scenario.corpus import ON_A_DEVICE, run_corpus
from harness.scenario.load import load
from harness.scenario.packing import describe_models
from harness.scenario.plan import cells_of
from harness.scenario.run import run_scenario
from tests.integration.test_scenario import adb_server_of_its_own

EVERY = 16  # of the models that all is well with, every sixteenth: all take two minutes (`harness corpus run`)


@pytest.fixture(scope="module")
def pixel() -> Iterator[lifecycle.PixelInfo]:
    """A virtual Pixel of this module's own, with an adb server of its own."""
    with adb_server_of_its_own() as server:
        info = lifecycle.start(name="corpus-tests", owner=True, wipe=True)
        server.wait_until_ready(info.serial, 30)
        yield info
        lifecycle.stop(info)


def selection() -> list[Case]:
    """Every model that a device computes wrongly, one that kills the app, and some of the others."""
    wrong: list[Case] = []
    deadly: list[Case] = []
    others: list[Case] = []
    for case in corpus():
        missed = any(case.fates[name] is Fate.WRONG for name in ON_A_DEVICE)
        (wrong if missed else deadly if Fate.CRASHED in case.fates.values() else others).append(case)
    return [*wrong, *deadly[:1], *others[::EVERY]]


@pytest.mark.slow
def test_wrong_ones_are_flagged_and_no_control_is(pixel: lifecycle.PixelInfo, tmp_path: Path) -> None:
    """Every must-catch model is flagged where it is wrong, nothing else is, and the delegate took what was predicted."""
    cases = selection()
    found = run_corpus(cases, serial=pixel.serial, results=tmp_path)
    assert [(row.case.name, row.backend, row.taken) for row in found.mispredicted] == []
    assert [(row.case.name, row.backend, row.fate, row.error) for row in found.surprises] == []
    flagged = {(row.case.name, row.backend) for row in found.rows if row.fate is Fate.WRONG}
    assert flagged == {(case.name, name) for case in cases for name in ON_A_DEVICE if case.fates[name] is Fate.WRONG}
    assert len(flagged) > 15


@pytest.mark.slow
def test_a_crash_costs_only_its_own_cell(pixel: lifecycle.PixelInfo, tmp_path: Path) -> None:
    """A model that kills the app unexpectedly is told as such; those beside it are judged, on the next start of it."""
    deadly = next(case for case in corpus() if Fate.CRASHED in case.fates.values())
    unexpected = dataclasses.replace(deadly, fates=dict.fromkeys(BACKENDS, Fate.RIGHT))
    control = next(case for case in corpus() if case.name == "relu-rank4")
    found = run_corpus([unexpected, control], serial=pixel.serial, results=tmp_path)
    assert {row.fate for row in found.rows if row.case is control} == {Fate.RIGHT}
    (surprise,) = found.surprises
    assert (surprise.case.name, surprise.fate) == (deadly.name, Fate.CRASHED)
    assert "SIGABRT" in surprise.error
    assert found.mispredicted == ()
    assert len(found.folders) == 2


PRECISIONS = """
scenario: precisions
models:
  - {model: efficientnet_lite0, variants: [fp32, fp16, dynamic, int8]}
backends:
  gpu-opencl: {delegate: gpu, api: opencl}
inputs: [chelsea]
runs: {warmup: 0, rounds: 1, minutes: 2}
expect:
  agreement:
    - {against: tensorflow, max_abs: 1}
"""


@pytest.mark.slow
def test_prediction_of_a_real_model_in_four_precisions(pixel: lifecycle.PixelInfo, tmp_path: Path) -> None:
    """EfficientNet-Lite0 in fp32, fp16, dynamic and int8: the delegate takes as many nodes of as many as predicted."""
    path = tmp_path / "precisions.yaml"
    path.write_text(PRECISIONS)
    described = describe_models(cells_of(load(path)), lambda _message: None)
    found = run_scenario(path, serial=pixel.serial, results=tmp_path / "results")
    assert len(found.rows) == 4
    for row in found.rows:
        prediction = predict(described[row.model, row.variant].path)
        assert row.coverage is not None
        seen = next(take for take in row.coverage if take.delegate == GPU_DELEGATE)
        assert (len(prediction.taken), prediction.total) == (seen.taken, seen.total), row.cell
