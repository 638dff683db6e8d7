"""A device that asks adb for a key, as a phone does."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.pixel import lifecycle
from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import DEADLINE_S, Adb


@pytest.fixture
def locked(adb: Adb) -> Iterator[PixelInfo]:
    """A device that knows no key."""
    info = lifecycle.start(name="locked", owner=True, wipe=True, secure=True)
    serial, adb.serial = adb.serial, info.serial
    try:
        yield info
    finally:
        adb.serial = serial
        lifecycle.stop(info)


def state(adb: Adb) -> str:
    """What adb lists the device as."""
    lines = subprocess.run(
        [adb.program, "devices"], env=adb.environment, capture_output=True, text=True, timeout=DEADLINE_S, check=True
    ).stdout.splitlines()
    return next((line.split()[1] for line in lines if line.startswith(adb.serial)), "absent")


def becomes(adb: Adb, wanted: str) -> bool:
    """Whether adb lists the device so before the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while state(adb) != wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_an_unknown_key_is_unauthorized_until_it_is_added(adb: Adb, locked: PixelInfo) -> None:
    """Nothing is served before; the server that waits is served as soon as the key is there, and known after a restart."""
    assert becomes(adb, "unauthorized")
    assert adb("shell", "echo served").returncode != 0
    lifecycle.authorise(locked, adb.home / ".android/adbkey.pub")
    assert becomes(adb, "device")
    assert adb.text("shell", "echo served; getprop ro.adb.secure") == "served\n1\n"
    adb.text("reconnect")
    adb.text("wait-for-device")
    assert adb.text("shell", "echo again") == "again\n"


def test_what_is_no_key_is_not_added(locked: PixelInfo, tmp_path: Path) -> None:
    """The file is named, and the device's list stays as it was."""
    (tmp_path / "bad.pub").write_text("not a key")
    for file in (tmp_path / "bad.pub", tmp_path / "absent.pub"):
        with pytest.raises(UsageError, match=file.name):
            lifecycle.authorise(locked, file)
    assert not Path(locked.state, lifecycle.KEYS_NAME).exists()
