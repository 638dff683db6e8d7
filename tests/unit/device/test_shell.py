"""Commands on a device: exact frames, no end mistaken for success, one place that quotes."""

from __future__ import annotations

import socket

import pytest

from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.device.shell import check, quote, run
from harness.errors import DeviceFailed, DeviceLost
from harness.wire import ShellId, pack_shell
from tests.unit.device.scripted_adb import Play, ScriptedAdb


def shell_that_sends(*pieces: bytes) -> Play:
    """A device whose shell sends these bytes, each in its own segment, and then hangs up."""

    def play(connection: socket.socket, service: str) -> bool:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"OKAY")
        if not service.startswith("shell"):
            return True
        for piece in pieces:
            connection.sendall(piece)
        return False

    return play


def device_of(server: ScriptedAdb) -> Device:
    return Device(AdbServer(server.port), "scripted")


def test_streams_and_exit_code_are_kept_apart() -> None:
    """stdout, stderr and the exit code come back as three things."""
    frames = pack_shell(ShellId.STDOUT, b"out") + pack_shell(ShellId.STDERR, b"err") + pack_shell(ShellId.EXIT, b"\x07")
    with ScriptedAdb(shell_that_sends(frames)) as server:
        done = run(device_of(server), ["probe"])
    assert (done.stdout, done.stderr, done.exit_code) == (b"out", b"err", 7)


@pytest.mark.fault("F14")
def test_frames_split_anywhere_are_put_together() -> None:
    """A frame that arrives byte by byte reads like one that arrives whole."""
    frames = pack_shell(ShellId.STDOUT, b"whole") + pack_shell(ShellId.EXIT, b"\x00")
    with ScriptedAdb(shell_that_sends(*(bytes([byte]) for byte in frames))) as server:
        assert run(device_of(server), ["probe"]).stdout == b"whole"


@pytest.mark.fault("F05")
def test_end_without_exit_frame_is_a_lost_device() -> None:
    """Output without an exit frame is never success."""
    with (
        ScriptedAdb(shell_that_sends(pack_shell(ShellId.STDOUT, b"half a "))) as server,
        pytest.raises(DeviceLost) as caught,
    ):
        run(device_of(server), ["probe"])
    assert caught.value.code == "device.lost"
    assert "probe" in caught.value.what


@pytest.mark.fault("F12")
def test_silence_ends_at_the_deadline() -> None:
    """An open socket over which nothing comes ends at the operation's deadline, with its own code."""

    def silent(connection: socket.socket, service: str) -> bool:
        connection.sendall(b"OKAY")
        return True

    with ScriptedAdb(silent) as server, pytest.raises(DeviceLost) as caught:
        run(device_of(server), ["probe"], seconds=0.3)
    assert caught.value.code == "device.silent"


def test_unknown_frame_is_refused() -> None:
    """A frame of a kind that the protocol doesn't have is a garbled device, not output."""
    with ScriptedAdb(shell_that_sends(b"\x63\x01\x00\x00\x00x")) as server, pytest.raises(DeviceLost) as caught:
        run(device_of(server), ["probe"])
    assert caught.value.code == "device.garbled"


@pytest.mark.fault("F13")
def test_missing_device_names_the_servers_reason() -> None:
    """A serial that the server doesn't know is a lost device with the server's own words."""

    def refuse(connection: socket.socket, service: str) -> bool:
        reason = b"device 'scripted' not found"
        connection.sendall(b"FAIL%04x" % len(reason) + reason)
        return False

    with ScriptedAdb(refuse) as server, pytest.raises(DeviceLost) as caught:
        run(device_of(server), ["probe"])
    assert caught.value.why == "device 'scripted' not found"


def test_check_raises_with_stderr() -> None:
    """A command that has to succeed and doesn't is an error with its exit code and its stderr."""
    frames = pack_shell(ShellId.STDERR, b"no such thing\n") + pack_shell(ShellId.EXIT, b"\x01")
    with ScriptedAdb(shell_that_sends(frames)) as server, pytest.raises(DeviceFailed) as caught:
        check(device_of(server), ["probe"])
    assert caught.value.why == "no such thing"


@pytest.mark.parametrize("word", ["a b", "$HOME", "it's", "`id`", "a;b", "ünïcode", "-n", "", "*"])
def test_quoting_survives_a_real_shell(word: str) -> None:
    """Every word comes out of a shell as it went in."""
    import subprocess

    line = quote(["printf", "%s", word])
    assert subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.decode() == word


def test_nul_is_refused_before_it_is_sent() -> None:
    """A NUL byte would cut the command in two on the device: refused here."""
    with pytest.raises(ValueError, match="NUL"):
        quote(["echo", "a\0b"])
