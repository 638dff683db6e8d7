"""Real adb clients and servers, 29 and 36, devices for them, and APKs signed with real keys."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.pixel import lifecycle
from harness.pixel.lifecycle import PixelInfo
from tests.tiny_apk import keystore, pack, sign

DEADLINE_S = 20


class Adb:
    """One adb binary with a server, a port and a home of its own."""

    def __init__(self, program: Path, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.program, self.home = program, home
        no_phones = {"ADB_LIBUSB": "0", "ADB_MDNS": "0"}  # looking for them takes adb 36 three seconds
        self.environment = os.environ | {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": str(home)} | no_phones
        self.serial = ""

    def __call__(self, *arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command on the device; never raises for its exit code."""
        return subprocess.run(
            self.command(*arguments),
            input=data,
            capture_output=True,
            env=self.environment,
            timeout=DEADLINE_S,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        return [str(self.program), *(("-s", self.serial) if self.serial else ()), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that runs on."""
        return subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment
        )

    def text(self, *arguments: str) -> str:
        """Standard output of a command that must succeed."""
        done = self(*arguments)
        assert done.returncode == 0, done
        return done.stdout.decode()


def programs() -> dict[str, Path]:
    found = {}
    if system := shutil.which("adb"):
        found["adb29"] = Path(system)
    if (spec := importlib.util.find_spec("adbutils")) and spec.origin:
        found["adb36"] = Path(spec.origin).parent / "binaries" / "adb"
    return found


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home and a cache of the tests' own, for the devices and for adb."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("HARNESS_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="package", params=programs().keys())
def adb(request: pytest.FixtureRequest, home: Path) -> Iterator[Adb]:
    """An adb of each version, its server running before the device starts."""
    chosen = Adb(programs()[request.param], home)
    assert chosen("start-server").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", chosen.environment["ANDROID_ADB_SERVER_PORT"])
        try:
            yield chosen
        finally:
            chosen.serial = ""
            chosen("kill-server")


@pytest.fixture(scope="package")
def pixel(adb: Adb) -> Iterator[PixelInfo]:
    """A device that announced itself to that server."""
    info = lifecycle.start(owner=True, wipe=True)
    adb.serial = info.serial
    assert adb("wait-for-device").returncode == 0
    try:
        yield info
    finally:
        adb.serial = ""
        lifecycle.stop(info)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two developers' keys."""
    folder = tmp_path_factory.mktemp("keys")
    return keystore(folder / "alice.keystore"), keystore(folder / "mallory.keystore")


@pytest.fixture(scope="session")
def apk(tmp_path_factory: pytest.TempPathFactory, keys: tuple[Path, Path]) -> Path:
    """A signed APK with a native library."""
    return sign(pack(tmp_path_factory.mktemp("apk") / "tiny.apk", files={"lib/x86_64/liba.so": b"code"}), keys[0])
