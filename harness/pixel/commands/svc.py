"""`svc`, `reboot`, `cmd statusbar`, `cmd uimode`, `cmd connectivity`, `locksettings`: switches that clients turn at their start.

There is no radio, status bar or lock screen here: what is switched is kept in the settings, as Android keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.control import FAILED, Call
from harness.pixel.settings import Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_SVC_HELP: Final = """\
Available commands:
    help     Show information about the subcommands
    power    Control the power manager
    data     Control mobile data connectivity
    wifi     Control the Wi-Fi manager
    usb      Control Usb state
    nfc      Control NFC functions
    bluetooth Control Bluetooth service
    system-server System server process related command.
"""
_POWER_HELP: Final = """\
Control the power manager

usage: svc power stayon [true|false|usb|ac|wireless|dock]
         Set the 'keep awake while plugged in' setting.
       svc power reboot [reason]
         Perform a runtime shutdown and reboot device with specified reason.
       svc power shutdown
         Perform a runtime shutdown and power off the device.
       svc power forcesuspend [t]
         Force the system into suspend, ignoring all wakelocks.
"""
_STAY_ON: Final = {"true": "15", "false": "0", "ac": "1", "usb": "2", "wireless": "4", "dock": "8"}
_SWITCHES: Final = {"wifi": "wifi_on", "data": "mobile_data", "bluetooth": "bluetooth_on", "nfc": "nfc_on"}
_NIGHT: Final = {"no": "1", "yes": "2", "auto": "0", "custom_schedule": "3"}
_STATUS_BAR: Final = ("expand-notifications", "expand-settings", "collapse")
_STATUS_BAR_HELP: Final = """\
Status bar commands:
  help
    Print this help text.

  expand-notifications
    Open the notifications panel.

  expand-settings
    Open the notifications panel and expand quick settings if present.

  collapse
    Collapse the notifications and settings panel.
"""


async def svc(device: VirtualPixel, call: Call) -> int:
    """`svc power stayon|reboot …`, `svc wifi|data|bluetooth|nfc enable|disable`, `svc usb getFunctions`."""
    kept = Settings(device.state)
    match call.arguments:
        case ("power", "stayon", state) if state in _STAY_ON:
            kept.put("global", "stay_on_while_plugged_in", _STAY_ON[state])
        case ("power", "reboot", *_):
            device.rebooting.set()
        case ("power", *_):
            await call.complain(_POWER_HELP)
        case (name, "enable" | "disable" as state) if name in _SWITCHES:
            kept.put("global", _SWITCHES[name], str(int(state == "enable")))
        case (name, *_) if name in _SWITCHES:
            await call.complain(f"Control {name}\n\nusage: svc {name} [enable|disable]\n")
        case ("usb", "getFunctions"):
            await call.say("\n")
        case ("usb", *_):
            await call.complain(
                "Control Usb state\n\nusage: svc usb getFunctions\n         Gets the list of currently enabled functions\n"
            )
        case _:
            await call.complain(_SVC_HELP)
    return 0


async def reboot(device: VirtualPixel, call: Call) -> int:
    """`reboot`: another boot of the same state."""
    if call.arguments:
        await call.complain(f"reboot: {call.arguments[0]}: there is no such thing to boot into\n")
        return 1
    device.rebooting.set()
    return 0


async def status_bar(_: VirtualPixel, call: Call) -> int:
    """`cmd statusbar expand-notifications|expand-settings|collapse`: silent, as there is none."""
    verb = call.arguments[0] if call.arguments else ""
    if verb in ("", "help", "-h"):
        await call.say(_STATUS_BAR_HELP)
        return 0 if verb else FAILED
    if verb not in _STATUS_BAR:
        await call.complain(f"Unknown command: {verb}\n")
        return FAILED
    return 0


async def ui_mode(device: VirtualPixel, call: Call) -> int:
    """`cmd uimode night [yes|no|auto|custom_schedule]`."""
    kept = Settings(device.state)
    match call.arguments:
        case ("night",):
            pass
        case ("night", mode) if mode in _NIGHT:
            kept.put("secure", "ui_night_mode", _NIGHT[mode])
        case ("night", *_):
            await call.complain("Invalid night mode\n")
            return FAILED
        case ():
            await call.complain("UiModeManager service (uimode) commands:\n  night [yes|no|auto|custom_schedule]\n")
            return FAILED
        case _:
            await call.complain(f"Unknown command: {call.arguments[0]}\n")
            return FAILED
    number = kept.get("secure", "ui_night_mode")
    await call.say(f"Night mode: {next((name for name, value in _NIGHT.items() if value == number), 'unknown')}\n")
    return 0


async def connectivity(device: VirtualPixel, call: Call) -> int:
    """`cmd connectivity airplane-mode [enable|disable]`."""
    kept = Settings(device.state)
    match call.arguments:
        case ("airplane-mode",):
            await call.say("enabled\n" if kept.get("global", "airplane_mode_on") == "1" else "disabled\n")
        case ("airplane-mode", "enable" | "disable" as state):
            kept.put("global", "airplane_mode_on", str(int(state == "enable")))
        case ("airplane-mode", *_):
            await call.complain("Connectivity service commands:\n  airplane-mode [enable|disable]\n")
            return FAILED
        case _:
            await call.complain(f"Unknown command: {' '.join(call.arguments[:1])}\n")
            return FAILED
    return 0


async def lock_settings(device: VirtualPixel, call: Call) -> int:
    """`locksettings get-disabled|set-disabled|verify|clear`: there is no credential, and none can be set."""
    kept = Settings(device.state)
    match [word for word in call.arguments if word not in ("--user", "--old", "0")]:
        case ["get-disabled"]:
            await call.say(f"{kept.get('lock', 'disabled') or 'true'}\n")
        case ["set-disabled", state]:
            kept.put("lock", "disabled", str(state == "true").lower())
            await call.say(f"Lock screen disabled set to {str(state == 'true').lower()}\n")
        case ["verify", *_]:
            await call.say("Lock credential verified successfully\n")
        case ["clear", *_]:
            await call.say("Lock credential cleared\n")
        case ["set-pin" | "set-password" | "set-pattern", *_]:
            await call.complain("locksettings: the virtual Pixel has no lock screen to set a credential for\n")
            return FAILED
        case words:
            await call.complain(f"Unknown command: {' '.join(words[:1])}\n")
            return FAILED
    return 0
