"""One model fed by another on the device: the plan as the harness writes it, in the app as it is built."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.app.bundle import Model, Variant, bundle_of
from harness.app.direct import BuiltApk, build_apk
from harness.fetch.store import sha256_of
from harness.models.graph_writer import to_bytes
from harness.models.sketch import Sketch
from harness.pixel.profile import PIXEL_3_XL
from harness.pixel.root import build_root
from harness.pixel.runtime_build import prepare_runtime
from harness.scenario.inputs import input_file
from harness.scenario.plan import Cell, FromCell, ModelInputs, plan_document
from harness.scenario.schema import AgreementRule, Backend
from tests.integration.conftest import PROJECT
from tests.integration.installed_app import NAME, Installed, Log, install, perform

WAVE = np.sin(np.arange(8, dtype=np.float32)).reshape(1, 8)
DOUBLE, SUM = ("double", "fp32"), ("sum", "fp32")
FEEDER = "double/fp32/cpu"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """`double`, its input times two, and `sum` of two inputs."""
    folder = tmp_path_factory.mktemp("models")
    double, total = Sketch(), Sketch()
    double.pair("MUL", double.input(1, 8), double.value(2.0))
    total.pair("ADD", total.input(1, 8), total.input(1, 8))
    for name, sketch in (("double", double), ("sum", total)):
        (folder / f"{name}.tflite").write_bytes(to_bytes(sketch.model(name)))
    return {name: folder / f"{name}.tflite" for name in ("double", "sum")}


@pytest.fixture(scope="module")
def apk(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> BuiltApk:
    """The app with both."""
    packed = [Model(name, name, "tensors", (Variant("fp32", file),)) for name, file in models.items()]
    return build_apk(bundle_of(packed), PROJECT, tmp_path_factory.mktemp("apk") / "app.apk")


@pytest.fixture
def device(tmp_path: Path, apk: BuiltApk) -> tuple[Path, Installed]:
    """A device's root with the app installed."""
    root = tmp_path / "root"
    build_root(root)
    return root, install(root, apk.path)


def cell(model: str, backend: str, options: Backend) -> Cell:
    return Cell(model, "fp32", backend, options, 0, 1, AgreementRule(against="tensorflow"))


def inputs_of(models: dict[str, Path]) -> dict[tuple[str, str], ModelInputs]:
    wave = input_file(WAVE)
    fed = {"cat": (wave, FromCell(FEEDER, "night", 0))}
    return {
        DOUBLE: ModelInputs("models/double/fp32.tflite", sha256_of(models["double"]), {"night": (wave,)}),
        SUM: ModelInputs("models/sum/fp32.tflite", sha256_of(models["sum"]), fed),
    }


def run(device: tuple[Path, Installed], inputs: dict[tuple[str, str], ModelInputs]) -> list[dict[str, Any]]:
    """The records of a run of `sum` on two backends, and of `double`, which stands after it in the scenario."""
    root, package = device
    gpu = Backend(delegate="gpu", api="opencl", precision_loss=False)
    cells = [
        cell("sum", "cpu", Backend(delegate="cpu")),
        cell("sum", "gpu", gpu),
        cell("double", "cpu", Backend(delegate="cpu")),
    ]
    folder = root / "data/local/tmp"
    for file in (file for each in inputs.values() for file in each.files):
        (folder / file.file).parent.mkdir(exist_ok=True)
        (folder / file.file).write_bytes(file.data)
    (folder / "plan.json").write_bytes(plan_document("r1", cells, inputs))
    command = {
        "do": "instrument",
        "component": f"{NAME}/.RunInstrumentation",
        "args": {"plan": "/data/local/tmp/plan.json"},
    }
    with Log(root / "dev/socket/logdw") as log:
        ran = asyncio.run(perform(root, package, prepare_runtime(PIXEL_3_XL.sdk), log, (command,)))
    assert ran.event("finish")["values"]["status"] == "complete"
    lines = (runs(root) / "samples.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def runs(root: Path) -> Path:
    return root / "storage/emulated/0/Android/data" / NAME / "files/runs/r1"


def test_what_a_cell_answered_is_the_input_of_others(device: tuple[Path, Installed], models: dict[str, Path]) -> None:
    """`sum` gets the wave and its double, on the CPU and on the GPU, though the scenario names it first."""
    records = run(device, inputs_of(models))
    samples = {record["cell"]: record for record in records if record["type"] == "sample"}
    assert next(iter(samples)) == FEEDER
    for name in ("sum/fp32/cpu", "sum/fp32/gpu"):
        (output,) = samples[name]["outputs"]
        answer = np.fromfile(runs(device[0]) / output["file"], np.float32)
        np.testing.assert_allclose(answer, 3 * WAVE.reshape(-1), rtol=1e-6)


def test_a_feeder_that_did_not_answer(device: tuple[Path, Installed], models: dict[str, Path]) -> None:
    """Each cell that waits for it fails with its name, and the run goes on to its end."""
    inputs = inputs_of(models)
    short = input_file(np.zeros(3, np.float32))
    records = run(device, inputs | {DOUBLE: replace(inputs[DOUBLE], samples={"night": (short,)})})
    cells = {record["cell"]: record for record in records if record["type"] == "cell"}
    assert cells[FEEDER]["status"] == "failed"
    for name in ("sum/fp32/cpu", "sum/fp32/gpu"):
        assert cells[name]["status"] == "failed"
        assert f"output 0 of {FEEDER} for night isn't there: that cell didn't answer" in cells[name]["error"]
    assert records[-1]["type"] == "end"
