"""`getprop` and `setprop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.control import Call
from harness.pixel.properties import PropertyRefused

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


async def getprop(device: VirtualPixel, call: Call) -> int:
    """`getprop [NAME [DEFAULT]]`."""
    if not call.arguments:
        await call.say("".join(f"[{name}]: [{value}]\n" for name, value in device.properties.listed()))
        return 0
    name, *default = call.arguments
    await call.say((device.properties.get(name) or (default[0] if default else "")) + "\n")
    return 0


async def setprop(device: VirtualPixel, call: Call) -> int:
    """`setprop NAME VALUE`."""
    if len(call.arguments) != 2:
        await call.complain("setprop: Needs 2 arguments\n")
        return 1
    name, value = call.arguments
    try:
        device.properties.set(name, value)
    except PropertyRefused as error:
        await call.complain(f"Failed to set property '{name}' to '{value}': {error}\nSee dmesg for error reason.\n")
        return 1
    return 0
