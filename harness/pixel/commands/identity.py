"""`id`, `groups` and `getenforce`: whose shell this is.

The kernel gives the device one user and one group; the others are those that Android 14's adbd gives its shell, and of
which what they allow is allowed here, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.commands.toybox_options import OptionRefused, read_options
from harness.pixel.control import Call
from harness.pixel.process_table import user_id, user_name
from harness.pixel.root import SHELL_GROUPS

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_CONTEXT: Final = "u:r:shell:s0"


async def identify(_: VirtualPixel, call: Call) -> int:
    """`id [-GZgnru] [USER…]`."""
    found, names = read_options(call, "GZgnru")
    flags = "".join(option[1] for option, _ in found)
    for name in names or ["shell"]:
        uid = user_id(name)
        if uid is None:
            raise OptionRefused(f"no such user '{name}'")
        await call.say(_described(uid, flags, own=not names) + "\n")
    return 0


def _described(uid: int, flags: str, *, own: bool) -> str:
    groups = SHELL_GROUPS if own else {uid: user_name(uid)}
    if "Z" in flags:
        return _CONTEXT
    if "G" in flags:
        return " ".join(name if "n" in flags else str(number) for number, name in groups.items())
    if "u" in flags or "g" in flags:
        return user_name(uid) if "n" in flags else str(uid)
    named = f"{uid}({user_name(uid)})"
    listed = ",".join(f"{number}({name})" for number, name in groups.items())
    return f"uid={named} gid={named} groups={listed}" + (f" context={_CONTEXT}" if own else "")


async def groups(_: VirtualPixel, call: Call) -> int:
    """`groups`: the names of the shell's groups."""
    await call.say(" ".join(SHELL_GROUPS.values()) + "\n")
    return 0


async def getenforce(_: VirtualPixel, call: Call) -> int:
    """`getenforce`: what is forbidden is forbidden, as on every phone."""
    await call.say("Enforcing\n")
    return 0
