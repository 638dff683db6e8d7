"""Somebody else's app on the virtual Pixel: how many of ApiDemos' sample activities come to the screen.

    python benchmarks/api_demos.py [--most 400]

ApiDemos is Android's own collection of samples, in the debug build that npm's `android-apidemos` carries. Each activity is
started by a real adb; one that isn't displayed, or whose process dies, is told with the crash buffer's first lines. Prints
JSON.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

from machine import machine, print_json

from harness.checkout import CHECKOUT
from harness.fetch.package import fetch
from harness.pixel import lifecycle
from harness.pixel.apk import read_apk

sys.path.insert(0, str(CHECKOUT))
from tests.foreign_apk import API_DEMOS

SAMPLE: Final = "appium.android.intent.category.SAMPLE_CODE"
DEADLINE_S: Final = 60
CRASH_LINES: Final = 4


class Phone:
    """A device, through adb."""

    def __init__(self, serial: str) -> None:
        self._serial = serial

    def shell(self, *words: str) -> str:
        """What a command prints, on both streams; nothing when it takes too long."""
        command = ["adb", "-s", self._serial, "shell", shlex.join(words)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout + done.stderr

    def install(self, apk: Path) -> None:
        """Raises `SystemExit` when it is refused."""
        done = subprocess.run(
            ["adb", "-s", self._serial, "install", str(apk)], capture_output=True, text=True, check=False
        )
        if "Success" not in done.stdout:
            raise SystemExit(done.stdout + done.stderr)

    def try_activity(self, component: str) -> tuple[int | None, str]:
        """Milliseconds until it was displayed, or None and why it wasn't."""
        package = component.partition("/")[0]
        self.shell("logcat", "-b", "crash", "-c")
        told = self.shell("am", "start", "-W", "-n", component)
        total = next((line.split()[1] for line in told.splitlines() if line.startswith("TotalTime:")), None)
        if total is not None and self.shell("pidof", package).strip():
            return int(total), ""
        crash = self.shell("logcat", "-b", "crash", "-d", "-v", "raw").splitlines()
        lines = [line.strip() for line in crash if line.strip() and not line.startswith("-")][:CRASH_LINES]
        return None, " | ".join(lines) or told.strip()


def main() -> None:
    """Sweep and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=400, help="no more activities than these")
    options = parser.parse_args()
    apk = fetch(API_DEMOS)
    manifest = read_apk(apk).manifest
    samples = [each.name for each in manifest.activities if SAMPLE in each.categories][: options.most]
    info = lifecycle.start(name="api-demos", owner=True, wipe=True)
    try:
        subprocess.run(["adb", "-s", info.serial, "wait-for-device"], check=True, timeout=DEADLINE_S)
        phone = Phone(info.serial)
        phone.install(apk)
        tried = {name: phone.try_activity(f"{manifest.package}/{name}") for name in samples}
    finally:
        lifecycle.stop(info)
    shown = [milliseconds for milliseconds, _ in tried.values() if milliseconds is not None]
    print_json(
        {
            "benchmark": "api_demos",
            "machine": machine(),
            "activities": len(tried),
            "displayed": len(shown),
            "median_ms": statistics.median(shown) if shown else None,
            "not_displayed": {name: why for name, (milliseconds, why) in tried.items() if milliseconds is None},
        }
    )


if __name__ == "__main__":
    main()
