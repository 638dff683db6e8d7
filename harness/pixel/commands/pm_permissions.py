"""`pm grant`, `revoke` and `reset-permissions`: Android 14's `PermissionManagerServiceImpl` behind its shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.commands.arguments import Arguments, Stopped, Thrown, illegal, user_id
from harness.pixel.control import Call
from harness.pixel.logcat import Priority

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


async def grant(device: VirtualPixel, call: Call) -> int:
    """`pm grant [--all-permissions] PACKAGE PERMISSION`."""
    return await _change(device, call, given=True)


async def revoke(device: VirtualPixel, call: Call) -> int:
    """`pm revoke [--all-permissions] PACKAGE PERMISSION`; on Android, too, the app's process ends with it."""
    return await _change(device, call, given=False)


async def reset(device: VirtualPixel, call: Call) -> int:
    """`pm reset-permissions`: what users granted is taken back everywhere."""
    del call
    for package in device.packages.listed():
        if package.user.granted or package.user.user_set:
            device.packages.change(package.name, granted=frozenset(), user_set=frozenset())
    return 0


async def _change(device: VirtualPixel, call: Call, *, given: bool) -> int:
    arguments, every = Arguments(call.arguments), False
    for option in arguments.options():
        if option == "--user":
            user_id(arguments.value(option))
        every = every or option == "--all-permissions"
    name, permission = arguments.next(), arguments.next()
    if name is None:
        raise Stopped(1, "Error: no package specified")
    if permission is None and not every:
        raise Stopped(1, "Error: no permission specified")
    package = device.packages.get(name)
    if package is None:
        device.system_log(Priority.E, "PackageManager", f"Unknown package: {name}")
        if every:
            return 0
        raise illegal(f"Unknown package: {name}")
    if every:
        known = (device.packages.permission(each) for each in package.permissions)
        wanted = {each.name for each in known if each is not None and each.runtime}
    else:
        wanted = {_checked(device, name, permission or "", package.permissions)}
    had = package.user.granted
    now = had | wanted if given else had - wanted
    device.packages.change(name, granted=now, user_set=package.user.user_set | (wanted if not given else set()))
    if not given and had & wanted:
        await device.activities.force_stop(name)
    return 0


def _checked(device: VirtualPixel, package: str, name: str, requested: tuple[str, ...]) -> str:
    """The permission's name, if it may be changed for a package. Raises `Thrown`."""
    permission = device.packages.permission(name)
    if permission is None:
        raise illegal(f"Unknown permission: {name}")
    if name not in requested:
        raise Thrown("java.lang.SecurityException", f"Package {package} has not requested permission {name}")
    if not permission.changeable:
        raise Thrown(
            "java.lang.SecurityException",
            f"Permission {name} requested by {package} is not a changeable permission type",
        )
    return name
