"""`ime`, which is `cmd input_method`: there is no input method on the device, and this says so in Android's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.control import FAILED, Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_HELP: Final = """\
ime <command>:
  list [-a] [-s]
    prints all enabled input methods.
      -a: see all input methods
      -s: only a single summary line of each
  enable [--user <USER_ID>] <ID>
    allows the given input method ID to be used.
  disable [--user <USER_ID>] <ID>
    disallows the given input method ID to be used.
  set [--user <USER_ID>] <ID>
    switches to the given input method ID.
  reset [--user <USER_ID>]
    reset currently selected/enabled IMEs to the default ones as if the device is initially booted.
"""
_REFUSALS: Final = {"enable": "enabled", "disable": "disabled", "set": "selected"}


async def ime(_: VirtualPixel, call: Call) -> int:
    """`ime list|enable|disable|set|reset …`."""
    words = list(call.arguments)
    if "--user" in words:
        del words[(at := words.index("--user")) : at + 2]
    match words:
        case ["list", *_]:
            return 0
        case ["enable" | "disable" | "set" as verb, name]:
            await call.complain(f"Unknown input method {name} cannot be {_REFUSALS[verb]} for user #0\n")
            return FAILED
        case ["reset"]:
            await call.say("Reset current and enabled IMEs for user #0\n  Newly selected: null\n  Newly enabled:\n")
            return 0
        case [] | ["help" | "-h"]:
            await call.say(_HELP)
            return 0 if words else FAILED
        case _:
            await call.complain(f"Unknown command: {words[0]}\n")
            return FAILED
