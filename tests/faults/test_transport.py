"""The connection breaks: what the harness says of it, and what it keeps."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from harness import wire
from harness.device import logcat
from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.device.shell import check, frames, run
from harness.device.sync import pull, push_bytes
from harness.device.watch import wait_until_booted
from harness.errors import DeviceFailed, DeviceLost, ExitCode, NoDevice
from harness.pixel.faults.kinds import (
    Booting,
    CutPush,
    Damage,
    Drop,
    Freeze,
    LoseExit,
    Offline,
    Slow,
    SpoilPull,
    Unauthorized,
)
from harness.pixel.faults.remote import arm, during
from harness.wire import ShellId
from tests.faults.conftest import READY_S, Bench, soon

REMOTE = PurePosixPath("/data/local/tmp/faults.bin")


@pytest.fixture
def other_server(bench: Bench) -> Iterator[AdbServer]:
    """A second adb server, started as the harness starts one; it finds the device by itself."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = AdbServer.ensure(port)
    server.wait_until_ready(bench.pixel.serial, READY_S)
    yield server
    server.stop()


@pytest.mark.fault("F02")
@pytest.mark.fault("F04")
def test_a_server_is_started_and_its_end_amid_a_command_is_a_loss(bench: Bench, other_server: AdbServer) -> None:
    """One that isn't there is started on the port that was asked for. When it is killed, the command is lost, not done."""
    assert other_server.started
    assert AdbServer.ensure(other_server.port).started is False
    running = frames(Device(other_server, bench.pixel.serial), ["sh", "-c", "echo begun; sleep 30"], seconds=20)
    assert next(running) == (ShellId.STDOUT, b"begun\n")
    other_server.stop()
    with pytest.raises(DeviceLost, match="running `sh` on emulator") as caught:
        next(running)
    assert caught.value.code == "device.lost"
    with pytest.raises(DeviceLost) as caught:
        run(Device(other_server, bench.pixel.serial), ["true"])
    assert caught.value.code == "adb.server_gone"


@pytest.mark.fault("F05")
def test_a_device_that_goes_amid_a_command_is_lost_with_what_it_had_said(bench: Bench) -> None:
    """The error names the operation and has the output so far."""
    arm(bench.pixel, Drop(), after=0.4)
    with pytest.raises(DeviceLost, match="running `sh`") as caught:
        run(bench.device, ["sh", "-c", "echo one; sleep 30; echo two"], seconds=20)
    assert (caught.value.code, caught.value.exit_code) == ("device.lost", ExitCode.DEVICE_LOST)
    assert caught.value.why.endswith("it had printed: one")


@pytest.mark.fault("F05")
def test_an_end_amid_a_packet_is_a_loss(bench: Bench) -> None:
    """Half a packet is on the wire when the connection ends."""
    arm(bench.pixel, Drop(packet=3))
    with pytest.raises(DeviceLost) as caught:
        run(bench.device, ["head", "-c", "3000000", "/dev/zero"], seconds=20)
    assert caught.value.code == "device.lost"
    assert "WRTE cut after" in bench.log()


@pytest.mark.fault("F05")
def test_a_command_without_an_exit_code_has_not_succeeded(bench: Bench) -> None:
    """Its output is all there; only the last frame is missing."""
    arm(bench.pixel, LoseExit())
    with pytest.raises(DeviceLost, match="it had printed: all of it"):
        run(bench.device, ["echo", "all of it"], seconds=20)
    assert run(bench.device, ["true"]).exit_code == 0


