"""What `harness doctor` finds, and what it says of what it doesn't."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.tools import PROGRAMS, survey


def test_every_tool_of_this_machine_is_found() -> None:
    """A machine that script/test has set up lacks nothing."""
    assert [finding.name for finding in survey() if finding.version is None] == []


def test_missing_tools_come_with_their_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without programs on PATH, each one's finding has the command that installs it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = {finding.name: finding.remedy for finding in survey() if finding.version is None}
    assert {tool.name for tool in PROGRAMS} <= set(missing)
    assert missing["adb"] == "apt-get install adb"


def test_doctor_exits_3_when_something_is_missing(tmp_path: Path) -> None:
    """The command says what is missing and tells its caller by the exit code."""
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli import main; main()", "doctor"],
        env={"PATH": str(tmp_path), "HOME": os.environ["HOME"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "missing: apt-get install maven" in done.stdout
