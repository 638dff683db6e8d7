"""What a running device tells of itself and takes from its console, and where it listens."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import DeviceUnavailable
from harness.pixel import lifecycle
from harness.pixel.lifecycle import PixelInfo
from harness.pixel.states import Make
from harness.pixel.status import ask_status
from tests.integration.pixel.conftest import Adb

LISTENING = "0A"
LOOPBACKS = ("0100007F", "00000000000000000000000001000000")


@pytest.fixture(scope="module")
def other(adb: Adb) -> Iterator[PixelInfo]:
    """A Pixel 8 with Android 15, beside the package's own device."""
    info = lifecycle.start(name="eight", owner=True, wipe=True, make=Make("pixel_8", 35))
    try:
        adb("-s", info.serial, "wait-for-device")
        yield info
    finally:
        lifecycle.stop(info)


def test_a_device_tells_its_status(pixel: PixelInfo) -> None:
    """Its own memory is a small process', it runs no app, and it is cool and charged."""
    status = ask_status(pixel)
    assert (status.model, status.release, status.thermal, status.battery_level) == ("Pixel 3 XL", "14", "none", 100)
    assert (status.plugged, status.apps) == (True, ())
    assert 0 < status.uptime_s < 1000
    assert 10_000 < status.memory_kb < 60_000


def test_who_does_not_know_the_token_is_told_nothing(
    pixel: PixelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's home has another token; a device that is gone doesn't answer either."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".emulator_console_auth_token").write_text("guessed")
    with pytest.raises(DeviceUnavailable, match="token does not match"):
        ask_status(pixel)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = probe.getsockname()[1]
    with pytest.raises(DeviceUnavailable) as gone:
        ask_status(replace(pixel, port=nobody))
    assert gone.value.code == "pixel.status"


def test_what_the_console_sets_adb_shows_and_no_other_device_has(adb: Adb, pixel: PixelInfo, other: PixelInfo) -> None:
    """Heat, power and memory of one device, told by its services and by its status."""
    serial, adb.serial = adb.serial, other.serial
    try:
        for line in ("thermal status critical", "power capacity 7", "power ac off", "memory size 1G"):
            adb("emu", *line.split())
        assert "Thermal Status: 4\n" in adb.text("shell", "dumpsys", "thermalservice")
        assert "  level: 7\n" in adb.text("shell", "dumpsys", "battery")
        assert adb("shell", "cmd", "battery", "set", "level", "50").returncode == 0
        said = adb("shell", "cmd", "thermalservice", "override-status", "9")
        assert (said.returncode, said.stdout) == (255, b"Invalid status: 9\n")
    finally:
        adb.serial = serial
    status = ask_status(other)
    assert (status.thermal, status.battery_level, status.plugged, status.memory) == ("critical", 50, False, 1 << 30)
    assert (ask_status(pixel).thermal, ask_status(pixel).battery_level) == ("none", 100)


def test_a_device_is_the_phone_that_was_asked_for(adb: Adb, other: PixelInfo) -> None:
    """To its shell, to adb's list, and to whoever lists the devices here."""
    said = adb.text(
        "-s", other.serial, "shell", "getprop ro.product.model; getprop ro.build.version.sdk; wm size; echo $HOSTNAME"
    )
    assert said == "Pixel 8\n35\nPhysical size: 1080x2400\nshiba\n"
    assert f"{other.serial}" in adb.text("devices")
    assert (other.profile, other.api) == ("pixel_8", 35)
    assert other in lifecycle.running()


def test_a_reboot_changes_neither_the_phone_nor_its_heat(adb: Adb, other: PixelInfo) -> None:
    """What was set at the console is the hardware's, and outlives Android."""
    adb("-s", other.serial, "emu", "thermal", "status", "light")
    adb.text("-s", other.serial, "reboot")
    adb.text("-s", other.serial, "wait-for-device")
    said = adb.text("-s", other.serial, "shell", "getprop ro.product.model; dumpsys thermalservice")
    assert said.startswith("Pixel 8\n")
    assert "Thermal Status: 1\n" in said


def test_every_socket_that_listens_is_on_the_loopback(adb: Adb, pixel: PixelInfo) -> None:
    """Console, adb, its TCP port and a reversed one: by the kernel's own tables, on the host and in the device's network."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        tcp_port = probe.getsockname()[1]
    adb.text("tcpip", str(tcp_port))
    adb.text("reverse", "tcp:6123", "tcp:1")
    try:
        (init,) = [pid for pid in children(pixel.pid) if network_of(pid) != network_of(pixel.pid)][:1]
        here, inside = listening(pixel.pid, pixel.pid), listening(init, pixel.pid)
    finally:
        adb("reverse", "--remove-all")
        adb("usb")
    assert {port for _, port in here} == {pixel.port, pixel.port + 1, tcp_port}
    assert {port for _, port in inside} == {6123}
    assert {address for address, _ in here | inside} <= set(LOOPBACKS)


def listening(network: int, owner: int) -> set[tuple[str, int]]:
    """Address and port of each TCP socket of process `owner` that listens in the network of process `network`."""
    inodes = {os.readlink(f"/proc/{owner}/fd/{name}") for name in os.listdir(f"/proc/{owner}/fd")}  # noqa: PTH115, PTH208
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{network}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            address, _, port = words[1].partition(":")
            if words[3] == LISTENING and f"socket:[{words[9]}]" in inodes:
                found.add((address, int(port, 16)))
    return found


def children(pid: int) -> list[int]:
    """Every process below one."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(number) for number in task.read_text(encoding="ascii").split()]
    return found[1:]


def network_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())
