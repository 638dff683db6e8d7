"""`dumpsys`: the services whose state clients read, a file each. What the device can't know is left out of them.

Words and exit codes are those of Android 14's `dumpsys.cpp`.
"""

from __future__ import annotations

import getopt
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import battery, service_names, thermal
from harness.pixel.commands.dumpsys import (
    activity,
    cpu,
    disk,
    display,
    graphics,
    input_method,
    memory,
    package,
    power,
    surfaces,
    user,
    window,
)
from harness.pixel.control import Call
from harness.pixel.device import SYSTEM_PID

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

Dump = Callable[["VirtualPixel", tuple[str, ...]], str]

DUMPS: Final[dict[str, Dump]] = {
    "SurfaceFlinger": surfaces.dump,
    "activity": activity.dump,
    "battery": battery.dump,
    "cpuinfo": cpu.dump,
    "diskstats": disk.dump,
    "display": display.dump,
    "gfxinfo": graphics.dump,
    "input": display.dump_input,
    "input_method": input_method.dump,
    "meminfo": memory.dump,
    "package": package.dump,
    "power": power.dump,
    "thermalservice": lambda device, _: thermal.describe(device.hardware),
    "user": user.dump,
    "window": window.dump,
}
"""By the service's name; one that isn't here dumps nothing."""
_USAGE: Final = """\
usage: dumpsys
         To dump all services.
or:
       dumpsys [-t TIMEOUT] [--priority LEVEL] [--clients] [--dump] [--pid] [--thread] [--help | -l | --skip SERVICES
         | SERVICE [ARGS]]
         --help: shows this help
         -l: only list services, do not dump them
         -t TIMEOUT_SEC: TIMEOUT to use in seconds instead of default 10 seconds
         -T TIMEOUT_MS: TIMEOUT to use in milliseconds instead of default 10 seconds
         --clients: dump client PIDs instead of usual dump
         --dump: ask the service to dump itself (this is the default)
         --pid: dump PID instead of usual dump
         --proto: filter services that support dumping data in proto format. Dumps
               will be in proto format.
         --priority LEVEL: filter services based on specified priority
               LEVEL must be one of CRITICAL | HIGH | NORMAL
         --skip SERVICES: dumps all services but SERVICES (comma-separated list)
         --stability: dump binder stability information instead of usual dump
         --thread: dump thread usage instead of usual dump
         SERVICE [ARGS]: dumps only service SERVICE, optionally passing ARGS to it
"""
_LONG: Final = ("clients", "dump", "help", "pid", "priority=", "proto", "skip", "stability", "thread")
_PRIORITIES: Final = ("CRITICAL", "HIGH", "NORMAL")
_FAILED: Final = 255


async def run(device: VirtualPixel, call: Call) -> int:
    """`dumpsys [-l] [-t SECONDS] [--pid] [--skip NAME,… | SERVICE [ARGUMENT…]]`; an unknown service isn't a failure."""
    try:
        found, words = getopt.getopt(list(call.arguments), "lt:T:h", _LONG)
        waits = [int(value) for option, value in found if option in ("-t", "-T")]
    except (getopt.GetoptError, ValueError):
        await call.complain(_USAGE)
        return _FAILED
    flags = dict(found)
    if "--help" in flags:
        await call.say(_USAGE)
        return 0
    if any(wait <= 0 for wait in waits) or flags.get("--priority", "NORMAL") not in _PRIORITIES:
        await call.complain("Error: invalid timeout\n" if waits else "")
        await call.complain(_USAGE)
        return _FAILED
    if "--skip" in flags:
        skipped = words[0].split(",") if words else []
        for text in dump_all(device, [name for name in service_names.INTERFACES if name not in skipped]):
            await call.say(text)
    elif "-l" in flags:
        await call.say(service_names.listed())
    elif not words:
        await call.say(service_names.listed())
        for text in dump_all(device):
            await call.say(text)
    elif words[0] not in service_names.INTERFACES:
        await call.complain(f"Can't find service: {words[0]}\n")
    else:
        await call.say(f"{SYSTEM_PID}\n" if "--pid" in flags else _dumped(device, words[0], tuple(words[1:])))
    return 0


def _dumped(device: VirtualPixel, name: str, arguments: tuple[str, ...]) -> str:
    dump = DUMPS.get(name)
    return dump(device, arguments) if dump else ""


def dump_all(device: VirtualPixel, names: Iterable[str] = tuple(service_names.INTERFACES)) -> Iterator[str]:
    """The dumps of these services, one after the other, each between the lines that Android puts around it."""
    for name in names:
        began = time.monotonic()
        text = _dumped(device, name, ("-a",))
        ended = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        yield (
            f"{'-' * 79}\nDUMP OF SERVICE {name}:\n{text}"
            f"--------- {time.monotonic() - began:.3f}s was the duration of dumpsys {name}, ending at: {ended}\n"
        )
