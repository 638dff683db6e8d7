"""A bench: a real adb server, a virtual Pixel that breaks when told to, and this harness on top."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.pixel import lifecycle
from harness.pixel.faults import remote
from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import DEADLINE_S, Adb, programs
from tests.tiny_apk import keystore, pack, sign

READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Bench:
    """One version of adb with a server of its own, a device on it, and the harness' view of both."""

    adb: Adb
    server: AdbServer
    pixel: PixelInfo

    @property
    def device(self) -> Device:
        return Device(self.server, self.pixel.serial)

    def state(self) -> str:
        """What the server lists the device as."""
        return next((each.state for each in self.server.devices() if each.serial == self.pixel.serial), "absent")

    def becomes(self, state: str) -> bool:
        """Whether it is listed so before the deadline."""
        return soon(lambda: self.state() == state)

    def log(self) -> str:
        """The log of the device's own process."""
        return Path(self.pixel.state, lifecycle.LOG_NAME).read_text(encoding="utf-8")


def soon(true: Callable[[], bool]) -> bool:
    """Whether it gets true before the deadline."""
    deadline = time.monotonic() + READY_S
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


VERSIONS = [pytest.param(name, marks=() if index == 0 else pytest.mark.slow) for index, name in enumerate(programs())]


@pytest.fixture(scope="package", params=VERSIONS)
def benches(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Bench]]:
    """Five devices in turn, on the first adb that is here; on the others in the slow tests.

    A real server takes a second to come back to a device that it lost; the next tests have others meanwhile.
    """
    adb = Adb(programs()[request.param], tmp_path_factory.mktemp("home"))
    assert adb("start-server").returncode == 0
    devices: list[PixelInfo] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", adb.environment["ANDROID_ADB_SERVER_PORT"])
        server = AdbServer(int(adb.environment["ANDROID_ADB_SERVER_PORT"]))
        try:
            devices += [lifecycle.start(name=f"faults-{number}", owner=True, wipe=True) for number in range(5)]
            yield itertools.cycle([Bench(adb, server, info) for info in devices])
        finally:
            for info in devices:
                lifecycle.stop(info)
            adb.serial = ""
            adb("kill-server")


@pytest.fixture
def bench(benches: Iterator[Bench]) -> Iterator[Bench]:
    """The next device's bench: ready, and with no fault armed."""
    chosen = next(benches)
    chosen.adb.serial = chosen.pixel.serial
    chosen.server.wait_until_ready(chosen.pixel.serial, DEADLINE_S)
    yield chosen
    remote.clear(chosen.pixel)


@pytest.fixture(scope="package")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A developer's key."""
    return keystore(tmp_path_factory.mktemp("keys") / "alice.keystore")


@pytest.fixture(scope="package")
def apk(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    """A signed APK with a native library."""
    return sign(pack(tmp_path_factory.mktemp("apk") / "tiny.apk", files={"lib/x86_64/liba.so": b"code"}), key)
