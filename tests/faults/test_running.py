"""A scenario runs while the device breaks: its verdict, its exit code, and every sample that had come.

A real model in the real app, on the first adb that is here. Slow: each test starts an app or two.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from signal import SIGSEGV

import pytest

from harness.device.install import uninstall
from harness.device.shell import run
from harness.errors import ExitCode, Owner
from harness.pixel.faults.kinds import (
    Damage,
    Drop,
    Fault,
    Freeze,
    KillApp,
    LoseLog,
    Offline,
    Reboot,
    SpoilPull,
    StopApp,
    Thermal,
)
from harness.pixel.faults.remote import arm
from harness.pixel.hardware import ThermalStatus
from harness.results.document import Outcome, RunResults, Validity, read_results
from harness.results.journal import Recorded, read_journal
from harness.scenario.execute import APPLICATION
from harness.scenario.run import Choice, run_scenario
from tests.faults.conftest import VERSIONS, Bench, soon

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("benches", VERSIONS[:1], indirect=True, scope="package")]

SCENARIO = """
scenario: breaking
models:
  - {model: efficientnet_lite0, variants: [fp32]}
backends:
  cpu: {delegate: cpu, rounds: 40}
  gpu: {delegate: gpu, api: opencl, precision_loss: false, rounds: 4}
inputs: [chelsea]
runs: {warmup: 0, minutes: 2}
"""
SILENCE_S = 6.0
"""Longer than the app takes to its first record on a busy machine."""
AT = 4
"""The sample after which the device breaks."""


class Break:
    """Follows a run's progress, and breaks the device when the fourth sample has come."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act, self._count = act, 0

    def stage(self, message: str) -> None:
        """Nothing."""

    def detail(self, message: str) -> None:  # noqa: ARG002 - as all progress
        self._count += 1
        if self._count == AT:
            self._act()


@pytest.fixture
def broken_by(bench: Bench, tmp_path: Path) -> Callable[..., RunResults]:
    """Runs the scenario's backend, and arms these faults at the fourth sample."""

    def run_it(*faults: Fault, backend: str = "cpu", first: bool = False) -> RunResults:
        def break_it() -> None:
            for fault in faults:
                arm(bench.pixel, fault)

        scenario = tmp_path / "breaking.yaml"
        scenario.write_text(SCENARIO)
        if first:
            break_it()
        return run_scenario(
            scenario,
            Choice(backends=(backend,)),
            serial=bench.pixel.serial,
            results=tmp_path / "results",
            progress=None if first else Break(break_it),
        )

    return run_it


def journal_of(found: RunResults, tmp_path: Path, attempt: int | None = None) -> Recorded:
    """The records that the run's folder has, of one of its attempts; the written results are those returned."""
    folder = tmp_path / "results" / found.run_id
    assert read_results(folder / "results.json") == found
    folder = folder / f"attempts/{attempt}" if attempt else folder
    return read_journal((folder / "samples.jsonl").read_bytes(), found.run_id)


@pytest.mark.fault("F05")
@pytest.mark.fault("F07")
@pytest.mark.fault("F46")
def test_a_flap_has_the_scenario_run_again(broken_by: Callable[..., RunResults], tmp_path: Path) -> None:
    """It passes at the second attempt, as flaky; what the first recorded is kept apart."""
    found = broken_by(Drop())
    assert (found.exit_code, found.status) == (ExitCode.PASSED, "flaky"), found.model_dump_json(indent=1)
    (attempt,) = found.attempts
    assert (attempt.code, attempt.owner) == ("device.flapped", Owner.DEVICE)
    assert "there again, the same boot" in attempt.why
    first = journal_of(found, tmp_path, attempt=1)
    assert len(first.samples) >= AT
    assert not first.complete
    assert journal_of(found, tmp_path).complete
    assert found.rows[0].latency is not None
    assert found.rows[0].latency.count == 40


@pytest.mark.fault("F07")
@pytest.mark.fault("F46")
def test_a_reboot_is_told_from_a_flap(broken_by: Callable[..., RunResults], tmp_path: Path) -> None:
    """The boot id is another; the app is still installed, and runs again."""
    found = broken_by(Reboot())
    assert (found.exit_code, found.status) == (ExitCode.PASSED, "flaky"), found.model_dump_json(indent=1)
    assert [attempt.code for attempt in found.attempts] == ["device.rebooted"]
    assert len(journal_of(found, tmp_path, attempt=1).samples) >= AT


