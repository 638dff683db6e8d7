"""What other people's clients see of each fault, in adb's own words, and how it is asked for."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.app import app
from harness.errors import DeviceUnavailable, ExitCode, HarnessError, NoDevice, UsageError
from harness.pixel import lifecycle
from harness.pixel.faults import remote
from harness.pixel.faults.kinds import Damage, FullStorage, LoseExit, LoseLog, Reboot, RefuseInstall, SpoilPull
from harness.pixel.faults.remote import arm, during
from tests.faults.conftest import Bench, soon

HALF_OPEN = 1000


def test_full_storage_in_adbs_words(bench: Bench, apk: Path, tmp_path: Path) -> None:
    """A push and an installation fail as on a phone without room, and both work again afterwards."""
    (tmp_path / "file").write_bytes(b"content")
    with during(bench.pixel, FullStorage()):
        pushed = bench.adb("push", str(tmp_path / "file"), "/data/local/tmp/full")
        installed = bench.adb("install", str(apk))
    assert pushed.returncode == 1
    assert b"No space left on device" in pushed.stdout + pushed.stderr
    assert installed.returncode == 1
    assert b"INSTALL_FAILED_INSUFFICIENT_STORAGE" in installed.stdout + installed.stderr
    assert bench.adb("push", str(tmp_path / "file"), "/data/local/tmp/full").returncode == 0
    assert bench.adb("install", str(apk)).returncode == 0


def test_a_refused_installation_in_adbs_words(bench: Bench, apk: Path) -> None:
    """Code and message are those that were asked for; the next one goes through."""
    arm(bench.pixel, RefuseInstall("INSTALL_FAILED_USER_RESTRICTED", "Install canceled by user"))
    done = bench.adb("install", str(apk))
    assert done.returncode == 1
    assert b"Failure [INSTALL_FAILED_USER_RESTRICTED: Install canceled by user]" in done.stdout + done.stderr
    assert bench.adb("install", str(apk)).returncode == 0


def test_a_spoiled_pull_passes_adb_by(bench: Bench, tmp_path: Path) -> None:
    """adb checks no content: it reports success, which is why the harness hashes."""
    (tmp_path / "file").write_bytes(b"12345678")
    bench.adb.text("push", str(tmp_path / "file"), "/data/local/tmp/f")
    arm(bench.pixel, SpoilPull(Damage.flip))
    bench.adb.text("pull", "/data/local/tmp/f", str(tmp_path / "flipped"))
    assert (tmp_path / "flipped").read_bytes() == b"12344678"


def test_a_reboot_changes_the_boot_id_and_keeps_what_is_armed(bench: Bench) -> None:
    """A fault that was armed before bites after."""
    command = ("shell", "cat /proc/sys/kernel/random/boot_id")
    before = bench.adb.text(*command)
    arm(bench.pixel, LoseExit(), after=0.0)
    arm(bench.pixel, LoseLog())
    arm(bench.pixel, Reboot())
    assert soon(lambda: bench.state() != "device")
    assert bench.becomes("device")
    bench.adb("shell", "true")
    assert bench.adb.text(*command) != before
    bench.adb.text("shell", "log lost")
    assert "lost" not in bench.adb.text("logcat", "-d")


def test_lost_lines_of_the_log_are_gone_for_every_reader(bench: Bench) -> None:
    """Every second one, here."""
    with during(bench.pixel, LoseLog(every=2)):
        bench.adb.text("shell", "for i in 1 2 3 4 5 6; do log -t counted line$i; done")
        kept = bench.adb.text("logcat", "-d", "-v", "raw", "-s", "counted").split()
    assert len([line for line in kept if line.startswith("line")]) == 3


@pytest.mark.fault("F12")
def test_a_thousand_half_open_connections_disturb_no_other(bench: Bench) -> None:
    """They say nothing, or stop amid a packet; a command is served meanwhile as ever."""
    opened = [socket.create_connection(("127.0.0.1", bench.pixel.port + 1)) for _ in range(HALF_OPEN)]
    try:
        for each in opened[::2]:
            each.sendall(b"CNXN\0\0")
        start = time.monotonic()
        assert bench.adb.text("shell", "echo served") == "served\n"
        assert time.monotonic() - start < 5
    finally:
        for each in opened:
            each.close()
    assert bench.adb.text("shell", "echo again") == "again\n"
    assert soon(lambda: bench.log().count("the middle of a packet") >= HALF_OPEN // 2)


def test_the_command_arms_lists_and_clears(bench: Bench) -> None:
    """As a person does it; what is listed are the words that were given."""
    serial = bench.pixel.serial

    def fault(*words: str) -> str:
        done = CliRunner().invoke(app, ["pixel", "fault", serial, *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    fault("spoil-pull", "cut", "*.bin", "--times", "2")
    fault("slow", "1000000", "5", "--after", "30", "--for", "2.5")
    fault("lose-exit", "--always")
    assert fault("list").splitlines() == [
        "spoil-pull cut *.bin (2 more times)",
        "slow 1000000 5 (not begun yet)",
        "lose-exit",
    ]
    fault("clear", "slow")
    assert "slow" not in fault("list")
    fault("clear")
    assert fault("list") == ""


@pytest.mark.parametrize(
    ("words", "error", "why"),
    [
        (("explode",), UsageError, "no fault 'explode'; there are drop"),
        (("slow",), UsageError, "usage: slow BYTES_PER_SECOND"),
        (("slow", "fast"), UsageError, "'fast' isn't a number"),
        (("kill-app", "dev.none"), UsageError, "dev.none isn't running"),
        (("stop-app", "dev.none"), UsageError, "dev.none isn't running"),
        (("clear", "frost"), UsageError, "no fault 'frost'"),
        (("spoil-pull", "cut", "a b"), UsageError, "usage: spoil-pull"),
        (("clear", "drop\nkill"), UsageError, "a character that"),
    ],
)
def test_what_can_not_be_armed_is_a_plain_error(
    bench: Bench, words: tuple[str, ...], error: type[HarnessError], why: str
) -> None:
    """Exit code 2, the reason, and nothing armed."""
    done = CliRunner().invoke(app, ["pixel", "fault", bench.pixel.serial, *words])
    assert isinstance(done.exception, error)
    assert why in str(done.exception)
    assert done.exception.exit_code is ExitCode.USAGE
    assert remote.armed(bench.pixel) == []


def test_a_device_that_is_not_there_is_a_plain_error(bench: Bench) -> None:
    """One that never was, and one that has ended since it was looked up."""
    done = CliRunner().invoke(app, ["pixel", "fault", "emulator-5599", "drop"])
    assert isinstance(done.exception, NoDevice)
    info = lifecycle.start(name="faults-ended", owner=True, wipe=True)
    lifecycle.stop(info)
    with pytest.raises(DeviceUnavailable) as caught:
        remote.clear(info)
    assert caught.value.code == "pixel.console"
