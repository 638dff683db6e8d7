"""Installing: the package manager's answer is read to its end and turned into cause and remedy."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.device.install import checked_package, install
from harness.errors import DeviceLost, InstallFailed
from tests.unit.device.scripted_adb import Play, ScriptedAdb


def manager_that_says(answer: bytes, *, reads: int) -> Play:
    """A package manager that reads that many bytes of the APK and then answers."""

    def play(connection: socket.socket, service: str) -> bool:
        connection.sendall(b"OKAY")
        if not service.startswith("exec:"):
            return True
        assert f"-S {reads}" in service
        connection.recv(reads, socket.MSG_WAITALL)
        connection.sendall(answer)
        return False

    return play


def install_with(answer: bytes, tmp_path: Path) -> None:
    apk = tmp_path / "app.apk"
    apk.write_bytes(b"not really" * 100)
    with ScriptedAdb(manager_that_says(answer, reads=apk.stat().st_size)) as server:
        install(Device(AdbServer(server.port), "scripted"), apk)


def test_success(tmp_path: Path) -> None:
    """`Success` returns."""
    install_with(b"Success\n", tmp_path)


@pytest.mark.fault("F25")
def test_failure_has_the_devices_word_and_a_remedy(tmp_path: Path) -> None:
    """A refusal carries the device's word, its reason, and what to do."""
    with pytest.raises(InstallFailed) as caught:
        install_with(
            b"Failure [INSTALL_FAILED_VERSION_DOWNGRADE: Downgrade detected: Update version code 1]\n", tmp_path
        )
    assert caught.value.code == "install.install_failed_version_downgrade"
    assert caught.value.why == "Downgrade detected: Update version code 1"
    assert "--replace" in caught.value.hint


@pytest.mark.fault("F27")
def test_no_answer_is_a_lost_device(tmp_path: Path) -> None:
    """A connection that closes without a word is never success."""
    with pytest.raises(DeviceLost):
        install_with(b"", tmp_path)


@pytest.mark.parametrize("name", ["a", "a b.c", "a.b;rm", "../x.y", "1a.b", ""])
def test_package_names_are_checked(name: str) -> None:
    """What isn't a package name never reaches the device's shell."""
    with pytest.raises(InstallFailed):
        checked_package(name)
