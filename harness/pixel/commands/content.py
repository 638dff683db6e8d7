"""`content query|insert|update|delete --uri content://settings/…`: the one provider that the device has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.settings import NAMESPACES, Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_USAGE: Final = """\
usage: adb shell content [subcommand] [options]

usage: adb shell content insert --uri <URI> --bind <BINDING> [--bind <BINDING>...]
usage: adb shell content update --uri <URI> [--where <WHERE>]
usage: adb shell content delete --uri <URI> [--where <WHERE>]
usage: adb shell content query --uri <URI> [--projection <PROJECTION>] [--where <WHERE>]
"""
_VERBS: Final = ("query", "insert", "update", "delete")
_PREFIX: Final = "content://"


class ContentRefused(ValueError):
    """Not a command line of `content`; the message is what Android prints after `[ERROR] `."""


async def content(device: VirtualPixel, call: Call) -> int:
    """Rows of the settings, asked for and changed as rows."""
    try:
        verb, uri, options = _parsed(call.arguments)
    except ContentRefused as error:
        await call.complain(f"[ERROR] {error}\n\n{_USAGE}")
        return 0
    provider, _, path = uri.removeprefix(_PREFIX).partition("/")
    space, _, name = path.partition("/")
    if provider != "settings" or space not in NAMESPACES:
        await call.complain(
            f"Error while accessing provider:{provider}\n"
            f"java.lang.IllegalStateException: Could not find provider: {provider}\n"
        )
        return 1
    await call.say(_run(Settings(device.state), verb, space, name or _where(options), options))
    return 0


def _parsed(arguments: tuple[str, ...]) -> tuple[str, str, dict[str, str]]:
    """Verb, URI, and the options: bound columns by their names, the others by theirs."""
    if not arguments:
        raise ContentRefused("No command specified")
    verb, *rest = arguments
    if verb not in _VERBS:
        raise ContentRefused(f"Unsupported operation: {verb}")
    uri, options = "", {}
    while rest:
        option = rest.pop(0)
        if not option.startswith("--"):
            raise ContentRefused(f"Unsupported argument: {option}")
        if not rest:
            raise ContentRefused(f"No value for the argument: {option}")
        value = rest.pop(0)
        if option == "--uri":
            uri = value
        elif option == "--bind":
            column, colon, typed = value.partition(":")
            if not colon or ":" not in typed:
                raise ContentRefused(f"Binding not well formed: {value}")
            options[column] = typed.partition(":")[2]
        else:
            options[option] = value
    if not uri.startswith(_PREFIX):
        raise ContentRefused("Content provider URI not specified. Did you specify --uri argument?")
    return verb, uri, options


def _where(options: Mapping[str, str]) -> str:
    """The name that `--where "name='x'"` means."""
    column, _, value = options.get("--where", "").partition("=")
    return value.strip().strip("'\"") if column.strip() == "name" else ""


def _run(kept: Settings, verb: str, space: str, name: str, options: Mapping[str, str]) -> str:
    rows = {key: value for key, value in kept.listed(space).items() if name in ("", key)}
    if verb == "query":
        columns = options.get("--projection", "_id:name:value").split(":")
        lines = [
            f"Row: {number} " + ", ".join(f"{key}={row[key]}" for key in columns if key in row)
            for number, (found, value) in enumerate(rows.items())
            for row in [{"_id": str(number + 1), "name": found, "value": value}]
        ]
        return "".join(f"{line}\n" for line in lines) or "No result found.\n"
    if verb == "delete":
        for found in rows if name else ():
            kept.delete(space, found)
    elif changed := options.get("name") or name:
        kept.put(space, changed, options.get("value", ""))
    return ""
