"""`settings` and `device_config`, in the words of Android 14's `SettingsService` and `DeviceConfigService`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.control import FAILED, Call
from harness.pixel.settings import NAMESPACES, Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_HELP: Final = """\
Settings provider (settings) commands:
  help
      Print this help text.
  get [--user <USER_ID> | current] NAMESPACE KEY
      Retrieve the current value of KEY.
  put [--user <USER_ID> | current] NAMESPACE KEY VALUE [TAG] [default]
      Change the contents of KEY to VALUE.
  delete [--user <USER_ID> | current] NAMESPACE KEY
      Delete the entry for KEY.
  reset [--user <USER_ID> | current] NAMESPACE {PACKAGE_NAME | RESET_MODE}
      Reset the global/secure table for a package with mode.
      RESET_MODE is one of {untrusted_defaults, untrusted_clear, trusted_defaults}, case-insensitive
  list [--user <USER_ID> | current] NAMESPACE
      Print all defined keys.
      NAMESPACE is one of {system, secure, global}, case-insensitive
"""
_VERBS: Final = ("get", "put", "delete", "reset", "list")
_MODES: Final = ("untrusted_defaults", "untrusted_clear", "trusted_defaults")
_CONFIG_VERBS: Final = ("get", "put", "delete", "reset", "list")
_SYNC: Final = ("none", "persistent", "until_reboot")
_CONFIG: Final = "device_config/"


class SettingsRefused(ValueError):
    """Not a command line of `settings`; the message is what Android prints."""


async def settings(device: VirtualPixel, call: Call) -> int:
    """`settings get|put|delete|reset|list [--user USER] NAMESPACE [NAME [VALUE [TAG] [default]]]`."""
    if not call.arguments or call.arguments[0] in ("help", "-h"):
        await call.say(_HELP)
        return 0 if call.arguments else FAILED
    try:
        await call.say(_run(Settings(device.state), *_parsed(call.arguments)))
    except SettingsRefused as error:
        await call.complain(f"{error}\n")
        return FAILED
    return 0


def _parsed(arguments: tuple[str, ...]) -> tuple[str, str, list[str]]:
    """Verb, namespace and the words behind it."""
    words, rest, user = [], list(arguments), False
    while rest:
        word = rest.pop(0)
        if word == "--user":
            if user:
                raise SettingsRefused("Invalid user: --user specified more than once")
            value, user = rest.pop(0) if rest else "", True
            if value not in ("current", "cur", "0", "-2"):
                raise SettingsRefused(f"Invalid user: {value}")
        else:
            words.append(word)
    if not words or words[0].lower() not in _VERBS:
        raise SettingsRefused(f"Invalid command: {words[0]}" if words else "Bad arguments")
    if len(words) < 2:
        raise SettingsRefused("Bad arguments")
    if words[1].lower() not in NAMESPACES:
        raise SettingsRefused(f"Invalid namespace '{words[1]}'")
    return words[0].lower(), words[1].lower(), words[2:]


def _run(kept: Settings, verb: str, space: str, rest: list[str]) -> str:
    match verb, rest:
        case "list", _:
            return "".join(f"{name}={value}\n" for name, value in kept.listed(space).items())
        case "get", [name]:
            return _shown(kept.get(space, name))
        case "delete", [name]:
            return f"Deleted {int(kept.delete(space, name))} rows\n"
        case (("get" | "delete"), [_, _, *_]):
            raise SettingsRefused("Too many arguments")
        case "put", [name, value, *more]:
            if len(more) == 2 and more[1].lower() != "default":
                raise SettingsRefused("Argument expected to be 'default'")
            if len(more) > 2:
                raise SettingsRefused("Too many arguments")
            kept.put(space, name, value)
        case "reset", [mode]:
            if mode.lower() in _MODES and space != "system":
                kept.reset(space)
        case _:
            raise SettingsRefused("Bad arguments")
    return ""


def _shown(value: str | None) -> str:
    return "null\n" if value is None else f"{value}\n"


async def device_config(device: VirtualPixel, call: Call) -> int:
    """`device_config get|put|delete|list|reset …`, and the switch of a synchronisation that nobody does here."""
    kept = Settings(device.state)
    match call.arguments:
        case ("get", space, name):
            await call.say(_shown(kept.get(_CONFIG + space, name)))
        case ("put", space, name, value, *_):
            kept.put(_CONFIG + space, name, value)
        case ("delete", space, name):
            done = "Successfully deleted" if kept.delete(_CONFIG + space, name) else "Failed to delete"
            await call.say(f"{done} {name} from {space}\n")
        case ("list", space):
            await call.say("".join(f"{name}={value}\n" for name, value in kept.listed(_CONFIG + space).items()))
        case ("reset", mode, space) if mode.lower() in _MODES:
            kept.reset(_CONFIG + space)
        case ("set_sync_disabled_for_tests", mode) if mode in _SYNC:
            kept.put("device_config", "sync_disabled", mode)
        case ("get_sync_disabled_for_tests",):
            await call.say(f"{kept.get('device_config', 'sync_disabled') or 'none'}\n")
        case (verb, *_) if verb in _CONFIG_VERBS:
            await call.complain("Bad arguments\n")
            return FAILED
        case _:
            await call.complain(f"Invalid command: {call.arguments[0]}\n" if call.arguments else "Bad arguments\n")
            return FAILED
    return 0
