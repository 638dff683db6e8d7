"""Other people's clients, and several devices at once."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import adbutils
import pytest
from ppadb.client import Client

from harness.pixel import lifecycle
from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import DEADLINE_S, Adb


def server_port(adb: Adb) -> int:
    """Where the server of this adb listens."""
    return int(adb.environment["ANDROID_ADB_SERVER_PORT"])


def test_adbutils_finds_a_device(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """Shell with exit code, sync, forward, reverse, screenshot and properties, as adbutils asks for them."""
    device = adbutils.AdbClient(host="127.0.0.1", port=server_port(adb)).device(pixel.serial)
    assert device.shell2("(exit 4)").returncode == 4
    assert device.shell2("echo err >&2; exit 5", v2=True).stderr == "err\n"
    assert device.shell(["echo", "two words"]) == "two words"
    data = os.urandom(300_000)
    device.sync.push(io.BytesIO(data), "/data/local/tmp/a b", mode=0o600)
    assert device.sync.read_bytes("/data/local/tmp/a b") == data
    assert device.sync.stat("/data/local/tmp/a b").size == len(data)
    assert "a b" in [entry.path for entry in device.sync.list("/data/local/tmp")]
    port = device.forward_port("localabstract:nobody")
    assert [each.local for each in device.forward_list()] == [f"tcp:{port}"]
    device.reverse("tcp:6400", "tcp:1")
    assert [(each.remote, each.local) for each in device.reverse_list()] == [("tcp:6400", "tcp:1")]
    picture = device.framebuffer()
    assert (picture.size, picture.convert("RGB").getpixel((0, 0))) == ((1440, 2960), (16, 20, 24))
    assert device.getprop("ro.build.version.sdk") == "34"
    adb.text("forward", "--remove-all")
    adb.text("reverse", "--remove-all")


def test_ppadb_finds_a_device(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """Shell, sync, forward, screenshot and properties, as ppadb asks for them."""
    device = Client("127.0.0.1", server_port(adb)).device(pixel.serial)
    (tmp_path / "in").write_bytes(os.urandom(300_000))
    assert device.shell("echo out") == "out\n"
    device.push(str(tmp_path / "in"), "/data/local/tmp/p")
    device.pull("/data/local/tmp/p", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == (tmp_path / "in").read_bytes()
    assert device.screencap()[:4] == b"\x89PNG"
    assert device.get_properties()["ro.product.model"] == "Pixel 3 XL"
    device.forward("tcp:0", "localabstract:nobody")
    assert len(device.list_forward()) == 1
    device.killforward_all()


@pytest.fixture
def others(adb: Adb, pixel: PixelInfo) -> Iterator[list[str]]:
    """Two more devices beside the first; the serials of all three."""
    found = [lifecycle.start(name=f"other-{number}", owner=True, wipe=True) for number in range(2)]
    try:
        yield [pixel.serial, *(info.serial for info in found)]
    finally:
        for info in found:
            lifecycle.stop(info)


def test_devices_at_work_together_keep_apart(adb: Adb, others: list[str], tmp_path: Path) -> None:
    """Each has its own files, properties, boot and network, while all are used at once."""
    environment = adb.environment

    def run(serial: str, *arguments: str) -> bytes:
        command = [adb.program, "-s", serial, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, timeout=DEADLINE_S, check=True).stdout

    def work(serial: str) -> tuple[bytes, ...]:
        source, back = tmp_path / f"{serial}.in", tmp_path / f"{serial}.out"
        source.write_bytes(serial.encode() * 100_000)
        run(serial, "wait-for-device")
        run(serial, "reverse", "tcp:6500", "tcp:1")
        for _ in range(3):
            run(serial, "push", str(source), "/data/local/tmp/same")
            run(serial, "pull", "/data/local/tmp/same", str(back))
            assert back.read_bytes() == source.read_bytes()
        run(serial, "shell", f"setprop debug.mine {serial}")
        listed = run(serial, "reverse", "--list").split()[1]
        boot = run(serial, "shell", "cat /proc/sys/kernel/random/boot_id")
        return run(serial, "shell", "getprop debug.mine").strip(), listed, boot

    with ThreadPoolExecutor(len(others)) as pool:
        results = list(pool.map(work, others))
    assert [result[0].decode() for result in results] == others
    assert {result[1] for result in results} == {b"tcp:6500"}
    assert len({result[2] for result in results}) == len(others)
