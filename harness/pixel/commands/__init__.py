"""Programs of Android's own: this table names them, one file a family does their work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import (
    am,
    appops,
    battery,
    bugreport,
    content,
    dumpsys,
    identity,
    ime,
    input_events,
    load,
    logs,
    monkey,
    pm,
    processes,
    properties,
    run_as,
    screencap,
    service,
    service_names,
    settings,
    storage,
    svc,
    thermal,
    window,
)
from harness.pixel.commands.toybox_options import OptionRefused
from harness.pixel.control import Call
from harness.pixel.faults.kinds import Booting

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

Program = Callable[["VirtualPixel", Call], Awaitable[int]]

_NO_SERVICE: Final = 20
_NOT_FOUND: Final = 127
SERVICES: Final[dict[str, Program]] = {
    "activity": am.run,
    "appops": appops.appops,
    "battery": battery.run,
    "connectivity": svc.connectivity,
    "device_config": settings.device_config,
    "input_method": ime.ime,
    "lock_settings": svc.lock_settings,
    "package": pm.run,
    "settings": settings.settings,
    "statusbar": svc.status_bar,
    "thermalservice": thermal.run,
    "uimode": svc.ui_mode,
    "window": window.window,
}
"""By the name that `cmd` takes; each is in `service_names.INTERFACES`, too."""


async def _cmd(device: VirtualPixel, call: Call) -> int:
    """`cmd SERVICE ARGUMENT…`: the services' own command lines."""
    if not call.arguments:
        await call.complain(
            "cmd: No service specified; use -l to list all running services. Use -w to start and wait for services.\n"
        )
        return _NO_SERVICE
    name, *arguments = call.arguments
    if name == "-l":
        await call.say(service_names.listed())
        return 0
    if name == "-w" and arguments:
        name, *arguments = arguments
    if answer := SERVICES.get(name):
        return await answer(device, call.with_arguments(arguments))
    if name in service_names.INTERFACES:
        await call.complain("No shell command implementation.\n")
        return 0
    await call.complain(f"cmd: Can't find service: {name}\n")
    return _NO_SERVICE


_FRONTS: Final = {"am": "activity", "pm": "package"}
PROGRAMS: Final[dict[str, Program]] = {
    "am": am.run,
    "appops": appops.appops,
    "bugreport": bugreport.bugreport,
    "bugreportz": bugreport.bugreportz,
    "cmd": _cmd,
    "content": content.content,
    "device_config": settings.device_config,
    "df": storage.df,
    "dumpsys": dumpsys.run,
    "free": load.free,
    "getenforce": identity.getenforce,
    "getprop": properties.getprop,
    "groups": identity.groups,
    "id": identity.identify,
    "ime": ime.ime,
    "input": input_events.run,
    "locksettings": svc.lock_settings,
    "log": logs.write_line,
    "logcat": logs.logcat,
    "monkey": monkey.monkey,
    "pgrep": processes.pgrep,
    "pidof": processes.pidof,
    "pm": pm.run,
    "ps": processes.ps,
    "reboot": svc.reboot,
    "run-as": run_as.run,
    "screencap": screencap.screencap,
    "service": service.service,
    "setprop": properties.setprop,
    "settings": settings.settings,
    "svc": svc.svc,
    "top": load.top,
    "uptime": load.uptime,
    "wm": window.window,
}
"""By the name in `/system/bin` (`harness.pixel.root.ANDROID_COMMANDS`)."""


async def run_command(device: VirtualPixel, call: Call) -> int:
    """Run the program that `call` names; returns its exit code."""
    program = PROGRAMS.get(call.name)
    if program is None:
        await call.complain(f"/system/bin/sh: {call.name}: inaccessible or not found\n")
        return _NOT_FOUND
    if device.faults.active(Booting) and call.name in (*_FRONTS, "cmd"):
        service = _FRONTS.get(call.name) or " ".join(call.arguments[:1])
        await call.complain(f"cmd: Can't find service: {service}\n")
        return _NO_SERVICE
    try:
        return await program(device, call)
    except OptionRefused as error:
        await call.complain(f"{call.name}: {error}\n")
        return 1
