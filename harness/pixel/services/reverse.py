"""`reverse:`: the words in which an adb server asks for ports of the device to be carried to it, and is answered.

Source: AOSP packages/modules/adb, `adb.cpp` (`handle_forward_request`) and `adb_listeners.cpp`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.pixel.stream import Stream

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.services.asked import Asked


async def find(asked: Asked) -> Service | None:
    """The service that does what is asked for, answers, and ends."""
    return partial(_serve, asked)


async def _serve(asked: Asked, stream: Stream) -> None:
    try:
        answer = _act(asked)
    except OSError as error:
        answer = b"FAIL" + _counted(f"cannot bind listener: {error.strerror or error}")
    except ValueError as error:
        answer = b"FAIL" + _counted(str(error))
    await stream.write(answer)


def _act(asked: Asked) -> bytes:
    """The answer when all is well; a list alone has no OKAY before it.

    Raises `ValueError` in Android's words, `OSError` when a place can't be had.
    """
    reverses = asked.device.reverses
    verb, _, rest = asked.argument.partition(":")
    if verb == "list-forward":
        return _counted("".join(f"{each.server} {each.local} {each.remote}\n" for each in reverses.listed()))
    if verb == "killforward-all":
        reverses.remove_all()
        return b"OKAY"
    if verb == "killforward":
        reverses.remove(rest)
        return b"OKAY"
    local, separator, remote = rest.removeprefix("norebind:").partition(";")
    if verb != "forward" or not (local and separator and remote):
        raise ValueError(f"bad forward: {asked.argument}")
    port = reverses.add(asked.connection, local, remote, may_rebind=not rest.startswith("norebind:"))
    return b"OKAY" + (_counted(str(port)) if port else b"")


def _counted(text: str) -> bytes:
    data = text.encode()
    return b"%04x" % len(data) + data
