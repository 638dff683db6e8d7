"""`getprop`, `setprop` and `settings`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.properties import PropertyRefused

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_SETTINGS: Final = {
    "global": {
        "adb_enabled": "1",
        "airplane_mode_on": "0",
        "animator_duration_scale": "1.0",
        "development_settings_enabled": "1",
        "device_provisioned": "1",
        "stay_on_while_plugged_in": "0",
        "transition_animation_scale": "1.0",
        "window_animation_scale": "1.0",
    },
    "secure": {"android_id": "0000000000000000", "user_setup_complete": "1"},
    "system": {"screen_brightness": "102", "screen_off_timeout": "60000"},
}


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


async def settings(device: VirtualPixel, call: Call) -> int:
    """`settings get|put|list|delete NAMESPACE [NAME [VALUE]]`; what is put lives as long as the device's state."""
    arguments = [argument for argument in call.arguments if not argument.startswith("--user")]
    if len(arguments) < 2 or arguments[1] not in _SETTINGS:
        await call.complain("Invalid namespace or command; settings get|put|delete|list global|secure|system …\n")
        return 255
    verb, space, *rest = arguments
    file = device.state / "settings.json"
    stored: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    values = _SETTINGS[space] | stored.get(space, {})
    if verb == "get" and len(rest) == 1:
        await call.say(values.get(rest[0], "null") + "\n")
    elif verb == "list" and not rest:
        await call.say("".join(f"{name}={value}\n" for name, value in sorted(values.items())))
    elif verb == "put" and len(rest) >= 2:
        stored.setdefault(space, {})[rest[0]] = rest[1]
        file.write_text(json.dumps(stored), encoding="utf-8")
    elif verb == "delete" and len(rest) == 1:
        removed = stored.get(space, {}).pop(rest[0], None)
        file.write_text(json.dumps(stored), encoding="utf-8")
        await call.say(f"Deleted {int(removed is not None)} rows\n")
    else:
        await call.complain(f"Bad arguments for settings {verb}\n")
        return 255
    return 0
