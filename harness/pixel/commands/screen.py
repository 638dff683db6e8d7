"""The screen's picture."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DeviceUnavailable
from harness.fetch.store import cached, key_of
from harness.pixel.app_record import AppRecord, CommandRefused, ProcessDied

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_shots = itertools.count(1)


class ScreenUnavailable(Exception):
    """There is no picture of the screen; the text says why."""


async def picture(device: VirtualPixel) -> bytes:
    """A PNG of the foreground app's screen, or of an empty home screen. Raises `ScreenUnavailable`."""
    record = device.activities.foreground()
    try:
        if record:
            return await _app_screen(device, record)
        return (await asyncio.to_thread(home_screen, device)).read_bytes()
    except (ProcessDied, CommandRefused, OSError) as error:
        raise ScreenUnavailable(str(error)) from error


async def _app_screen(device: VirtualPixel, record: AppRecord) -> bytes:
    path = f"/data/local/tmp/.screencap-{next(_shots)}.png"
    try:
        await device.activities.screencap(record, path)
        with os.fdopen(device.paths.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
            return stream.read()
    finally:
        device.paths.remove_tree(path)


def home_screen(device: VirtualPixel) -> Path:
    """The picture shown while no app is in front, drawn once in a process of its own to keep this one small."""
    profile = device.profile
    arguments = [str(profile.width), str(profile.height), profile.model]

    def draw(target: Path) -> None:
        import subprocess

        command = [sys.executable, "-m", "harness.pixel.home_screen", *arguments, str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        if done.returncode:
            raise DeviceUnavailable("pixel.screen", "the home screen can't be drawn", why=done.stderr.strip())

    source = Path(__file__).parents[1] / "home_screen.py"
    return cached("pixel-home", key_of(source.read_bytes(), *arguments), draw)
