"""`screencap`: the screen as a PNG, or raw.

Source of the raw form: Android 14's `screencap.cpp`: width, height, pixel format and colour space, then the pixels.
"""

from __future__ import annotations

import asyncio
import getopt
import os
import struct
import sys
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.screen import ScreenUnavailable, picture
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_USAGE: Final = """\
usage: screencap [-ahp] [-d display-id] [FILENAME]
   -h: this message
   -a: captures all the active displays. This appends an integer postfix to the FILENAME.
       e.g., FILENAME_0.png, FILENAME_1.png. If both -a and -d are given, it ignores -d.
   -p: outputs in png format.
   -d: specifies the display ID to capture.
If FILENAME ends with .png it will be saved as a png.
If FILENAME is not given, the results will be printed to stdout.
"""
_HEADER: Final = struct.Struct("<4I")
_RGBA_8888: Final = 1
_SRGB: Final = 1
_SIZE: Final = struct.Struct("<2I")
_DEADLINE_S: Final = 30.0


async def screencap(device: VirtualPixel, call: Call) -> int:
    """`screencap [-p] [FILE]`: the foreground app's screen, or an empty home screen."""
    try:
        found, files = getopt.gnu_getopt(list(call.arguments), "ahpd:")
    except getopt.GetoptError:
        await call.complain(_USAGE)
        return 1
    if ("-h", "") in found:
        await call.complain(_USAGE)
        return 1
    try:
        shot = await picture(device)
        if ("-p", "") not in found and not (files and files[0].endswith(".png")):
            width, height, pixels = await decoded(shot)
            shot = _HEADER.pack(width, height, _RGBA_8888, _SRGB) + pixels
    except ScreenUnavailable as error:
        await call.complain(f"Failed to take screenshot: {error}\n")
        return 1
    if files:
        return await _save(device, call, files[0], shot)
    await call.stdout.write(shot)
    return 0


async def _save(device: VirtualPixel, call: Call, file: str, shot: bytes) -> int:
    path = file if file.startswith("/") else f"{call.cwd.rstrip('/')}/{file}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with device.paths.parent_of(path) as (folder, name):
            device.paths.check_writable(folder)
            fd = os.open(name, flags, 0o644, dir_fd=folder)
    except OSError as error:
        await call.complain(f"Error opening file: {path} ({error.strerror})\n")
        return 1
    with os.fdopen(fd, "wb") as stream:
        stream.write(shot)
    return 0


async def decoded(png: bytes) -> tuple[int, int, memoryview]:
    """Width, height and RGBA bytes of a picture, read by a process of its own to keep this one small."""
    command = (sys.executable, "-m", "harness.pixel.raw_picture")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            output, _ = await process.communicate(png)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise OSError(f"the picture can't be decoded: exit code {process.returncode}")
    width, height = _SIZE.unpack_from(output)
    return width, height, memoryview(output)[_SIZE.size :]