@pytest.mark.fault("F05")
@pytest.mark.fault("F08")
def test_a_device_that_stays_away_ends_the_run(
    broken_by: Callable[..., RunResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 8, and what had been recorded."""
    monkeypatch.setattr("harness.device.watch._BACK_SECONDS", 2.0)
    found = broken_by(Offline())
    assert found.failure is not None
    assert (found.exit_code, found.status, found.failure.code) == (ExitCode.DEVICE_LOST, "incomplete", "device.lost")
    assert "did not come back" in found.failure.why
    assert len(journal_of(found, tmp_path).samples) >= AT


@pytest.mark.fault("F12")
def test_a_device_that_freezes_ends_the_run(
    broken_by: Callable[..., RunResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """adb lists it as ready, and nothing comes; the samples before it are kept."""
    monkeypatch.setattr("harness.device.watch._BACK_SECONDS", 1.0)
    monkeypatch.setattr("harness.scenario.execute.SILENCE_SECONDS", SILENCE_S)
    found = broken_by(Freeze())
    assert found.failure is not None
    assert (found.exit_code, found.failure.code) == (ExitCode.DEVICE_LOST, "device.silent")
    assert len(journal_of(found, tmp_path).samples) >= AT


@pytest.mark.fault("F33")
def test_an_app_that_hangs_is_stopped(
    broken_by: Callable[..., RunResults], bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device answers and the app doesn't: exit 7, and no process of it is left."""
    monkeypatch.setattr("harness.scenario.execute.SILENCE_SECONDS", SILENCE_S)
    found = broken_by(StopApp(APPLICATION))
    assert found.failure is not None
    assert (found.exit_code, found.failure.code) == (ExitCode.APP_CRASHED, "app.silent")
    assert found.failure.owner is Owner.APP
    assert len(journal_of(found, tmp_path).samples) >= AT
    assert soon(lambda: run(bench.device, ["pidof", APPLICATION]).text == "")


@pytest.mark.fault("F34")
def test_an_app_that_is_killed_for_memory(broken_by: Callable[..., RunResults], tmp_path: Path) -> None:
    """The killer's own line is the reason."""
    found = broken_by(KillApp(APPLICATION))
    assert found.failure is not None
    assert (found.exit_code, found.failure.code) == (ExitCode.APP_CRASHED, "app.killed")
    assert found.failure.why.startswith(f"Kill '{APPLICATION}' (")
    assert len(journal_of(found, tmp_path).samples) >= AT


@pytest.mark.fault("F32")
def test_an_app_that_dies_of_a_signal(broken_by: Callable[..., RunResults], tmp_path: Path) -> None:
    """The signal is named, out of the crash buffer."""
    found = broken_by(KillApp(APPLICATION, SIGSEGV))
    assert found.failure is not None
    assert (found.exit_code, found.failure.code) == (ExitCode.APP_CRASHED, "app.crashed")
    assert "signal 11 (SIGSEGV)" in found.failure.why
    assert len(journal_of(found, tmp_path).samples) >= AT


@pytest.mark.fault("F39")
@pytest.mark.parametrize(
    ("damage", "code", "exit_code"),
    [
        (Damage.flip, "results.", ExitCode.INVALID),
        (Damage.cut, "device.pull_short", ExitCode.DEVICE_LOST),
        (Damage.lose, "device.sync", ExitCode.DEVICE_LOST),
    ],
)
def test_records_that_break_on_the_way_do_not_replace_those_that_came_live(
    broken_by: Callable[..., RunResults], tmp_path: Path, damage: Damage, code: str, exit_code: ExitCode
) -> None:
    """The app's file is refused; all its samples are there all the same."""
    found = broken_by(SpoilPull(damage, "*samples.jsonl"))
    assert found.failure is not None
    assert found.failure.code.startswith(code)
    assert found.exit_code is exit_code
    assert len(journal_of(found, tmp_path).samples) == 40


@pytest.mark.fault("F39")
def test_an_output_that_breaks_on_the_way_is_not_compared(broken_by: Callable[..., RunResults], tmp_path: Path) -> None:
    """Its SHA-256 isn't the one that the app recorded."""
    found = broken_by(SpoilPull(Damage.flip, "*.bin"))
    assert found.failure is not None
    assert (found.exit_code, found.failure.code) == (ExitCode.INVALID, "results.hash")
    assert journal_of(found, tmp_path).complete


@pytest.mark.fault("F40")
def test_lost_lines_of_the_log_are_not_taken_for_no_coverage(broken_by: Callable[..., RunResults]) -> None:
    """Measurements are whole, as they don't travel by the log; what the delegate took is unknown, so nothing is judged."""
    found = broken_by(LoseLog(), backend="gpu", first=True)
    (row,) = found.rows
    assert (found.status, found.exit_code) == ("complete", ExitCode.INVALID)
    assert (row.outcome, row.validity) == (Outcome.SKIP, Validity.INVALID)
    assert row.issues[0].code == "coverage.unknown"
    assert row.latency is not None
    assert row.latency.count == 4


@pytest.mark.fault("F30")
def test_an_app_that_can_not_be_started_is_told_though_am_succeeds(bench: Bench, apk: Path, tmp_path: Path) -> None:
    """`am instrument` of what isn't there exits with 0 or 1 by Android's version; what it printed decides."""
    scenario = tmp_path / "breaking.yaml"
    scenario.write_text(SCENARIO)
    uninstall(bench.device, APPLICATION)
    choice = Choice(backends=("cpu",), apk=apk)
    found = run_scenario(scenario, choice, serial=bench.pixel.serial, results=tmp_path / "results")
    assert found.failure is not None
    assert (found.exit_code, found.failure.code) == (ExitCode.APP_CRASHED, "app.not_started")
    assert f"INSTRUMENTATION_FAILED: {APPLICATION}/" in found.failure.why


@pytest.mark.fault("F37")
def test_throttling_degrades_what_was_measured(broken_by: Callable[..., RunResults]) -> None:
    """The device's thermal status is in the samples, and in the verdict."""
    found = broken_by(Thermal(ThermalStatus.severe), first=True)
    (row,) = found.rows
    assert row.validity is Validity.DEGRADED
    assert [issue.code for issue in row.issues] == ["device.throttled"]
