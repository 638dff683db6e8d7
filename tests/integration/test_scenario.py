"""A scenario the whole way: a real model, a real signed APK, the real adb, the virtual Pixel, a verdict."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.app.direct import build_apk
from harness.app.keystore import KEYSTORE
from harness.checkout import APP_PROJECT, CHECKOUT
from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.device.shell import run
from harness.errors import ExitCode, InstallFailed
from harness.models.samples import sample
from harness.pixel import lifecycle
from harness.results.document import Outcome, Validity, read_results
from harness.results.journal import read_journal
from harness.scenario.load import load
from harness.scenario.packing import build_app, bundle_for, describe_models
from harness.scenario.plan import cells_of
from harness.scenario.run import Choice, run_scenario

SMALL = """
scenario: small
models:
  - {model: efficientnet_lite0, variants: [fp32]}
backends:
  cpu: {delegate: cpu, rounds: 12}
  gpu-opencl: {delegate: gpu, api: opencl, precision_loss: false}
inputs: [chelsea, coffee]
runs: {warmup: 1, rounds: 3, minutes: 2}
expect:
  scores: [{metric: top-1, least: 1.0}]
  agreement:
    - {backends: [cpu], against: tensorflow, max_abs: 0.0001}
    - {against: cpu, max_abs: 0.0001}
"""


STYLE = """
scenario: style
models:
  - {model: style_transform, variants: [fp32], inputs: [chelsea]}
  - {model: style_predict, variants: [fp32], inputs: [starry_night]}
backends:
  cpu: {delegate: cpu}
runs: {warmup: 0, rounds: 1, minutes: 2}
"""


@contextmanager
def adb_server_of_its_own() -> Iterator[AdbServer]:
    """A real adb server on a free port, which looks for no emulators by itself: they announce themselves to it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        patch.setenv("ADB_LOCAL_TRANSPORT_MAX_PORT", "5553")
        server = AdbServer.ensure()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def quiet_adb() -> Iterator[AdbServer]:
    """The adb server of this module's tests."""
    with adb_server_of_its_own() as server:
        yield server


@pytest.fixture(scope="module")
def pixel(quiet_adb: AdbServer) -> Iterator[lifecycle.PixelInfo]:
    """A virtual Pixel of this module's own."""
    info = lifecycle.start(name="scenario-tests", owner=True, wipe=True)
    quiet_adb.wait_until_ready(info.serial, 30)
    yield info
    lifecycle.stop(info)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_from_model_to_verdict(pixel: lifecycle.PixelInfo, small: Path, tmp_path: Path) -> None:
    """CPU and GPU run on the device, agree within 1e-4, name the photos rightly, and the delegate took every node."""
    found = run_scenario(small, serial=pixel.serial, results=tmp_path / "results")
    assert found.exit_code is ExitCode.PASSED, found.model_dump_json(indent=1)
    cpu, gpu = found.rows
    assert (cpu.outcome, gpu.outcome) == (Outcome.PASS, Outcome.PASS)
    assert gpu.validity is Validity.VALID
    assert gpu.coverage is not None
    assert gpu.coverage[0].delegate == "TfLiteGpuDelegateV2"
    assert gpu.coverage[0].taken == gpu.coverage[0].total > 50
    (scores,) = gpu.agreement
    assert 0 < scores.max_abs < 1e-4
    assert (scores.kind, scores.basis) == ("scores", "the scenario")
    assert cpu.latency is not None
    assert cpu.latency.count == 12
    assert cpu.latency.p90 is not None
    assert "not a phone" in cpu.latency_of


def test_results_can_be_read_again(pixel: lifecycle.PixelInfo, small: Path, tmp_path: Path) -> None:
    """The run's folder holds the same verdict, every sample under its end mark, raw outputs, log and plan."""
    found = run_scenario(small, Choice(backends=("cpu",)), serial=pixel.serial, results=tmp_path / "results")
    folder = tmp_path / "results" / found.run_id
    assert read_results(folder / "results.json") == found
    recorded = read_journal((folder / "samples.jsonl").read_bytes(), found.run_id)
    assert recorded.complete
    assert len(recorded.samples) == 13
    starts = [sample.start_ns for sample in recorded.samples]
    assert starts == sorted(starts)
    kept = [output.file for sample in recorded.samples for output in sample.outputs if output.file]
    assert len(kept) == 2
    assert all((folder / name).stat().st_size == 4000 for name in kept)
    assert "cell begin" in (folder / "logcat.txt").read_text()
    assert json.loads((folder / "plan.json").read_bytes())["run_id"] == found.run_id


