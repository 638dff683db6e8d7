"""`adb forward` and `adb reverse`: sockets of the device's own network, and of nowhere else."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import DEADLINE_S, Adb

DATA = os.urandom(1_000_000)


@contextmanager
def host_echo() -> Iterator[int]:
    """A port of the host's that gives back what it is sent."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller:
                    while data := caller.recv(1 << 16):
                        caller.sendall(data)

    threading.Thread(target=answer, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)


def echoed(port: int, data: bytes = DATA) -> bytes:
    """What comes back from a port to which `data` is sent; nothing when it is closed."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as channel:
        sending = threading.Thread(target=channel.sendall, args=(data,), daemon=True)
        sending.start()
        while len(got) < len(data) and (part := channel.recv(1 << 16)):
            got += part
        sending.join(DEADLINE_S)
    return got


def forwarded(adb: Adb, remote: str) -> int:
    """The host's port that is forwarded to a place of the device."""
    return int(adb.text("forward", "tcp:0", remote))


@pytest.fixture(autouse=True)
def forgotten(adb: Adb, pixel: PixelInfo) -> Iterator[None]:
    """No test sees the sockets of another."""
    yield
    adb.text("forward", "--remove-all")
    adb.text("reverse", "--remove-all")


def test_a_program_of_the_device_that_listens_is_reached_by_forward(adb: Adb, pixel: PixelInfo) -> None:
    """Bytes go both ways, whole; two callers at once don't meet."""
    serving = adb.start("shell", "nc -s 127.0.0.1 -p 5000 -L cat")
    try:
        wait = "i=0; while ! grep -q :1388 /proc/net/tcp; do i=$((i+1)); [ $i -gt 200 ] && exit 1; sleep .05; done"
        assert adb("shell", wait).returncode == 0
        port = forwarded(adb, "tcp:5000")
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as other:
            other.sendall(b"other")
            assert echoed(port) == DATA
            assert other.recv(5, socket.MSG_WAITALL) == b"other"
    finally:
        serving.kill()
        serving.communicate()


def test_a_program_of_the_device_reaches_the_host_by_reverse(adb: Adb, pixel: PixelInfo) -> None:
    """The device's port is carried to the host's; without a reverse the host's ports aren't there."""
    with host_echo() as port:
        call = "{{ echo hello; sleep .3; }} | nc -w 5 127.0.0.1 {}"  # adb can't end one way of a socket alone
        assert adb("shell", call.format(port)).stdout == b""
        device_port = int(adb.text("reverse", "tcp:0", f"tcp:{port}"))
        assert adb.text("shell", call.format(device_port)) == "hello\n"


@pytest.mark.parametrize(
    "place",
    ["tcp:6100", "localabstract:test", "localfilesystem:/data/local/tmp/test.sock"],
    ids=["tcp", "abstract", "file"],
)
def test_each_kind_of_socket_is_carried_both_ways(adb: Adb, pixel: PixelInfo, place: str) -> None:
    """From the host into the device by forward, and out of it again by reverse, whole; then nobody listens there."""
    with host_echo() as port:
        adb.text("reverse", place, f"tcp:{port}")
        entry = forwarded(adb, place)
        assert echoed(entry) == DATA
        adb.text("reverse", "--remove", place)
        assert echoed(entry, b"x") == b""


def test_reverses_are_listed_rebound_and_removed(adb: Adb, pixel: PixelInfo) -> None:
    """As Android words it: `--no-rebind` refuses a taken name, removing what isn't there is an error."""
    with host_echo() as port:
        adb.text("reverse", "tcp:6200", "tcp:1")
        taken = adb("reverse", "--no-rebind", "tcp:6200", "tcp:2")
        assert (taken.returncode, b"cannot rebind existing socket" in taken.stderr) == (1, True)
        adb.text("reverse", "tcp:6200", f"tcp:{port}")
        assert [line.split()[1:] for line in adb.text("reverse", "--list").splitlines() if line] == [
            ["tcp:6200", f"tcp:{port}"]
        ]
        assert adb.text("shell", "{ echo again; sleep .3; } | nc -w 5 127.0.0.1 6200") == "again\n"
        adb.text("reverse", "--remove-all")
        assert adb.text("reverse", "--list").strip() == ""
        missing = adb("reverse", "--remove", "tcp:6200")
        assert (missing.returncode, b"listener 'tcp:6200' not found" in missing.stderr) == (1, True)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("localfilesystem:/system/x", "Read-only file system"),
        ("localfilesystem:/data/local/tmp/../../../system/x", "Read-only file system"),
        ("localfilesystem:/data/data/x", "Permission denied"),
        ("localfilesystem:/nowhere/x", "No such file or directory"),
        ("tcp:99999", "bad port number '99999'"),
    ],
)
def test_a_place_that_can_not_be_had_is_refused(adb: Adb, pixel: PixelInfo, place: str, why: str) -> None:
    """The reason is told, and the device goes on."""
    done = adb("reverse", place, "tcp:1")
    assert done.returncode == 1
    assert why in done.stderr.decode()
    assert adb.text("shell", "echo on") == "on\n"


def test_reverses_end_with_the_server_that_asked_for_them(adb: Adb, pixel: PixelInfo) -> None:
    """A server that goes and comes back finds its names free."""
    adb.text("reverse", "tcp:6300", "tcp:1")
    adb.text("reconnect", "device")
    deadline = time.monotonic() + DEADLINE_S
    while adb("reverse", "--no-rebind", "tcp:6300", "tcp:2").returncode:  # the old connection may live a moment on
        assert time.monotonic() < deadline
    assert adb.text("reverse", "--list").split()[1:] == ["tcp:6300", "tcp:2"]
