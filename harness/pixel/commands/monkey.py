"""`monkey -p PACKAGE [-c android.intent.category.LAUNCHER] 1`: the start of an app without its activity's name.

Words and exit codes follow Android 14's `Monkey.java`. It injects no random events here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.intents import LAUNCHER, MAIN, Intent

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

_FLAGS: Final = 0x10200000
_WITH_VALUE: Final = frozenset(("-p", "-c", "-s", "--throttle", "--port", "--setup", "--pkg-blacklist-file", "-f"))
_BAD_ARGUMENTS: Final = 255
_NO_ACTIVITIES: Final = 252
_USAGE: Final = """\
usage: monkey [-p ALLOWED_PACKAGE [-p ALLOWED_PACKAGE] ...]
              [-c MAIN_CATEGORY [-c MAIN_CATEGORY] ...]
              [-s SEED] [-v [-v] ...] [--throttle MILLISEC]
              COUNT
"""


async def monkey(device: VirtualPixel, call: Call) -> int:
    """Start the activity that a launcher would, and wait for nothing."""
    await call.say("".join(f"  bash arg: {word}\n" for word in call.arguments))
    packages: list[str] = []
    categories: list[str] = []
    data: list[str] = []
    count, verbose = "", 0
    rest = list(call.arguments)
    while rest:
        word = rest.pop(0)
        if word in _WITH_VALUE:
            if not rest:
                await call.complain(f'** Error: Missing value for option "{word}"\n{_USAGE}')
                return _BAD_ARGUMENTS
            data.append(value := rest.pop(0))
            (packages if word == "-p" else categories if word == "-c" else []).append(value)
        elif word.startswith("-v"):
            verbose += 1
        elif not word.startswith("-"):
            count = word
    words = "".join(f' arg: "{word}"\n' for word in call.arguments)
    await call.complain(
        f"args: [{', '.join(call.arguments)}]\n{words}" + "".join(f'data="{value}"\n' for value in data)
    )
    if not count.isdecimal():
        await call.complain(f"** Error: {'Count is not a number' if count else 'Count not specified'}\n{_USAGE}")
        return _BAD_ARGUMENTS
    if int(count) > 1:
        await call.complain(
            "** Error: random events aren't there on the virtual Pixel: only a COUNT of 1, an app's start, is\n"
        )
        return _BAD_ARGUMENTS
    found = _launched(device, packages, categories or [LAUNCHER])
    if found is None:
        await call.complain("** No activities found to run, monkey aborted.\n")
        return _NO_ACTIVITIES
    package, component = found
    intent = Intent(MAIN, categories=(LAUNCHER,), component=component, flags=_FLAGS)
    starting = device.activities.start_activity(package, intent)
    device.activities.in_background(starting, f"start of {component}")
    if verbose:
        await call.say(
            f":Switch: #Intent;action={MAIN};category={LAUNCHER};launchFlags=0x{_FLAGS:x};component={component};end\n"
        )
    await call.say(
        f"Events injected: {count}\n## Network stats: elapsed time=0ms (0ms mobile, 0ms wifi, 0ms not connected)\n"
    )
    return 0


def _launched(device: VirtualPixel, packages: list[str], categories: list[str]) -> tuple[Package, str] | None:
    for package in device.packages.listed():
        if packages and package.name not in packages:
            continue
        for activity in package.activities:
            if MAIN in activity.actions and set(categories) & set(activity.categories):
                return package, f"{package.name}/{activity.name}"
    return None