def test_nothing_of_the_run_is_left_on_the_device(pixel: lifecycle.PixelInfo, small: Path, tmp_path: Path) -> None:
    """Plan, inputs, samples and outputs are gone from the device afterwards."""
    run_scenario(small, Choice(backends=("cpu",)), serial=pixel.serial, results=tmp_path / "results")
    device = Device(AdbServer.ensure(), pixel.serial)
    for folder in ("/data/local/tmp/tfliteharness", "/sdcard/Android/data/dev.tfliteharness/files/runs"):
        assert run(device, ["ls", "-A", folder]).text == ""


def test_broken_signature_never_reaches_the_device(pixel: lifecycle.PixelInfo, small: Path, tmp_path: Path) -> None:
    """An APK that was changed after signing is refused on the host."""
    scenario = load(small)
    described = describe_models(cells_of(scenario), lambda _message: None)
    data = bytearray(build_app(bundle_for(described, [sample(name) for name in scenario.inputs])).path.read_bytes())
    data[5000] ^= 1
    broken = tmp_path / "broken.apk"
    broken.write_bytes(data)
    with pytest.raises(InstallFailed) as caught:
        run_scenario(small, Choice(apk=broken), serial=pixel.serial, results=tmp_path / "results")
    assert caught.value.code.startswith("install.")


@pytest.mark.slow
def test_app_that_throws_midway(pixel: lifecycle.PixelInfo, small: Path, tmp_path: Path) -> None:
    """A crash in the middle keeps every sample before it, marks the run incomplete, shows the stack, and exits 7."""
    project = tmp_path / "android_app"
    shutil.copytree(APP_PROJECT, project)
    source = project / "app/src/main/java/dev/tfliteharness/Recorder.java"
    text = source.read_text()
    hook = "        count++;\n"
    assert hook in text
    source.write_text(text.replace(hook, hook + '        if (count == 7) throw new IllegalStateException("midway");\n'))
    scenario = load(small)
    bundle = bundle_for(
        describe_models(cells_of(scenario), lambda _message: None), [sample(name) for name in scenario.inputs]
    )
    apk = build_apk(bundle, project, tmp_path / "throws.apk", keystore=CHECKOUT / KEYSTORE)
    found = run_scenario(small, Choice(apk=apk.path), serial=pixel.serial, results=tmp_path / "results")
    assert found.status == "incomplete"
    assert found.exit_code is ExitCode.APP_CRASHED
    assert found.failure is not None
    assert "midway" in found.failure.what + found.failure.why
    recorded = read_journal((tmp_path / "results" / found.run_id / "samples.jsonl").read_bytes(), found.run_id)
    assert recorded.samples
    assert not recorded.complete
    assert any(row.outcome is Outcome.ERROR for row in found.rows)


