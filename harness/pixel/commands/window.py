"""`wm`, which is `cmd window`: the display's size, density and rotation, in the words of `WindowManagerShellCommand`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harness.pixel.control import FAILED, Call
from harness.pixel.display import current_display
from harness.pixel.settings import DENSITY, SIZE, Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_SIZE: Final = re.compile(r"(\d+)(dp)?x(\d+)(dp)?")
_LEAST_SIDE: Final = 200
_LEAST_DENSITY: Final = 72
_HELP: Final = """\
Window manager (window) commands:
  help
      Print this help text.
  size [reset|WxH|WdpxHdp] [-d DISPLAY_ID]
    Return or override display size.
    width and height in pixels unless suffixed with 'dp'.
  density [reset|DENSITY] [-d DISPLAY_ID] [-u UNIQUE_ID] [--user USER_ID]
    Return or override display density.
  user-rotation [-d DISPLAY_ID] [free|lock] [rotation]
    Print or set user rotation mode and user rotation.
  dismiss-keyguard
    Dismiss the keyguard, prompting user for auth if necessary.
"""


class WindowRefused(ValueError):
    """What can't be done to the display; the message is what Android prints."""


async def window(device: VirtualPixel, call: Call) -> int:
    """`wm size|density|user-rotation|dismiss-keyguard …`."""
    verb, *rest = call.arguments or ("help",)
    words = _without_display(rest)
    try:
        match verb:
            case "help" | "-h":
                await call.say(_HELP)
                return 0 if call.arguments else FAILED
            case "size":
                await call.say(_size(device, words))
            case "density":
                await call.say(_density(device, words))
            case "user-rotation":
                await call.say(_rotation(device, words))
            case "dismiss-keyguard":
                pass  # there is none, and Android is silent then
            case _:
                await call.complain(f"Unknown command: {verb}\n")
                return FAILED
    except WindowRefused as error:
        await call.complain(f"Error: {error}\n")
        return FAILED
    return 0


def _without_display(words: list[str]) -> list[str]:
    kept, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        if word in ("-d", "-u", "--user"):
            rest[:1] = []
        else:
            kept.append(word)
    return kept


def _size(device: VirtualPixel, words: list[str]) -> str:
    kept, display = Settings(device.state), current_display(device)
    if not words:
        text = "Physical size: {}x{}\n".format(*display.physical)
        return text + ("Override size: {}x{}\n".format(*display.forced) if display.forced else "")
    if words == ["reset"]:
        kept.delete("global", SIZE)
        return ""
    match = _SIZE.fullmatch(words[0])
    if match is None:
        raise WindowRefused(f"bad size {words[0]}" if "x" not in words[0] else f"bad number {words[0]}")
    sides = [
        int(number) * (display.density if dp else 160) // 160
        for number, dp in ((match[1], match[2]), (match[3], match[4]))
    ]
    width, height = (
        max(_LEAST_SIDE, min(side, 2 * physical)) for side, physical in zip(sides, display.physical, strict=True)
    )
    kept.put("global", SIZE, f"{width},{height}")
    return ""


def _density(device: VirtualPixel, words: list[str]) -> str:
    kept, display = Settings(device.state), current_display(device)
    if not words:
        text = f"Physical density: {display.physical_density}\n"
        return text + (f"Override density: {display.forced_density}\n" if display.forced_density else "")
    if words == ["reset"]:
        kept.delete("secure", DENSITY)
        return ""
    if not words[0].isdecimal():
        raise WindowRefused(f"bad number {words[0]}")
    if int(words[0]) < _LEAST_DENSITY:
        raise WindowRefused(f"density must be >= {_LEAST_DENSITY}")
    kept.put("secure", DENSITY, words[0])
    return ""


def _rotation(device: VirtualPixel, words: list[str]) -> str:
    kept = Settings(device.state)
    match words:
        case []:
            locked = kept.get("system", "accelerometer_rotation") == "0"
            return f"lock {kept.get('system', 'user_rotation')}\n" if locked else "free\n"
        case ["free"]:
            kept.put("system", "accelerometer_rotation", "1")
        case ["lock", *rotation]:
            if rotation and rotation[0] not in ("0", "1", "2", "3"):
                raise WindowRefused(f"bad rotation {rotation[0]}")
            kept.put("system", "accelerometer_rotation", "0")
            if rotation:
                kept.put("system", "user_rotation", rotation[0])
        case _:
            raise WindowRefused(f"argument needs to be either -d, free or lock. Got: {words[0]}")
    return ""
