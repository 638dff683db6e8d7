"""`cmd battery` and `dumpsys battery`, as Android 14's `BatteryService` has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.hardware import Battery, BatteryStatus, Hardware

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_MINUS_ONE: Final = 255
_HELP: Final = """\
Battery service (battery) commands:
  help
  get [ac|usb|wireless|dock|status|level|temp|present|counter]
  set [ac|usb|wireless|dock|status|level|temp|present|counter] <value>
    Hides what the battery says behind this value.
  unplug
    Hides every source of power.
  reset
    Shows again what the battery says.
"""
_CHANGES: Final[dict[str, Callable[[Battery, int], Battery]]] = {
    "ac": lambda battery, value: replace(battery, ac=value != 0),
    "usb": lambda battery, value: replace(battery, usb=value != 0),
    "wireless": lambda battery, value: replace(battery, wireless=value != 0),
    "dock": lambda battery, value: replace(battery, dock=value != 0),
    "status": lambda battery, value: replace(battery, status=_status(value)),
    "level": lambda battery, value: replace(battery, level=value),
    "temp": lambda battery, value: replace(battery, temperature=value),
    "present": lambda battery, value: replace(battery, present=value != 0),
    "counter": lambda battery, value: replace(battery, counter=value),
}


async def run(device: VirtualPixel, call: Call) -> int:
    """`cmd battery get|set|unplug|reset …`."""
    code, text = shell(device.hardware, call.arguments)
    await call.say(text)
    return code


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys battery`, and with arguments what `cmd battery` does with them."""
    if arguments and arguments[0] != "-a":
        return shell(device.hardware, arguments)[1]
    return describe(device.hardware)


def describe(hardware: Hardware) -> str:
    """The battery as `dumpsys battery` prints it."""
    battery = hardware.battery
    stopped = "" if hardware.now.battery_override is None else "  (UPDATES STOPPED -- use 'reset' to restart)\n"
    return (
        f"Current Battery Service state:\n{stopped}"
        f"  AC powered: {str(battery.ac).lower()}\n"
        f"  USB powered: {str(battery.usb).lower()}\n"
        f"  Wireless powered: {str(battery.wireless).lower()}\n"
        f"  Dock powered: {str(battery.dock).lower()}\n"
        "  Max charging current: 0\n"
        "  Max charging voltage: 0\n"
        f"  Charge counter: {battery.counter}\n"
        f"  status: {battery.status:d}\n"
        f"  health: {battery.health:d}\n"
        f"  present: {str(battery.present).lower()}\n"
        f"  level: {battery.level}\n"
        "  scale: 100\n"
        f"  voltage: {battery.voltage}\n"
        f"  temperature: {battery.temperature}\n"
        "  technology: Li-ion\n"
    )


def shell(hardware: Hardware, arguments: tuple[str, ...]) -> tuple[int, str]:
    """Do what the words ask; the exit code and what is printed."""
    words = [word for word in arguments if word != "-f"]
    match words:
        case [] | ["help" | "-h"]:
            return 0, _HELP
        case ["get", *rest]:
            return _get(hardware.battery, rest)
        case ["set", *rest]:
            return _set(hardware, rest)
        case ["unplug"]:
            _override(hardware, replace(hardware.battery, ac=False, usb=False, wireless=False, dock=False))
        case ["reset"]:
            _override(hardware, None)
        case _:
            return _MINUS_ONE, f"Unknown command: {words[0]}\n"
    return 0, ""


def _get(battery: Battery, words: Sequence[str]) -> tuple[int, str]:
    if not words:
        return _MINUS_ONE, "No property specified\n"
    if words[0] not in _CHANGES:
        return 0, f"Unknown get option: {words[0]}\n"
    value = getattr(battery, "temperature" if words[0] == "temp" else words[0])
    return 0, f"{str(value).lower() if isinstance(value, bool) else int(value)}\n"


def _set(hardware: Hardware, words: Sequence[str]) -> tuple[int, str]:
    if len(words) < 2:
        return _MINUS_ONE, f"No {'value' if words else 'property'} specified\n"
    name, text, *_ = words
    if not text.lstrip("-").isdecimal():
        return _MINUS_ONE, f"Bad value: {text}\n"
    if name not in _CHANGES:
        return 0, f"Unknown set option: {name}\n"
    _override(hardware, _CHANGES[name](hardware.battery, int(text)))
    return 0, ""


def _override(hardware: Hardware, battery: Battery | None) -> None:
    hardware.change(replace(hardware.now, battery_override=battery))


def _status(value: int) -> BatteryStatus:
    return BatteryStatus(value) if value in BatteryStatus.__members__.values() else BatteryStatus.unknown
