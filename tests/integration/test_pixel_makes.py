"""Other makes of the virtual Pixel under a real run: Android 15, no OpenCL, no GPU at all, and a hot one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.device.adb import AdbServer
from harness.errors import ExitCode
from harness.pixel import lifecycle
from harness.pixel.profile import Gpu
from harness.pixel.states import Make, forget
from harness.results.document import Outcome, Row, RunResults, Validity
from harness.scenario.run import Choice, run_scenario
from tests.integration.test_scenario import adb_server_of_its_own

pytestmark = pytest.mark.slow

SCENARIO = """
scenario: makes
models:
  - {model: efficientnet_lite0, variants: [fp32]}
backends:
  cpu: {delegate: cpu}
  gpu: {delegate: gpu, precision_loss: false}
  gpu-opencl: {delegate: gpu, api: opencl, precision_loss: false}
  gpu-opengl: {delegate: gpu, api: opengl, precision_loss: false}
inputs: [chelsea]
runs: {warmup: 0, rounds: 1, minutes: 2}
expect:
  agreement:
    - {backends: [cpu], against: tensorflow, max_abs: 0.0001}
    - {against: cpu, max_abs: 0.0001}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    """An adb server of this module's own."""
    with adb_server_of_its_own() as found:
        yield found


@contextmanager
def started(server: AdbServer, name: str, make: Make) -> Iterator[lifecycle.PixelInfo]:
    """A device of that make, which the server knows."""
    info = lifecycle.start(name=name, owner=True, wipe=True, make=make)
    try:
        server.wait_until_ready(info.serial, 30)
        yield info
    finally:
        lifecycle.stop(info)
        forget(name)


def run(info: lifecycle.PixelInfo, folder: Path, *backends: str) -> RunResults:
    """The scenario on that device, all of its backends or these."""
    path = folder / "makes.yaml"
    path.write_text(SCENARIO)
    return run_scenario(path, Choice(backends=backends), serial=info.serial, results=folder / "results")


def row(found: RunResults, backend: str) -> Row:
    return next(each for each in found.rows if each.cell.endswith(f"/{backend}"))


def test_android_15_runs_on_every_backend(server: AdbServer, tmp_path: Path) -> None:
    """A Pixel 8 with API 35: the app finds itself there, and CPU, OpenCL and OpenGL answer alike."""
    with started(server, "make-35", Make("pixel_8", 35)) as info:
        found = run(info, tmp_path)
    assert found.exit_code is ExitCode.PASSED, found.model_dump_json(indent=1)
    assert found.device is not None
    assert (found.device.model, found.device.sdk, found.device.release) == ("Pixel 8", 35, "15")
    assert found.device.fingerprint.startswith("google/shiba/shiba:15/AP3A.241005.015/virtual:")
    apis = [row(found, backend).gpu_api for backend in ("gpu", "gpu-opencl", "gpu-opengl")]
    assert apis == ["opencl", "opencl", "opengl"]


def test_without_opencl_the_delegate_takes_opengl(server: AdbServer, tmp_path: Path) -> None:
    """As on a phone whose vendor ships none; who insists on OpenCL is refused, and the app lives on."""
    with started(server, "make-opengl", Make(gpu=Gpu.OPENGL)) as info:
        found = run(info, tmp_path)
    assert [row(found, backend).outcome for backend in ("cpu", "gpu", "gpu-opengl")] == [Outcome.PASS] * 3
    refused = row(found, "gpu-opencl")
    assert [issue.code for issue in refused.issues] == ["gpu.refused"]
    assert "Can not open OpenCL library on this device" in refused.issues[0].text


def test_without_a_gpu_the_delegate_is_refused(server: AdbServer, tmp_path: Path) -> None:
    """Neither way is there: an error in TensorFlow Lite's words, no crash, and the CPU is none the worse."""
    with started(server, "make-none", Make(gpu=Gpu.NONE)) as info:
        found = run(info, tmp_path)
    assert row(found, "cpu").outcome is Outcome.PASS
    for backend in ("gpu", "gpu-opencl", "gpu-opengl"):
        assert [issue.code for issue in row(found, backend).issues] == ["gpu.refused"]
    said = row(found, "gpu").issues[0].text
    assert (
        said.index("Can not open OpenCL library") < said.index("Falling back to OpenGL") < said.index("eglGetDisplay")
    )


def test_a_hot_device_degrades_what_it_measured(server: AdbServer, tmp_path: Path) -> None:
    """A thermal status set at the console reaches the app, each of its samples, and the verdict; a cool one doesn't."""
    with started(server, "make-hot", Make()) as info:
        cool = run(info, tmp_path, "cpu")
        subprocess.run(["adb", "-s", info.serial, "emu", "thermal", "status", "severe"], check=True, timeout=20)
        hot = run(info, tmp_path, "cpu")
    assert row(cool, "cpu").validity is Validity.VALID
    assert row(hot, "cpu").validity is Validity.DEGRADED
    assert [(issue.code, issue.text) for issue in row(hot, "cpu").issues] == [
        ("device.throttled", "the device reported thermal throttling while it measured")
    ]
