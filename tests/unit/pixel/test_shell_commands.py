"""Android's small commands: what they print, on which stream, and with which exit code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.pixel.commands import PROGRAMS, SERVICES
from harness.pixel.commands.dumpsys import DUMPS
from harness.pixel.commands.service_names import INTERFACES
from harness.pixel.commands.storage import FileSystem, human, layout
from harness.pixel.mksh import without_prefixes
from harness.pixel.root import ANDROID_COMMANDS
from harness.pixel.settings import Settings
from tests.unit.pixel.conftest import Bench, ScriptedApp


async def nothing(app: ScriptedApp, command: dict[str, object]) -> None:
    """An app that shows what it is told to."""
    app.on_event({"event": "displayed", "id": command["id"], "milliseconds": 1})


def test_every_command_has_a_program_and_every_program_a_name() -> None:
    """What `/system/bin` links to the device's process, that process knows."""
    assert set(PROGRAMS) == set(ANDROID_COMMANDS)
    assert set(SERVICES) | set(DUMPS) <= set(INTERFACES)
    assert list(INTERFACES) == sorted(INTERFACES)


def test_the_shell_says_what_androids_says(tmp_path: Path) -> None:
    """No prefix before the words of an error, in all the ways a command is given."""
    found = shutil.which("mksh")
    assert found, "mksh isn't here: apt-get install mksh"
    shell = tmp_path / "sh"
    shell.write_bytes(without_prefixes(Path(found).read_bytes()))
    shell.chmod(0o755)
    done = subprocess.run([shell, "-c", "foo"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (127, f"{shell}: foo: inaccessible or not found\n")
    fed = subprocess.run([shell], input="foo\n", capture_output=True, text=True, check=False)
    assert (fed.returncode, fed.stderr) == (127, f"{shell}: <stdin>[1]: foo: inaccessible or not found\n")
    assert without_prefixes(b"another program") == b"another program"


@pytest.mark.parametrize(
    ("command", "code", "output", "errors"),
    [
        ("foo", 127, "", "/system/bin/sh: foo: inaccessible or not found\n"),
        ("cmd foo", 20, "", "cmd: Can't find service: foo\n"),
        ("cmd meminfo", 0, "", "No shell command implementation.\n"),
        ("service check activity", 0, "Service activity: found\n", ""),
        ("service check foo", 0, "Service foo: not found\n", ""),
        ("service call foo 1", 10, "", "service: Service foo does not exist\n"),
        ("id -u", 0, "2000\n", ""),
        ("id -Gn", 0, "shell input log adb sdcard_rw sdcard_r ext_data_rw ext_obb_rw net_bt_admin net_bt inet "
         "net_bw_stats readproc uhid readtracefs\n", ""),
        ("id u0_a7", 0, "uid=10007(u0_a7) gid=10007(u0_a7) groups=10007(u0_a7)\n", ""),
        ("id nobody", 1, "", "id: no such user 'nobody'\n"),
        ("getenforce", 0, "Enforcing\n", ""),
        ("pidof nothing", 1, "", ""),
        ("settings get global nothing", 0, "null\n", ""),
        ("settings get global", 255, "", "Bad arguments\n"),
        ("settings get global a b", 255, "", "Too many arguments\n"),
        ("settings get foo bar", 255, "", "Invalid namespace 'foo'\n"),
        ("settings foo global", 255, "", "Invalid command: foo\n"),
        ("settings --user 7 get global a", 255, "", "Invalid user: 7\n"),
        ("settings put system a b tag no", 255, "", "Argument expected to be 'default'\n"),
        ("settings delete global nothing", 0, "Deleted 0 rows\n", ""),
        ("device_config get a b", 0, "null\n", ""),
        ("device_config foo", 255, "", "Invalid command: foo\n"),
        ("wm size", 0, "Physical size: 1440x2960\n", ""),
        ("wm size 10", 255, "", "Error: bad size 10\n"),
        ("wm density 9", 255, "", "Error: density must be >= 72\n"),
        ("wm foo", 255, "", "Unknown command: foo\n"),
        ("wm user-rotation", 0, "free\n", ""),
        ("cmd uimode night", 0, "Night mode: no\n", ""),
        ("cmd uimode night maybe", 255, "", "Invalid night mode\n"),
        ("cmd statusbar collapse", 0, "", ""),
        ("cmd connectivity airplane-mode", 0, "disabled\n", ""),
        ("svc wifi enable", 0, "", ""),
        ("ime list -s", 0, "", ""),
        ("ime set a/.B", 255, "", "Unknown input method a/.B cannot be selected for user #0\n"),
        ("appops get nothing", 255, "", "Error: No UID for nothing in user 0\n"),
        ("appops get dev.tiny", 0, "No operations.\n", ""),
        ("content query --uri content://settings/system/font_scale", 0, "Row: 0 _id=1, name=font_scale, value=1.0\n", ""),
        ("content query --uri content://media/x", 1, "", "Error while accessing provider:media\n"
         "java.lang.IllegalStateException: Could not find provider: media\n"),
        ("locksettings get-disabled", 0, "true\n", ""),
        ("bugreportz -v", 0, "", "1.2\n"),
        ("dumpsys foo", 0, "", "Can't find service: foo\n"),
        ("dumpsys meminfo foo", 0, "No process found for: foo\n", ""),
        ("dumpsys activity foo", 0, "Bad activity command, or no activities match: foo\nUse -h for help.\n", ""),
        ("screencap -z", 1, "", None),
        ("dumpsys --foo", 255, "", None),
    ],
)  # fmt: skip
def test_a_command_answers_as_androids(bench: Bench, command: str, code: int, output: str, errors: str | None) -> None:
    """Text, stream and exit code; `None` where only that there is an error text is held."""
    got = bench.run(nothing, *command.split())
    assert got[:2] == (code, output)
    assert got[2] == errors if errors is not None else got[2].startswith("usage: ")


def test_what_is_set_is_told_by_every_command(bench: Bench) -> None:
    """`wm`, `settings` and `content` have one store, and dumps read it; a reset brings the physical figures back."""

    def run(*command: str) -> str:
        code, output, errors = bench.run(nothing, *command)
        assert (code, errors) == (0, "")
        return output

    run("wm", "size", "1080x1920")
    run("wm", "density", "320")
    run(
        "content",
        "insert",
        "--uri",
        "content://settings/system",
        "--bind",
        "name:s:user_rotation",
        "--bind",
        "value:i:1",
    )
    run("settings", "put", "system", "accelerometer_rotation", "0")
    assert run("wm", "size") == "Physical size: 1440x2960\nOverride size: 1080x1920\n"
    assert run("wm", "density") == "Physical density: 560\nOverride density: 320\n"
    assert run("wm", "user-rotation") == "lock 1\n"
    assert run("settings", "get", "global", "display_size_forced") == "1080,1920\n"
    assert "    init=1440x2960 560dpi base=1080x1920 320dpi cur=1920x1080 app=1920x1080" in run(
        "dumpsys", "window", "displays"
    )
    assert "orientation=1, logicalFrame=Rect(0, 0 - 1920, 1080)" in run("dumpsys", "display")
    run("wm", "size", "reset")
    assert run("wm", "size") == "Physical size: 1440x2960\n"


def test_settings_outlive_a_restart(tmp_path: Path) -> None:
    """In the device's state, with an android_id that is the device's own; a broken file is as none."""
    Settings(tmp_path).put("global", "a", "b")
    assert Settings(tmp_path).get("global", "a") == "b"
    assert len(Settings(tmp_path).get("secure", "android_id") or "") == 16
    assert Settings(tmp_path).get("secure", "android_id") == Settings(tmp_path).get("secure", "android_id")
    (tmp_path / "settings.json").write_text("{")
    assert Settings(tmp_path).get("global", "a") is None


def test_df_has_toyboxs_columns() -> None:
    """Widths by the longest cell; used of what a user may have, rounded up; human sizes; inodes."""
    disk = FileSystem("/dev/block/dm-1", "ext4", "/data", 200 << 30, 101 << 30, 99 << 30, 1000, 900)
    assert layout([disk], "") == (
        "Filesystem      1K-blocks      Used Available Use% Mounted on\n"
        "/dev/block/dm-1 209715200 103809024 103809024  50% /data\n"
    )
    assert layout([disk], "h") == (
        "Filesystem       Size Used Avail Use% Mounted on\n/dev/block/dm-1  200G  99G   99G  50% /data\n"
    )
    assert layout([disk], "i").splitlines()[1].split() == ["/dev/block/dm-1", "1000", "100", "900", "10%", "/data"]
    assert [human(size) for size in (0, 999, 1000, 8600 << 10)] == ["0", "999", "1.0K", "8.4M"]


def test_monkey_starts_an_app(bench: Bench) -> None:
    """Without its activity's name; an unknown package is told as Android tells it, a run of random events refused."""
    launcher = ("-c", "android.intent.category.LAUNCHER")
    code, output, errors = bench.run(nothing, "monkey", "-p", "dev.tiny", *launcher, "1")
    assert (code, output.splitlines()[-2]) == (0, "Events injected: 1")
    assert 'data="dev.tiny"\n' in errors
    code, _, errors = bench.run(nothing, "monkey", "-p", "dev.none", *launcher, "1")
    assert (code, errors.splitlines()[-1]) == (252, "** No activities found to run, monkey aborted.")
    assert bench.run(nothing, "monkey", "-p", "dev.tiny", "500")[0] == 255
    assert "** Error: Count not specified" in bench.run(nothing, "monkey", "-p", "dev.tiny")[2]
