"""Apps on a virtual Pixel as its users meet them: `am`, `input`, `screencap` and the log, through a real adb.

Slow: a JVM and a built APK; it is one device for all.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from harness.app.bundle import Bundle
from harness.pixel import lifecycle
from tests.integration.pixel.conftest import Adb
from tests.integration.probe_app import build_probe

pytestmark = pytest.mark.slow

NAME = "dev.tfliteharness"
PLAY = f"{NAME}/.PlayActivity"
BUTTON, FIELD, BELOW = ("700", "400"), ("700", "900"), (720, 2000)
_PATIENCE_S = 40


class Phone:
    """A device with the probe app, and an adb that sees it."""

    def __init__(self, adb: Adb) -> None:
        self.adb = adb

    def shell(self, *words: str) -> str:
        """What a command of the device prints, on both streams."""
        done = self.adb("shell", *words)
        return (done.stdout + done.stderr).decode()

    def log(self, *words: str) -> list[str]:
        return self.adb("logcat", "-d", "-v", "brief", *words).stdout.decode().splitlines()

    def said(self) -> list[str]:
        """What the app's activities told of their lives."""
        return [line.partition("): ")[2] for line in self.log("-s", "play") if "): " in line]

    def colour(self) -> tuple[int, ...]:
        """Of the screen, below the app's controls."""
        picture = Image.open(io.BytesIO(self.adb("exec-out", "screencap", "-p").stdout)).convert("RGB")
        assert picture.size == (1440, 2960)
        found = picture.getpixel(BELOW)
        assert isinstance(found, tuple)
        return found

    def until(self, done: Callable[[], bool]) -> None:
        """Wait for a condition of the device's; fails when it doesn't come."""
        deadline = time.monotonic() + _PATIENCE_S
        while not done():
            assert time.monotonic() < deadline, self.log("-b", "all")[-40:]
            time.sleep(0.1)

    def play(self, what: str = "") -> None:
        """A fresh activity, and an empty log."""
        self.shell("am", "force-stop", NAME)
        self.shell("logcat", "-b", "all", "-c")
        assert "Status: ok" in self.shell(
            "am", "start", "-W", "-S", "-n", PLAY, *(("--es", "do", what) if what else ())
        )