@pytest.mark.fault("F06")
def test_a_pull_that_breaks_off_leaves_a_part(bench: Bench, tmp_path: Path) -> None:
    """What came is in `.part`; no file of the name that was asked for is there."""
    push_bytes(bench.device, os.urandom(3_000_000), REMOTE)
    arm(bench.pixel, Drop(packet=7))
    with pytest.raises(DeviceLost, match=f"pulling {REMOTE}"):
        pull(bench.device, REMOTE, tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file.part"]
    assert 0 < (tmp_path / "file.part").stat().st_size < 3_000_000


@pytest.mark.fault("F06")
def test_a_push_that_breaks_off_leaves_no_file(bench: Bench) -> None:
    """The device keeps nothing of what wasn't finished."""
    file = Path(bench.pixel.state, "root", str(REMOTE).lstrip("/"))
    file.unlink(missing_ok=True)
    arm(bench.pixel, Drop(packet=2))
    with pytest.raises(DeviceLost, match=f"pushing {REMOTE}"):
        push_bytes(bench.device, os.urandom(9_000_000), REMOTE)
    assert soon(lambda: not file.exists())
    assert "cut after" in bench.log()


@pytest.mark.fault("F06")
@pytest.mark.parametrize("damage", [Damage.cut, Damage.double])
def test_a_pull_of_another_size_is_not_taken_for_the_file(bench: Bench, tmp_path: Path, damage: Damage) -> None:
    """The transfer ends in good order, and the size gives it away."""
    push_bytes(bench.device, b"12345678" * 1000, REMOTE)
    arm(bench.pixel, SpoilPull(damage, "*.bin"))
    with pytest.raises(DeviceFailed) as caught:
        pull(bench.device, REMOTE, tmp_path / "file")
    assert caught.value.code == "device.pull_short"
    assert not (tmp_path / "file").exists()


@pytest.mark.fault("F06")
def test_a_file_that_is_gone_is_said_in_the_devices_words(bench: Bench, tmp_path: Path) -> None:
    """It was there a moment before."""
    push_bytes(bench.device, b"here", REMOTE)
    arm(bench.pixel, SpoilPull(Damage.lose))
    with pytest.raises(DeviceFailed, match="No such file or directory"):
        pull(bench.device, REMOTE, tmp_path / "file")


@pytest.mark.fault("F06")
def test_a_push_that_arrives_in_part_is_noticed(bench: Bench) -> None:
    """The device says OKAY, and has half of it."""
    arm(bench.pixel, CutPush())
    with pytest.raises(DeviceFailed) as caught:
        push_bytes(bench.device, b"12345678", REMOTE)
    assert caught.value.code == "device.push_short"
    assert "4 bytes after a push of 8" in caught.value.what


@pytest.mark.slow
@pytest.mark.fault("F08")
def test_an_offline_device_is_reconnected(bench: Bench) -> None:
    """Once, and used when it answers then."""
    arm(bench.pixel, Offline(), seconds=1.6)
    assert bench.becomes("offline")
    assert bench.server.ready(bench.pixel.serial) == bench.pixel.serial


@pytest.mark.fault("F08")
def test_a_device_that_stays_offline_is_an_error_with_its_remedy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One reconnection is all that is tried."""
    monkeypatch.setattr("harness.device.adb._RECONNECT_SECONDS", 1.5)
    arm(bench.pixel, Offline())
    assert bench.becomes("offline")
    with pytest.raises(NoDevice) as caught:
        bench.server.ready(bench.pixel.serial)
    assert (caught.value.code, caught.value.exit_code) == ("device.offline", ExitCode.NO_DEVICE)
    assert "reconnect" in caught.value.hint


@pytest.mark.fault("F09")
def test_an_unauthorized_device_is_never_retried(bench: Bench) -> None:
    """The error is there at once, and says what to do on the phone."""
    arm(bench.pixel, Unauthorized())
    assert bench.becomes("unauthorized")
    start = time.monotonic()
    with pytest.raises(NoDevice) as caught:
        bench.server.ready(bench.pixel.serial)
    assert time.monotonic() - start < 1
    assert caught.value.code == "device.unauthorized"
    assert "accept this computer's key" in caught.value.hint


@pytest.mark.fault("F12")
def test_an_open_socket_on_which_nothing_comes_is_given_up(bench: Bench) -> None:
    """After the silence that is allowed, long before the deadline; the link is as it was when the device thaws."""
    running = frames(bench.device, ["sh", "-c", "echo begun; sleep 0.3; echo on; sleep 30"], seconds=20, silence=0.6)
    assert next(running) == (ShellId.STDOUT, b"begun\n")
    with during(bench.pixel, Freeze()), pytest.raises(DeviceLost) as caught:
        next(running)
    assert caught.value.code == "device.silent"
    assert "not a word for 0.6 s" in caught.value.what
    assert run(bench.device, ["echo", "thawed"], seconds=5).text == "thawed\n"


@pytest.mark.fault("F12")
def test_a_frozen_device_does_not_outlast_the_deadline(bench: Bench) -> None:
    """adb lists it as ready all the while."""
    with during(bench.pixel, Freeze()):
        with pytest.raises(DeviceLost, match=r"no end within 0\.3 s"):
            run(bench.device, ["true"], seconds=0.3)
        assert bench.state() == "device"


@pytest.mark.fault("F13")
def test_the_log_of_a_vanished_device_is_not_waited_for(bench: Bench) -> None:
    """adb's own logcat waits for the device; the harness says at once that it is gone."""
    arm(bench.pixel, Drop())
    assert bench.becomes("absent")
    start = time.monotonic()
    with pytest.raises(DeviceLost) as caught:
        logcat.dump(bench.device, since="0.000")
    assert time.monotonic() - start < 0.5
    assert caught.value.code == "device.lost"


@pytest.mark.fault("F14")
def test_a_slow_link_changes_nothing_but_time(bench: Bench, tmp_path: Path) -> None:
    """Answers that come late and in pieces are the same."""
    data = os.urandom(10_000)
    start = time.monotonic()
    with during(bench.pixel, Slow(bytes_per_second=100_000, latency_ms=20)):
        push_bytes(bench.device, data, REMOTE)
        assert time.monotonic() - start > 0.1
        pull(bench.device, REMOTE, tmp_path / "file")
        assert check(bench.device, ["echo", "whole"]).text == "whole\n"
    assert (tmp_path / "file").read_bytes() == data
    assert time.monotonic() - start > 0.2


@pytest.mark.fault("F18")
def test_a_device_that_boots_is_waited_for(bench: Bench) -> None:
    """adb lists it as ready before Android is up."""
    arm(bench.pixel, Booting(), seconds=0.4)
    assert bench.state() == "device"
    assert run(bench.device, ["pm", "path", "android"]).stderr == b"cmd: Can't find service: package\n"
    wait_until_booted(bench.device, seconds=5)
    assert run(bench.device, ["pm", "path", "android"]).exit_code == 0


@pytest.mark.fault("F18")
def test_a_device_that_never_gets_up_is_an_error_that_names_the_stage(bench: Bench) -> None:
    """At the deadline, and not before."""
    with during(bench.pixel, Booting()), pytest.raises(NoDevice) as caught:
        wait_until_booted(bench.device, seconds=0.3)
    assert (caught.value.code, caught.value.exit_code) == ("device.not_booted", ExitCode.NO_DEVICE)
    assert caught.value.why == "it waits for sys.boot_completed"


@pytest.mark.fault("F12")
def test_who_connects_to_a_frozen_device_is_answered_when_it_thaws(bench: Bench) -> None:
    """The connection is taken and stays open; not a byte comes before."""
    hello = wire.pack_packet(wire.Packet(wire.Command.CNXN, 0x01000001, 4096, b"host::\0"), with_checksum=True)
    with during(bench.pixel, Freeze()):
        link = socket.create_connection(("127.0.0.1", bench.pixel.port + 1), 0.2)
        link.sendall(hello)
        with pytest.raises(TimeoutError):
            link.recv(4)
    link.settimeout(5)
    assert link.recv(4) == b"CNXN"
    link.close()
