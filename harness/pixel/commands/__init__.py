"""Programs of Android's own: this table names them, one file a family does their work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import am, battery, dumpsys, input_events, logs, pm, processes, properties, screen, thermal
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

Program = Callable[["VirtualPixel", Call], Awaitable[int]]

_NO_SERVICE: Final = 20
_SERVICES: Final[dict[str, Program]] = {
    "activity": am.run,
    "battery": battery.run,
    "package": pm.run,
    "settings": properties.settings,
    "thermalservice": thermal.run,
    "window": screen.window,
}


async def _cmd(device: VirtualPixel, call: Call) -> int:
    """`cmd SERVICE ARGUMENT…`: the services' own command lines."""
    if not call.arguments:
        await call.complain("cmd: No service specified; use -l to list all services\n")
        return _NO_SERVICE
    name, *arguments = call.arguments
    if name == "-l":
        await call.say("Currently running services:\n" + "".join(f"  {service}\n" for service in sorted(_SERVICES)))
        return 0
    service = _SERVICES.get(name)
    if service is None:
        await call.complain(f"cmd: Can't find service: {name}\n")
        return _NO_SERVICE
    return await service(device, call.with_arguments(arguments))


_PROGRAMS: Final[dict[str, Program]] = {
    "am": am.run,
    "cmd": _cmd,
    "dumpsys": dumpsys.run,
    "getprop": properties.getprop,
    "input": input_events.run,
    "log": logs.write_line,
    "logcat": logs.logcat,
    "pidof": processes.pidof,
    "pm": pm.run,
    "ps": processes.ps,
    "run-as": pm.run_as,
    "screencap": screen.screencap,
    "setprop": properties.setprop,
    "settings": properties.settings,
    "wm": screen.window,
}


async def run_command(device: VirtualPixel, call: Call) -> int:
    """Run the program that `call` names; returns its exit code."""
    program = _PROGRAMS.get(call.name)
    if program is None:
        await call.complain(f"{call.name}: not a program of the virtual Pixel\n")
        return 127
    return await program(device, call)
