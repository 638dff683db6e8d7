"""The README's pictures, out of a real run: the table that the quickstart prints, and the app's screen.

    python docs/pictures.py

Needs what script/run needs; writes docs/table.svg and docs/app.png.
"""

from __future__ import annotations

import io
import re
import subprocess
import time
from pathlib import Path, PurePosixPath

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI

from harness import run_scenario
from harness.console import Progress
from harness.device.adb import AdbServer, find_adb
from harness.device.base import Device
from harness.device.shell import check, run
from harness.pixel import lifecycle
from harness.report.terminal import render

HERE = Path(__file__).parent
SCENARIO = HERE.parent / "scenarios" / "quickstart.yaml"
COLUMNS = 150
APP_WIDTH = 480
SECONDS = 60
_NOT_OURS = re.compile(r"@font-face \{.*?\}|<!--.*?-->", re.DOTALL)  # fonts from elsewhere, and Rich's own mark


def main() -> None:
    """Run the quickstart on a virtual Pixel, then open the app on it."""
    pixel = lifecycle.start(name="pictures", owner=True)
    server = AdbServer.ensure()
    server.wait_until_ready(pixel.serial, SECONDS)
    with Progress() as progress:
        results = run_scenario(SCENARIO, serial=pixel.serial, progress=progress)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False, force_terminal=True)
    console.print(render(results))
    drawing = console.export_svg(title="script/run", theme=MONOKAI)
    (HERE / "table.svg").write_text(_NOT_OURS.sub("", drawing))
    screen(Device(server, pixel.serial)).save(HERE / "app.png", optimize=True)
    lifecycle.stop(pixel)


def screen(device: Device) -> Image.Image:
    """The app's screen after it has classified a photo."""
    extras = {"model": "efficientnet_lite0", "variant": "int8", "backend": "cpu", "photo": "chelsea"}
    argv = ["am", "start", "-W", "-n", "dev.tfliteharness/.MainActivity", "--ez", "autorun", "true"]
    for key, value in extras.items():
        argv += ["--es", key, value]
    check(device, argv, seconds=SECONDS)
    shot = PurePosixPath("/data/local/tmp/screen.png")
    before, deadline = b"", time.monotonic() + SECONDS
    while time.monotonic() < deadline:  # the screen has settled when two shots in a row are the same
        check(device, ["screencap", "-p", str(shot)], seconds=SECONDS)
        done = subprocess.run(
            [str(find_adb()), "-s", device.serial, "exec-out", "cat", str(shot)], capture_output=True, check=True
        )
        if done.stdout == before:
            break
        before = done.stdout
    run(device, ["rm", str(shot)])
    picture = Image.open(io.BytesIO(before)).convert("RGB")
    return picture.resize((APP_WIDTH, round(picture.height * APP_WIDTH / picture.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
