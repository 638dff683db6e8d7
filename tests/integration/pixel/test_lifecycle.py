"""Devices started, stopped, killed, and what is left of them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.pixel import lifecycle
from tests.integration.pixel.conftest import DEADLINE_S, Adb


def test_emu_kill_ends_the_device(adb: Adb, home: Path) -> None:
    """The console on the even port knows the token that adb reads from the home."""
    info = lifecycle.start(owner=False)
    handle = os.pidfd_open(info.pid)
    serial, adb.serial = adb.serial, info.serial
    try:
        adb("emu", "kill")
        assert ended(handle)
    finally:
        adb.serial = serial
        lifecycle.stop(info)


def ended(handle: int) -> bool:
    """Whether a process ends within the deadline."""
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(DEADLINE_S * 1000))


def children(pid: int) -> list[int]:
    """Handles' ids of every process below `pid`."""
    found: list[int] = []
    pending = [pid]
    while pending:
        for task in Path(f"/proc/{pending.pop()}/task").glob("*/children"):
            below = [int(number) for number in task.read_text(encoding="ascii").split()]
            found += below
            pending += below
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_device(adb: Adb, home: Path, number: signal.Signals) -> None:
    """Foreground and background programs of the device end with its process, however that ends."""
    info = lifecycle.start(owner=True)
    serial, adb.serial = adb.serial, info.serial
    try:
        adb("wait-for-device")
        adb.text("shell", "nohup setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
        running = adb.start("shell", "echo started; sleep 1000")
        assert running.stdout is not None
        running.stdout.readline()
        below = children(info.pid)
        assert len(below) >= 4
        handles = [os.pidfd_open(pid) for pid in [info.pid, *below]]
        os.kill(info.pid, number)
        assert all(ended(handle) for handle in handles)
        running.communicate(timeout=DEADLINE_S)
    finally:
        adb.serial = serial
        lifecycle.stop(info)


def test_an_owned_device_ends_with_its_owner_even_when_that_is_killed(home: Path) -> None:
    """The owner is killed by the kernel and can't clean up; the device notices all the same."""
    script = (
        "import sys, time\nfrom harness.pixel import lifecycle\n"
        "print(lifecycle.start(owner=True).pid, flush=True)\ntime.sleep(1000)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    handle = os.pidfd_open(int(owner.stdout.readline()))
    owner.kill()
    owner.communicate()
    assert ended(handle)


def test_state_outlives_a_restart_unless_wiped(adb: Adb, home: Path, apk: Path) -> None:
    """Packages, files and kept properties are there again; `wipe` forgets them."""
    serial = adb.serial
    seen = []
    for wipe in (True, False, True):
        info = lifecycle.start(name="kept", owner=True, wipe=wipe)
        adb.serial = info.serial
        try:
            adb("wait-for-device")
            seen.append(
                (
                    adb("shell", "pm", "path", "dev.tiny").returncode,
                    adb("shell", "cat /sdcard/note").stdout,
                    adb.text("shell", "getprop", "persist.mine").strip(),
                )
            )
            adb.text("install", str(apk))
            adb.text("shell", "echo mine > /sdcard/note; setprop persist.mine yes")
        finally:
            adb.serial = serial
            lifecycle.stop(info)
    assert seen == [(1, b"", ""), (0, b"mine\n", "yes"), (1, b"", "")]


def test_a_taken_port_and_a_taken_state_are_named(home: Path) -> None:
    """Two devices can't share a port or a state; each refusal says which."""
    info = lifecycle.start(name="first", owner=True)
    try:
        with pytest.raises(HostError, match=str(info.port)) as port:
            lifecycle.start(name="second", port=info.port, owner=True)
        with pytest.raises(HostError, match="first") as state:
            lifecycle.start(name="first", owner=True)
        assert [port.value.code, state.value.code] == ["pixel.port_taken", "pixel.state_taken"]
        assert info in lifecycle.running()
    finally:
        lifecycle.stop(info)
    assert info not in lifecycle.running()
