"""`id`, `groups` and `getenforce`: whose shell this is.

The kernel gives the device one user and one group; the others are those that Android 14's adbd gives its shell, and of
which what they allow is allowed here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.toybox_options import OptionRefused, read_options
from harness.pixel.control import Call
from harness.pixel.process_table import folder_of, mapped_user, user_id, user_name
from harness.pixel.root import SHELL_GROUPS, SHELL_UID

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_CONTEXT: Final = "u:r:shell:s0"
_APP_CONTEXT: Final = "u:r:runas_app:s0"


async def identify(device: VirtualPixel, call: Call) -> int:
    """`id [-GZgnru] [USER…]`."""
    found, names = read_options(call, "GZgnru")
    flags = "".join(option[1] for option, _ in found)
    for name in names:
        if (uid := user_id(name)) is None:
            raise OptionRefused(f"no such user '{name}'")
        await call.say(_described(uid, flags, {uid: user_name(uid)}, "") + "\n")
    if not names:
        uid = mapped_user(folder_of(device, call.pid))
        context = _CONTEXT if uid == SHELL_UID else _APP_CONTEXT
        await call.say(_described(uid, flags, _groups(uid), context) + "\n")
    return 0


def _groups(uid: int) -> Mapping[int, str]:
    return SHELL_GROUPS if uid == SHELL_UID else {uid: user_name(uid)}


def _described(uid: int, flags: str, groups: Mapping[int, str], context: str) -> str:
    if "Z" in flags:
        return context
    if "G" in flags:
        return " ".join(name if "n" in flags else str(number) for number, name in groups.items())
    if "u" in flags or "g" in flags:
        return user_name(uid) if "n" in flags else str(uid)
    named = f"{uid}({user_name(uid)})"
    listed = ",".join(f"{number}({name})" for number, name in groups.items())
    return f"uid={named} gid={named} groups={listed}" + (f" context={context}" if context else "")


async def groups(device: VirtualPixel, call: Call) -> int:
    """`groups`: the names of its caller's groups."""
    await call.say(" ".join(_groups(mapped_user(folder_of(device, call.pid))).values()) + "\n")
    return 0


async def getenforce(_: VirtualPixel, call: Call) -> int:
    """`getenforce`: what is forbidden is forbidden, as on every phone."""
    await call.say("Enforcing\n")
    return 0
