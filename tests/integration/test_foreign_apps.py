"""Somebody else's app, as its package carries it: `benchmarks/api_demos.py` starts all of its activities, this a few."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from harness.fetch.package import fetch
from harness.pixel import lifecycle
from tests.foreign_apk import API_DEMOS
from tests.integration.pixel.conftest import DEADLINE_S, Adb

pytestmark = pytest.mark.slow

NAME = "io.appium.android.apis"
FIRST_ROW = ("700", "300")


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adb]:
    """An adb, and a device with ApiDemos."""
    adb = Adb(Path(shutil.which("adb") or "adb"), tmp_path_factory.mktemp("home"))
    assert adb("start-server").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", adb.environment["ANDROID_ADB_SERVER_PORT"])
        info = lifecycle.start(name=f"demos-{os.getpid()}", owner=True, wipe=True)
        adb.serial = info.serial
        try:
            assert adb("wait-for-device").returncode == 0
            assert b"Success" in adb("install", str(fetch(API_DEMOS))).stdout
            yield adb
        finally:
            lifecycle.stop(info)
            adb.serial = ""
            adb("kill-server")


def screen(adb: Adb) -> Image.Image:
    return Image.open(io.BytesIO(adb("exec-out", "screencap", "-p").stdout)).convert("RGB")


def changed(adb: Adb, before: Image.Image) -> Image.Image:
    """The screen, once it shows something else."""
    deadline = time.monotonic() + DEADLINE_S
    while (now := screen(adb)).tobytes() == before.tobytes():
        assert time.monotonic() < deadline, "the screen stays as it is"
    return now


@pytest.mark.parametrize(
    "activity",
    [
        "app.HelloWorld",
        "app.DialogActivity",
        "content.ReadAsset",
        "graphics.AnimateDrawables",
        "graphics.Patterns",
        "graphics.Xfermodes",
        "text.Marquee",
        "view.Buttons1",
        "view.Controls1",
        "view.List1",
        "view.TextSwitcher1",
    ],
)
def test_an_activity_comes_to_the_screen(demos: Adb, activity: str) -> None:
    """It is displayed, its process lives, and it has drawn more than a background."""
    assert "Status: ok" in demos.text("shell", "am", "start", "-W", "-n", f"{NAME}/.{activity}")
    assert demos.text("shell", "pidof", NAME).strip().isdecimal()
    colours = screen(demos).getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 3


def test_a_finger_opens_a_row_of_the_list_and_back_leaves_it(demos: Adb) -> None:
    """The launcher's activity, found by the package's name alone."""
    demos.text("shell", "am", "force-stop", NAME)
    assert "Status: ok" in demos.text("shell", "am", "start", "-W", NAME)
    first = screen(demos)
    demos.text("shell", "input", "tap", *FIRST_ROW)
    opened = changed(demos, first)
    demos.text("shell", "input", "keyevent", "BACK")
    changed(demos, opened)
