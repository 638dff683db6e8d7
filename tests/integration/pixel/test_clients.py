"""Other people's clients, and several devices at once."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import adbutils
import pytest
from ppadb.client import Client

from harness.pixel import lifecycle
from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import Adb
from tests.integration.pixel.crosstalk import Worker, all_at_once, checked, mixed_up


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
    """The serials of three fresh devices beside the first."""
    found = [lifecycle.start(name=f"other-{number}", owner=True, wipe=True) for number in range(3)]
    try:
        yield [info.serial for info in found]
    finally:
        for info in found:
            lifecycle.stop(info)


def test_devices_at_work_together_keep_apart(adb: Adb, others: list[str], apk: Path, tmp_path: Path) -> None:
    """Each has its own files, properties, log, packages, boot and network, while all are used at once."""
    run = checked(adb.program, adb.environment)
    workers = [Worker(serial, apk if serial == others[-1] else None, "dev.tiny") for serial in others]
    assert mixed_up(workers, all_at_once(run, workers, tmp_path)) == []
