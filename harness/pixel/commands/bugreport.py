"""`bugreport` and `bugreportz`: the device's log and what its services dump, as text or zipped for `adb bugreport`.

Words and paths follow Android 14's `bugreportz.cpp` and `dumpstate.cpp`.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import dumpsys
from harness.pixel.commands.service_names import listed
from harness.pixel.control import Call
from harness.pixel.logcat import Buffer
from harness.pixel.logformat import LogFormat

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_VERSION: Final = "1.2"
_FOLDER: Final = "/data/user_de/0/com.android.shell/files/bugreports"
_RULE: Final = "=" * 56


async def bugreport(device: VirtualPixel, call: Call) -> int:
    """`bugreport`: the text, as it is made."""
    for part in report(device):
        await call.say(part)
    return 0


async def bugreportz(device: VirtualPixel, call: Call) -> int:
    """`bugreportz [-p]`: a zipped report, whose path is said; `-v`: the version."""
    if call.arguments == ("-v",):
        await call.complain(f"{_VERSION}\n")
        return 0
    if call.arguments not in ((), ("-p",)):
        await call.complain("usage: bugreportz [-hpsv]\n")
        return 1
    name = f"bugreport-{device.profile.device}-{device.profile.build_id}-{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}"
    if call.arguments:
        await call.say(f"BEGIN:{_FOLDER}/{name}.zip\n")
    try:
        _write(device, name)
    except OSError as error:
        await call.say(f"FAIL:{error.strerror}\n")
        return 1
    await call.say(f"OK:{_FOLDER}/{name}.zip\n")
    return 0


def _write(device: VirtualPixel, name: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("version.txt", "2.0")
        archive.writestr("main_entry.txt", f"{name}.txt")
        archive.writestr(f"{name}.txt", "".join(report(device)))
    device.paths.make_folders(_FOLDER)
    with device.paths.opened(_FOLDER, os.O_RDONLY | os.O_DIRECTORY) as folder:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(f"{name}.zip", flags, 0o644, dir_fd=folder), "wb") as stream:
            stream.write(packed.getvalue())


def report(device: VirtualPixel) -> Iterator[str]:
    """The report's text, a part after the other."""
    shown = LogFormat()
    yield (
        f"{_RULE}\n== dumpstate: {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}\n{_RULE}\n\n"
        f"Build: {device.properties.get('ro.build.display.id')}\nBuild fingerprint: '{device.profile.fingerprint}'\n"
        "Bootloader: unknown\nRadio: unknown\n"
    )
    for title, buffers in (("SYSTEM LOG", (Buffer.main, Buffer.system, Buffer.crash)), ("EVENT LOG", (Buffer.events,))):
        names = " ".join(f"-b {buffer.name}" for buffer in buffers)
        yield f"\n------ {title} (logcat {names} -v threadtime -d *:v) ------\n"
        yield "".join(shown.lines(entry) for entry in device.logs.entries(buffers))
    yield f"\n------ DUMPSYS (dumpsys) ------\n{listed()}"
    yield from dumpsys.dump_all(device)