@pytest.fixture(scope="module")
def phone(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """One device for the tests of this module; the runtime comes out of the cache."""
    apk = build_probe(small_bundle, tmp_path_factory.mktemp("probe")).path
    adb = Adb(Path(shutil.which("adb") or "adb"), tmp_path_factory.mktemp("home"))
    assert adb("start-server").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", adb.environment["ANDROID_ADB_SERVER_PORT"])
        info = lifecycle.start(name=f"apps-{os.getpid()}", owner=True, wipe=True)
        adb.serial = info.serial
        try:
            assert adb("wait-for-device").returncode == 0
            assert b"Success" in adb("install", str(apk)).stdout
            yield Phone(adb)
        finally:
            lifecycle.stop(info)
            adb.serial = ""
            adb("kill-server")
            shutil.rmtree(info.state, ignore_errors=True)


def test_a_finger_on_a_button_changes_the_screen(phone: Phone) -> None:
    """The click reaches the view's own listener, and the next picture shows what that did."""
    phone.play()
    assert phone.colour() == (255, 0, 0)
    phone.shell("input", "tap", *BUTTON)
    phone.until(lambda: "PlayActivity pressed" in phone.said())
    assert phone.colour() == (0, 0, 255)


def test_a_long_press_is_one(phone: Phone) -> None:
    """A swipe that stays where it is for longer than Android's time is held, not pressed."""
    phone.play()
    phone.shell("input", "swipe", *BUTTON, *BUTTON, "900")
    phone.until(lambda: "PlayActivity held" in phone.said())
    assert "PlayActivity pressed" not in phone.said()


def test_text_and_keys_reach_the_field_that_has_the_focus(phone: Phone) -> None:
    """Text with spaces and capitals, a key that deletes, and Enter."""
    phone.play()
    phone.shell("input", "tap", *FIELD)
    phone.shell("input", "text", "Hello%sPixel3x")
    phone.shell("input", "keyevent", "KEYCODE_DEL", "66")
    phone.until(lambda: "PlayActivity entered Hello Pixel3" in phone.said())


def test_bad_input_is_refused_in_androids_words(phone: Phone) -> None:
    """And with the exit code of a command that threw."""
    refused = {
        ("tap", "1"): 'java.lang.IllegalArgumentException: Argument expected after "1"',
        ("tap", "a", "2"): 'java.lang.NumberFormatException: For input string: "a"',
        ("keyevent", "NO_SUCH"): "java.lang.IllegalArgumentException: Unknown keycode: NO_SUCH",
        ("wave",): "Unknown command: wave",
    }
    for words, text in refused.items():
        done = phone.adb("shell", "input", *words)
        assert (done.returncode, text in done.stderr.decode()) == (255, True), words


def test_activities_live_and_end_in_androids_order(phone: Phone) -> None:
    """One asks the next for a result and gets it back; the former stops once the new one is there, and comes back by Back."""
    phone.play("next")
    phone.shell("input", "tap", *BUTTON)
    phone.until(lambda: "PlayActivity onStop" in phone.said())
    phone.shell("input", "keyevent", "BACK")
    phone.until(lambda: "NextActivity onDestroy" in phone.said())
    lines = [line for line in phone.said() if not line.endswith("pressed")]
    assert lines == [
        *(f"PlayActivity {step}" for step in ("onCreate", "onStart", "onResume", "onPause")),
        *(f"NextActivity {step}" for step in ("onCreate", "onStart", "onResume")),
        "PlayActivity onStop",
        "NextActivity onPause",
        "PlayActivity onActivityResult 7 -1 42",
        *(f"PlayActivity {step}" for step in ("onStart", "onResume")),
        *(f"NextActivity {step}" for step in ("onStop", "onDestroy")),
    ]


def test_home_and_back_leave_an_app(phone: Phone) -> None:
    """Home stops it and keeps it, a second start brings it back, Back ends its last activity."""
    phone.play()
    phone.shell("input", "keyevent", "HOME")
    phone.until(lambda: "PlayActivity onStop" in phone.said())
    assert phone.colour() != (255, 0, 0)
    again = phone.shell("am", "start", "-n", PLAY)
    assert "Warning: Activity not started, its current task has been brought to the front" in again
    assert phone.colour() == (255, 0, 0)
    top = phone.shell("am", "start", "-n", PLAY)
    assert "intent has been delivered to currently running top-most instance." in top
    phone.shell("am", "start", "-n", PLAY, "--activity-single-top", "--es", "word", "again")
    phone.until(lambda: "PlayActivity onNewIntent again" in phone.said())
    phone.shell("input", "keyevent", "BACK")
    phone.until(lambda: "PlayActivity onDestroy" in phone.said())
    assert "home visible=true" in phone.shell("am", "stack", "list")


def test_a_dialog_gets_the_touches_and_back(phone: Phone) -> None:
    """It lies over its activity, dims it, and Back closes it alone."""
    phone.play("dialog")
    phone.shell("input", "tap", *BUTTON)
    phone.until(lambda: "PlayActivity pressed" in phone.said())
    phone.until(lambda: phone.colour()[2] < 150)
    phone.shell("input", "keyevent", "BACK")
    phone.until(lambda: phone.colour() == (0, 0, 255))
    assert "PlayActivity onDestroy" not in phone.said()


def test_the_power_key_stops_the_app_until_it_wakes(phone: Phone) -> None:
    """`dumpsys power` tells the state; touches while it sleeps go nowhere."""
    phone.play()
    phone.shell("input", "keyevent", "POWER")
    phone.until(lambda: "PlayActivity onStop" in phone.said())
    assert "mWakefulness=Asleep" in phone.shell("dumpsys", "power")
    phone.shell("input", "tap", *BUTTON)
    phone.shell("input", "keyevent", "WAKEUP")
    phone.until(lambda: phone.said()[-1] == "PlayActivity onResume")
    assert "PlayActivity pressed" not in phone.said()


def test_services_start_and_stop(phone: Phone) -> None:
    """By `am`, with their extras; one that isn't there is said so."""
    phone.play()
    service = ("-n", f"{NAME}/.ProbeService")
    assert "Starting service: Intent { cmp=" in phone.shell("am", "startservice", *service, "--es", "word", "a")
    phone.until(lambda: "ProbeService onStartCommand 1 a" in phone.said())
    assert "Service stopped" in phone.shell("am", "stopservice", *service)
    phone.until(lambda: "ProbeService onDestroy" in phone.said())
    assert "Service not stopped: was not running." in phone.shell("am", "stopservice", *service)
    assert "Error: Not found; no service started." in phone.shell("am", "startservice", "-n", f"{NAME}/.None")


def test_a_broadcast_wakes_a_receiver_and_brings_its_result(phone: Phone) -> None:
    """By its action and in a process of its own; one that nobody hears completes all the same."""
    phone.shell("am", "force-stop", NAME)
    told = phone.shell("am", "broadcast", "-a", f"{NAME}.PROBE", "--es", "word", "heard")
    assert f"Broadcasting: Intent {{ act={NAME}.PROBE flg=0x400000 (has extras) }}" in told
    assert 'Broadcast completed: result=3, data="heard"' in told
    assert "Broadcast completed: result=0\n" in phone.shell("am", "broadcast", "-a", "nobody.hears")


def test_what_is_not_exported_is_denied(phone: Phone) -> None:
    """With Android's exception, and its exit code."""
    done = phone.adb("shell", "am", "start", "-n", f"{NAME}/.NextActivity")
    assert done.returncode == 255
    assert b"java.lang.SecurityException: Permission Denial: starting Intent" in done.stderr


@pytest.mark.parametrize(
    ("what", "cause", "thread"),
    [("throw", "told to, by a finger", "main"), ("thread", "told to, in a thread", "worker")],
)
def test_an_exception_is_in_the_crash_buffer(phone: Phone, what: str, cause: str, thread: str) -> None:
    """As a Pixel writes it; the process is gone, and the next one starts."""
    phone.play(what)
    phone.shell("input", "tap", *BUTTON)
    phone.until(lambda: not phone.shell("pidof", NAME).strip())
    lines = [line.partition("): ")[2] for line in phone.log("-b", "crash")]
    assert f"FATAL EXCEPTION: {thread}" in lines
    assert any(re.fullmatch(rf"Process: {NAME}, PID: \d+", line) for line in lines)
    assert f"java.lang.IllegalStateException: {cause}" in "\n".join(lines)
    assert any("am_crash" in line and cause in line for line in phone.log("-b", "events"))
    phone.play()
    assert phone.colour() == (255, 0, 0)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("startservice", "-n", f"{NAME}/.ProbeService"), f"Unable to start service {NAME}.ProbeService@"),
        (("broadcast", "-n", f"{NAME}/.ProbeReceiver"), f"Unable to start receiver {NAME}.ProbeReceiver: java.lang."),
    ],
)
def test_services_and_receivers_crash_in_androids_words(phone: Phone, command: tuple[str, ...], line: str) -> None:
    """The exception that Android wraps theirs in names them."""
    phone.play()
    phone.shell("am", *command, "--es", "do", "throw")
    phone.until(lambda: not phone.shell("pidof", NAME).strip())
    assert line in "\n".join(phone.log("-b", "crash"))


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (
            (
                "input",
                "tap",
                *BUTTON,
                ";",
                "input",
                "tap",
                *BUTTON,
            ),  # the click is through with the first; its work isn't
            rf"Input dispatching timed out \(\w+ {NAME}/.PlayActivity \(server\) is not responding",
        ),
        (
            ("am", "broadcast", "--receiver-foreground", "-n", f"{NAME}/.ProbeReceiver", "--es", "do", "stick"),
            r"Broadcast of Intent \{ flg=0x10400000 cmp=",
        ),
        (
            ("am", "startservice", "-n", f"{NAME}/.ProbeService", "--es", "do", "stick"),
            f"executing service {NAME}/.ProbeService",
        ),
    ],
)
def test_a_stuck_main_thread_is_an_anr(phone: Phone, act: tuple[str, ...], reason: str) -> None:
    """The log tells the reason, `/data/anr` has the stacks with the one that sleeps, and the process is ended."""
    phone.play("stick")
    phone.shell(*act)
    phone.until(lambda: any("ANR in" in line for line in phone.log()))
    assert re.search(rf"Reason: {reason}", "\n".join(phone.log()))
    phone.until(lambda: not phone.shell("pidof", NAME).strip())
    newest = phone.shell("ls -t /data/anr").split()[0]
    traces = phone.shell("cat", f"/data/anr/{newest}")
    main = traces.partition('"main" prio=5 tid=1 ')[2]
    assert main.startswith("Sleeping\n  at java.lang.Thread.sleep(Native method)")
    assert f"Cmd line: {NAME}" in traces
    phone.play()
    assert phone.colour() == (255, 0, 0)
