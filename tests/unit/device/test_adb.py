"""The adb server and the choice of a device."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness.device.adb import AdbServer, Listed, choose, find_adb
from harness.errors import HostError, NoDevice, ToolMissing
from tests.unit.device.scripted_adb import ScriptedAdb, block


@pytest.mark.fault("F02")
def test_port_of_another_program_is_said() -> None:
    """Something that listens on the adb port and isn't adb is an error that names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        import threading

        def greet() -> None:
            connection, _ = stranger.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=greet, daemon=True).start()
        port = stranger.getsockname()[1]
        with pytest.raises(HostError) as caught:
            AdbServer.ensure(port)
    assert caught.value.code == "adb.not_a_server"
    assert "ANDROID_ADB_SERVER_PORT" in caught.value.hint


@pytest.mark.fault("F14")
def test_device_list_split_over_segments_is_whole() -> None:
    """A list that arrives in pieces is read to its stated length."""

    def play(connection: socket.socket, service: str) -> bool:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"OKAY" + block(b"emulator-5554\tdevice\nphone\tunauthorized\n"):
            connection.sendall(bytes([byte]))
        return False

    with ScriptedAdb(play) as server:
        listed = AdbServer(server.port).devices()
    assert listed == (Listed("emulator-5554", "device"), Listed("phone", "unauthorized"))


def test_wait_until_ready_sees_each_state() -> None:
    """The wait follows the server's own announcements and ends with the last state when time is up."""

    def play(connection: socket.socket, service: str) -> bool:
        connection.sendall(b"OKAY" + block(b"phone\toffline\n"))
        return True

    with ScriptedAdb(play) as server, pytest.raises(NoDevice) as caught:
        AdbServer(server.port).wait_until_ready("phone", 0.3)
    assert "offline" in caught.value.why


@pytest.mark.fault("F10")
def test_several_devices_are_never_resolved_by_order() -> None:
    """With several devices and none chosen, the error lists them."""
    with pytest.raises(NoDevice) as caught:
        choose((Listed("a", "device"), Listed("b", "device")), None)
    assert caught.value.code == "device.several"
    assert "a (device), b (device)" in caught.value.why


@pytest.mark.fault("F09")
def test_unauthorized_device_comes_with_its_remedy() -> None:
    """A device that can't be used says what to do about it."""
    with pytest.raises(NoDevice) as caught:
        choose((Listed("phone", "unauthorized"),), "phone")
    assert caught.value.code == "device.unauthorized"
    assert "accept" in caught.value.hint


def test_the_only_ready_device_is_chosen() -> None:
    """One ready device among unusable ones needs no --serial."""
    assert choose((Listed("a", "offline"), Listed("b", "device")), None) == "b"


@pytest.mark.fault("F01")
def test_missing_adb_names_the_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without adb the error names where it was looked for and what installs it."""
    for name in ("ADB", "ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "sdk"))
    with pytest.raises(ToolMissing) as caught:
        find_adb()
    assert str(tmp_path / "sdk" / "platform-tools" / "adb") in caught.value.why
    assert "apt-get install adb" in caught.value.hint
