"""`harness pixel …`, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness.errors import ExitCode
from harness.pixel import lifecycle
from harness.pixel.lifecycle import PixelInfo


def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command's exit code and output."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_several_are_started_told_of_stopped_and_forgotten(home: Path) -> None:
    """One line a device, JSON where it's asked for, and nothing is left of them at the end."""
    started = harness("pixel", "start", "--profile", "pixel_4", "--count", "2", "--name", "pair", "--gpu", "none")
    serials = started.stdout.split()
    try:
        assert (started.returncode, len(serials)) == (0, 2), started
        told = json.loads(harness("pixel", "status", "--json").stdout)
        mine = [each for each in told if each["serial"] in serials]
        assert {each["name"] for each in mine} == {"pair-1", "pair-2"}
        assert {(each["profile"], each["model"], each["gpu"], each["thermal"]) for each in mine} == {
            ("pixel_4", "Pixel 4", "none", "none")
        }
        refused = harness("pixel", "forget", "pair-1")
        assert (refused.returncode, "pixel.state_taken" in refused.stderr) == (int(ExitCode.NO_DEVICE), True), refused
    finally:
        stopped = harness("pixel", "stop", *serials)
    assert (stopped.returncode, stopped.stderr.count(" stopped")) == (0, 2)
    other = harness("pixel", "start", "--name", "pair-1", "--profile", "pixel_8")
    assert (other.returncode, "pixel.kept_make" in other.stderr) == (int(ExitCode.USAGE), True)
    assert harness("pixel", "forget", "pair-1", "pair-2").returncode == 0
    kept = json.loads(harness("pixel", "list", "--all", "--json").stdout)["kept"]
    assert not {each["name"] for each in kept} & {"pair-1", "pair-2"}


def test_who_is_not_there_is_named_and_nobody_is_stopped(pixel: PixelInfo) -> None:
    """One wrong serial among right ones ends no device."""
    done = harness("pixel", "stop", pixel.serial, "emulator-5599")
    assert (done.returncode, "emulator-5599" in done.stderr) == (int(ExitCode.NO_DEVICE), True)
    assert pixel in lifecycle.running()


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(home: Path) -> None:
    """Before anything is started."""
    done = harness("pixel", "start", "--gpu", "vulkan")
    assert (done.returncode, "opencl+opengl" in done.stderr, done.stdout) == (int(ExitCode.USAGE), True, "")
