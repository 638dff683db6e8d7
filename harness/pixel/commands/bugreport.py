"""`bugreport` and `bugreportz`: what the device's services dump, and its log, as text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import dumpsys, logs
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_VERSION: Final = "1.2"
_RULE: Final = "=" * 56


async def bugreport(device: VirtualPixel, call: Call) -> int:
    """`bugreport`: the flat text; `adb bugreport` asks `bugreportz` first."""
    profile = device.profile
    await call.say(
        f"{_RULE}\n== dumpstate: {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}\n{_RULE}\n\n"
        f"Build: {device.properties.get('ro.build.display.id')}\nBuild fingerprint: '{profile.fingerprint}'\n"
        f"Bootloader: unknown\nRadio: unknown\n\n------ SYSTEM LOG (logcat -v threadtime -d *:v) ------\n"
    )
    await logs.logcat(device, call.with_arguments(("-v", "threadtime", "-d", "-b", "all")))
    await call.say("\n------ DUMPSYS (dumpsys) ------\n")
    return await dumpsys.run(device, call.with_arguments(()))


async def bugreportz(_: VirtualPixel, call: Call) -> int:
    """`bugreportz -v`: the version; a zipped report isn't made here."""
    if call.arguments == ("-v",):
        await call.complain(f"{_VERSION}\n")
        return 0
    await call.say("FAIL:the virtual Pixel makes no zipped report: use `adb shell bugreport`\n")
    return 1
