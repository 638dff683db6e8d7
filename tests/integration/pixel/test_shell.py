"""The device's shell through real adb clients: Android's words, its own names and figures, nothing of the host's."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest

from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import Adb

pytestmark = pytest.mark.usefixtures("pixel")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("foo", b"/system/bin/sh: foo: inaccessible or not found\n"),
        ("/system/bin/foo", b"/system/bin/sh: /system/bin/foo: inaccessible or not found\n"),
        ("sh -c foo", b"sh: foo: inaccessible or not found\n"),
        ("echo foo | sh", b"sh: <stdin>[1]: foo: inaccessible or not found\n"),
        (
            "echo foo > /data/local/tmp/s; sh /data/local/tmp/s",
            b"/data/local/tmp/s[1]: foo: inaccessible or not found\n",
        ),
        ("su", b"/system/bin/sh: su: inaccessible or not found\n"),
    ],
)
def test_a_missing_program_is_told_in_androids_words(adb: Adb, command: str, words: bytes) -> None:
    """By the shell, in whichever form it was asked for, with 127."""
    done = adb("shell", command)
    assert (done.returncode, done.stderr) == (127, words)


def test_standard_input_is_a_script(adb: Adb) -> None:
    """Commands that a client feeds to an interactive shell without a terminal."""
    done = adb("shell", "-T", data=b"foo\nexit 3\n")
    assert (done.returncode, done.stderr) == (3, b"/system/bin/sh: <stdin>[1]: foo: inaccessible or not found\n")


def test_the_shell_is_androids_shell_user(adb: Adb) -> None:
    """Its ids and groups, and the names that its files have."""
    words = adb.text("shell", "id").split()
    assert words[:2] == ["uid=2000(shell)", "gid=2000(shell)"]
    assert words[2].startswith("groups=2000(shell),1004(input),1007(log),1011(adb)")
    assert words[3] == "context=u:r:shell:s0"
    assert adb.text("shell", "whoami; stat -c %U /sdcard/; getenforce") == "shell\nshell\nEnforcing\n"


def test_nothing_tells_the_hosts_name_command_line_or_control_groups(adb: Adb) -> None:
    """`uname` and `hostname` say localhost, `/proc/cmdline` is closed, the control groups are roots."""
    assert adb.text("shell", "uname -n; hostname") == "localhost\nlocalhost\n"
    assert adb("shell", "cat /proc/cmdline").stderr == b"cat: /proc/cmdline: Permission denied\n"
    assert {line.rpartition(":")[2] for line in adb.text("shell", "cat /proc/self/cgroup").split()} == {"/"}
    names = set(adb.text("shell", "env | cut -d= -f1").split())
    assert not names & {"HARNESS_CACHE", "PYTHONPATH", "VIRTUAL_ENV", "OLDPWD"}


def test_the_memory_is_the_profiles(adb: Adb) -> None:
    """In `/proc/meminfo`, `free` and `dumpsys meminfo` alike."""
    assert adb.text("shell", "head -1 /proc/meminfo").split() == ["MemTotal:", str(4 << 20), "kB"]
    assert adb.text("shell", "free -m").splitlines()[1].split()[:2] == ["Mem:", "4096"]
    assert "Total RAM: 4,194,304K (status normal)" in adb.text("shell", "dumpsys meminfo")


def test_ps_and_top_show_the_device_s_processes(adb: Adb) -> None:
    """Under toybox' header, the first process among them, and none of the host."""
    lines = adb.text("shell", "ps -A").splitlines()
    assert lines[0].split() == ["USER", "PID", "PPID", "VSZ", "RSS", "WCHAN", "ADDR", "S", "NAME"]
    assert [line.split()[8] for line in lines if line.split()[1] == "1"] == ["init"]
    assert str(os.getpid()) not in [line.split()[1] for line in lines]
    screen = adb.text("shell", "top -b -n 1 -m 5").splitlines()
    assert screen[0].startswith("Tasks: ")
    assert screen[4].split() == ["PID", "USER", "PR", "NI", "VIRT", "RES", "SHR", "S[%CPU]", "%MEM", "TIME+", "ARGS"]


def test_df_tells_of_the_disk_that_holds_the_state(adb: Adb, pixel: PixelInfo) -> None:
    """`/data` by its real size; the card is on the same disk; a path that isn't there is an error."""
    disk = os.statvfs(Path(pixel.state) / "root/data")
    fields = adb.text("shell", "df /sdcard/Download").splitlines()[1].split()
    assert (int(fields[1]), fields[5]) == (disk.f_blocks * disk.f_frsize // 1024, "/storage/emulated")
    assert [line.split()[-1] for line in adb.text("shell", "df").splitlines()[1:]] == [
        "/dev",
        "/",
        "/data",
        "/storage/emulated",
    ]
    missing = adb("shell", "df /nothing")
    assert (missing.returncode, missing.stderr) == (1, b"df: /nothing: No such file or directory\n")


def test_uptime_counts_from_the_devices_boot(adb: Adb) -> None:
    """Not from that of the host."""
    assert int(adb.text("shell", "dumpsys cpuinfo").partition("CPU usage from ")[2].partition("ms")[0]) < 600_000
    assert " min,  0 users,  load average: " in adb.text("shell", "uptime")


def test_binary_logs_reach_the_client_as_logd_wrote_them(adb: Adb) -> None:
    """Every entry whole, by its own lengths, through `exec-out`."""
    adb.text("shell", "log -t binary -p e 'text é'")
    data = adb("exec-out", "logcat", "-B", "-d", "-b", "main").stdout
    texts = []
    while data:
        length, header = struct.unpack_from("<HH", data)
        texts.append(data[header : header + length])
        data = data[header + length :]
    assert "\6binary\0text é\0".encode() in texts


def test_adbs_own_filters_reach_logcat(adb: Adb) -> None:
    """ANDROID_LOG_TAGS of the client's environment, for a command line without filters."""
    adb.text("shell", "log -t tagged -p i yes; log -t other -p i no")
    shown = adb.text("shell", "ANDROID_LOG_TAGS='tagged:I *:S' logcat -d -v tag")
    assert "I/tagged  : yes\n" in shown
    assert "other" not in shown


def test_a_raw_picture_is_androids(adb: Adb) -> None:
    """Width, height, RGBA, sRGB, and four bytes a pixel."""
    picture = adb("exec-out", "screencap").stdout
    assert struct.unpack_from("<4I", picture) == (1440, 2960, 1, 1)
    assert len(picture) == 16 + 1440 * 2960 * 4


def test_a_bug_report_is_pulled_as_a_zip(adb: Adb, tmp_path: Path) -> None:
    """`adb bugreport` finds the report where the device says that it is: log, events and dumps."""
    adb.text("shell", "log -t reported hello")
    assert adb("bugreport", str(tmp_path / "report.zip")).returncode == 0
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        text = archive.read(archive.read("main_entry.txt").decode()).decode()
    assert " I reported: hello\n" in text
    assert "DUMP OF SERVICE window:\n" in text
