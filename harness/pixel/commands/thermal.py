"""`cmd thermalservice` and `dumpsys thermalservice`, as Android 14's `ThermalManagerService` has them.

There is one sensor, the skin's, whose temperature follows from the status that was set: thresholds are a Pixel's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.hardware import HOT_SKIN, Hardware, ThermalStatus

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_MINUS_ONE: Final = 255
_SKIN: Final = "mType=3, mName=VIRTUAL-SKIN"
_COLD: Final = ", ".join(["NaN"] * 7)
_HELP: Final = """\
Thermal service (thermalservice) commands:
  help
  override-status STATUS
    Locks the thermal status at STATUS, from 0 (none) to 6 (shutdown).
  reset
    Lets the status follow the temperatures again.
"""


async def run(device: VirtualPixel, call: Call) -> int:
    """`cmd thermalservice override-status STATUS|reset`."""
    hardware = device.hardware
    match call.arguments:
        case () | ("help" | "-h",):
            await call.say(_HELP)
        case ("override-status",):
            await call.say('Error: java.lang.IllegalArgumentException: Argument expected after "override-status"\n')
            return _MINUS_ONE
        case ("override-status", text, *_):
            if not text.lstrip("-").isdecimal():
                await call.say(f'Error: java.lang.NumberFormatException: For input string: "{text}"\n')
                return _MINUS_ONE
            if int(text) not in ThermalStatus.__members__.values():
                await call.say(f"Invalid status: {int(text)}\n")
                return _MINUS_ONE
            hardware.change(replace(hardware.now, thermal_override=ThermalStatus(int(text))))
        case ("reset",):
            hardware.change(replace(hardware.now, thermal_override=None))
        case (verb, *_):
            await call.say(f"Unknown command: {verb}\n")
            return _MINUS_ONE
    return 0


def describe(hardware: Hardware) -> str:
    """What `dumpsys thermalservice` prints; listeners in apps aren't the service's own here, so none are told of."""
    sensor = hardware.now.thermal
    skin = f"\tTemperature{{mValue={hardware.skin}, {_SKIN}, mStatus={sensor:d}}}\n"
    thresholds = ", ".join(["NaN", *(str(degrees) for degrees in HOT_SKIN)])
    return (
        f"IsStatusOverride: {str(hardware.now.thermal_override is not None).lower()}\n"
        "ThermalEventListeners:\n"
        "ThermalStatusListeners:\n"
        f"Thermal Status: {hardware.thermal:d}\n"
        f"Cached temperatures:\n{skin}"
        "HAL Ready: true\n"
        "HAL connection:\n"
        "\tthe virtual Pixel's console\n"
        f"Current temperatures from HAL:\n{skin}"
        "Current cooling devices from HAL:\n"
        "Temperature static thresholds from HAL:\n"
        f"\tTemperatureThreshold{{{_SKIN}, mHotThrottlingThresholds=[{thresholds}], "
        f"mColdThrottlingThresholds=[{_COLD}]}}\n"
    )
