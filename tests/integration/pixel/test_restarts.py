"""Reboots, and what a phone's user build refuses."""

from __future__ import annotations

import os
import socket

import pytest

from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import DEADLINE_S, Adb
from tests.integration.pixel.test_pixel_adb import open_service

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def test_a_reboot_ends_what_ran_and_keeps_what_was_written(adb: Adb, pixel: PixelInfo) -> None:
    """The device goes and comes back in the same process, with another boot id, its files, and none of its programs."""
    before = adb.text("shell", f"cat {BOOT_ID}; echo kept > /sdcard/note")
    running = adb.start("shell", "echo started; sleep 1000")
    assert running.stdout is not None
    assert running.stdout.readline() == b"started\n"
    adb.text("reboot")
    running.communicate(timeout=DEADLINE_S)
    adb.text("wait-for-device")
    assert adb.text("shell", f"cat {BOOT_ID}") != before
    assert adb.text("shell", "cat /sdcard/note; pidof sleep || echo none") == "kept\nnone\n"
    os.kill(pixel.pid, 0)


def test_every_program_of_a_boot_sees_one_boot_id_and_no_other_devices(adb: Adb, pixel: PixelInfo) -> None:
    """It isn't the host's, which all devices share."""
    seen = {adb.text("shell", f"cat {BOOT_ID}") for _ in range(2)}
    with open(BOOT_ID, encoding="ascii") as host:  # noqa: PTH123 - not a file of ours
        assert len(seen) == 1
        assert seen != {host.read()}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("root",), "adbd cannot run as root in production builds"),
        (("unroot",), "adbd not running as root"),
        (("remount",), 'Not running as root. Try "adb root" first.'),
        (("reboot", "bootloader"), "reboot (bootloader) failed"),
    ],
)
def test_what_a_user_build_refuses_is_refused_in_its_words(
    adb: Adb, pixel: PixelInfo, command: tuple[str, ...], words: str
) -> None:
    """And the properties say that it is one."""
    done = adb(*command)
    assert words in (done.stdout + done.stderr).decode()
    assert adb.text("shell", "getprop ro.build.type; getprop ro.debuggable") == "user\n0\n"


def test_tcpip_opens_one_more_port_and_usb_closes_it(adb: Adb, pixel: PixelInfo) -> None:
    """`adb connect` finds the same device there; a bad port is told."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    adb.text("tcpip", str(port))
    name = f"127.0.0.1:{port}"
    serial = adb.serial
    assert "connected to" in adb.text("connect", name)
    try:
        adb.serial = name
        adb.text("wait-for-device")
        assert adb.text("shell", "getprop ro.serialno").strip() == serial
    finally:
        adb.serial = serial
    adb.text("usb")
    adb.text("disconnect", name)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
    with open_service(adb, "tcpip:99999") as stream:
        assert stream.recv(64) == b"invalid port\n"