def start_run(scenario: Path, results: Path, *options: str) -> subprocess.Popen[str]:
    """`harness run` as a process of its own."""
    argv = [
        sys.executable,
        "-c",
        "from harness.cli import main; main()",
        "run",
        str(scenario),
        "--results",
        str(results),
    ]
    return subprocess.Popen([*argv, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_samples(results: Path, count: int, process: subprocess.Popen[str]) -> Path:
    """Return the journal once it has so many lines."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for journal in results.glob("*/samples.jsonl"):
            if journal.read_bytes().count(b"\n") >= count:
                return journal
        time.sleep(0.01)
    raise AssertionError(
        f"no {count} samples: {process.communicate()[1][-2000:] if process.poll() is not None else 'time is up'}"
    )


def test_device_killed_midway(small: Path, tmp_path: Path, quiet_adb: AdbServer) -> None:
    """A device that dies in the middle of a run: exit 8, partial results, every sample that had come."""
    info = lifecycle.start(name="killed-midway", owner=True, wipe=True)
    quiet_adb.wait_until_ready(info.serial, 30)
    endless = tmp_path / "endless.yaml"
    endless.write_text(SMALL.replace("rounds: 12", "rounds: 100000"))
    process = start_run(endless, tmp_path / "results", "--serial", info.serial, "--json")
    journal = wait_for_samples(tmp_path / "results", 6, process)
    os.kill(info.pid, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == int(ExitCode.DEVICE_LOST), err
    document = json.loads(out)
    assert document["status"] == "incomplete"
    assert document["failure"]["code"].startswith("device.")
    assert read_journal(journal.read_bytes(), journal.parent.name).samples


def test_harness_killed_midway_leaves_nothing(small: Path, tmp_path: Path) -> None:
    """kill -9 of the harness: its journal stands; the virtual Pixel that it started is gone with all its processes."""
    endless = tmp_path / "endless.yaml"
    endless.write_text(SMALL.replace("rounds: 12", "rounds: 100000"))
    before = {info.pid for info in lifecycle.running()}
    with adb_server_of_its_own():
        process = start_run(endless, tmp_path / "results", "--pixel")
        journal = wait_for_samples(tmp_path / "results", 6, process)
        (started,) = [info for info in lifecycle.running() if info.pid not in before]
        family = descendants(started.pid)
        assert len(family) > 1
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 20
        while alive(family) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert alive(family) == []
    assert read_journal(journal.read_bytes(), journal.parent.name).samples


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_midway(small: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C and SIGTERM: the run is written down as incomplete with all its samples, and its device is stopped."""
    endless = tmp_path / "endless.yaml"
    endless.write_text(SMALL.replace("rounds: 12", "rounds: 100000"))
    with adb_server_of_its_own():
        process = start_run(endless, tmp_path / "results", "--pixel", "--json")
        journal = wait_for_samples(tmp_path / "results", 6, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert json.loads(out) == json.loads((journal.parent / "results.json").read_bytes())
    assert json.loads(out)["status"] == "incomplete"
    assert json.loads(out)["failure"]["exit_code"] == code
    assert read_journal(journal.read_bytes(), journal.parent.name).samples
    assert json.loads(out)["device"]["serial"] not in {info.serial for info in lifecycle.running()}


def descendants(pid: int) -> list[int]:
    """A process and all that it started, as the kernel has them."""
    family = [pid]
    for member in family:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            family += [int(child) for child in children.read_text().split()]
    return family


def alive(pids: list[int]) -> list[int]:
    """Those that still run; a zombie doesn't."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.append(pid)
    return found


@pytest.mark.slow
def test_one_model_feeds_another(pixel: lifecycle.PixelInfo, tmp_path: Path) -> None:
    """The painter, named first, gets the style from the other model's cell; its score is likeness to the reference."""
    scenario = tmp_path / "style.yaml"
    scenario.write_text(STYLE)
    found = run_scenario(scenario, serial=pixel.serial, results=tmp_path / "results")
    assert found.exit_code is ExitCode.PASSED, found.model_dump_json(indent=1)
    folder = tmp_path / "results" / found.run_id
    plan = json.loads((folder / "plan.json").read_bytes())
    assert [each["model"] for each in plan["models"]] == ["style_predict", "style_transform"]
    fed = [tensor for tensor in plan["models"][1]["inputs"][0]["tensors"] if "cell" in tensor]
    assert fed == [{"cell": "style_predict/fp32/cpu", "input": "starry_night", "output": 0}]
    painter = next(row for row in found.rows if row.model == "style_transform")
    assert {score.name: score.of for score in painter.scores} == {"SSIM": 1, "PSNR dB": 1}
    assert painter.scores[0].value > 0.999
    assert (folder / "pictures/style_transform/fp32/cpu/chelsea.jpg").stat().st_size > 10_000


def test_app_of_another_signer(pixel: lifecycle.PixelInfo, small: Path, tmp_path: Path) -> None:
    """An installed app of another signer is refused with the remedy, and replaced only when the user says so."""
    choice = Choice(backends=("cpu",))
    run_scenario(small, choice, serial=pixel.serial, results=tmp_path / "results")
    foreign = tmp_path / "foreign.apk"
    scenario = load(small)
    bundle = bundle_for(
        describe_models(cells_of(scenario), lambda _message: None), [sample(name) for name in scenario.inputs]
    )
    build_apk(bundle, APP_PROJECT, foreign, keystore=tmp_path / "foreign.keystore")
    other = Choice(backends=("cpu",), apk=foreign)
    with pytest.raises(InstallFailed) as caught:
        run_scenario(small, other, serial=pixel.serial, results=tmp_path / "results")
    assert caught.value.code == "install.install_failed_update_incompatible"
    assert "--replace" in caught.value.hint
    found = run_scenario(small, other, serial=pixel.serial, results=tmp_path / "results", replace=True)
    assert found.exit_code is ExitCode.PASSED
    assert (
        run_scenario(small, choice, serial=pixel.serial, results=tmp_path / "results", replace=True).status
        == "complete"
    )
