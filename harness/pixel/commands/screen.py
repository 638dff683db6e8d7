"""`screencap` and `wm`: the screen."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DeviceUnavailable
from harness.fetch.store import cached, key_of
from harness.pixel.activities import AppRecord, CommandRefused, ProcessDied
from harness.pixel.control import FAILED, Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_shots = itertools.count(1)


class ScreenUnavailable(Exception):
    """There is no picture of the screen; the text says why."""


async def screencap(device: VirtualPixel, call: Call) -> int:
    """`screencap [-p] [FILE]`: a PNG of the foreground app's screen, or of an empty home screen."""
    files = [word for word in call.arguments if not word.startswith("-")]
    if "-p" not in call.arguments and not (files and files[0].endswith(".png")):
        await call.complain("screencap: only PNG is there yet on the virtual Pixel: use -p\n")
        return 1
    try:
        shot = await picture(device)
    except ScreenUnavailable as error:
        await call.complain(f"Failed to take screenshot: {error}\n")
        return 1
    if not files:
        await call.stdout.write(shot)
        return 0
    path = files[0] if files[0].startswith("/") else f"{call.cwd.rstrip('/')}/{files[0]}"
    try:
        with device.paths.parent_of(path) as (folder, name):
            device.paths.check_writable(folder)
            fd = os.open(
                name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder
            )
    except OSError as error:
        await call.complain(f"Error opening file: {path} ({error.strerror})\n")
        return 1
    with os.fdopen(fd, "wb") as stream:
        stream.write(shot)
    return 0


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


async def window(device: VirtualPixel, call: Call) -> int:
    """`wm size` and `wm density`; they can't be changed."""
    profile = device.profile
    if call.arguments == ("size",):
        await call.say(f"Physical size: {profile.width}x{profile.height}\n")
    elif call.arguments == ("density",):
        await call.say(f"Physical density: {profile.density}\n")
    else:
        await call.complain(
            "wm: only `wm size` and `wm density`, without a value, are there yet on the virtual Pixel\n"
        )
        return FAILED
    return 0
