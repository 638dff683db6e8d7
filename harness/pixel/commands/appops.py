"""`appops`, which is `cmd appops`: modes of operations by package, kept as Android keeps them, and asked by nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.control import FAILED, Call
from harness.pixel.settings import Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_MODES: Final = ("allow", "ignore", "deny", "default", "foreground")
_NAMESPACE: Final = "appops"


async def appops(device: VirtualPixel, call: Call) -> int:
    """`appops get|set|reset [--user USER] PACKAGE [OPERATION [MODE]]`."""
    words = list(call.arguments)
    if "--user" in words:
        del words[(at := words.index("--user")) : at + 2]
    words = [word for word in words if word != "--uid"]
    if not words or words[0] not in ("get", "set", "reset"):
        await call.complain(
            f"Unknown command: {words[0]}\n" if words else "AppOps service (appops) commands: get, set, reset\n"
        )
        return FAILED
    verb, *rest = words
    if not rest and verb != "reset":
        await call.complain(
            "Error: Package name not specified.\n" if verb == "get" else "Error: Package or uid not specified.\n"
        )
        return FAILED
    if rest and device.packages.get(rest[0]) is None:
        await call.complain(f"Error: No UID for {rest[0]} in user 0\n")
        return FAILED
    return await _apply(Settings(device.state), call, verb, rest)


async def _apply(kept: Settings, call: Call, verb: str, rest: list[str]) -> int:
    modes = kept.listed(_NAMESPACE)
    match verb, rest:
        case "reset", [*names]:
            for key in modes:
                if not names or key.startswith(f"{names[0]}/"):
                    kept.delete(_NAMESPACE, key)
        case "get", [package, *operation]:
            found = {key.partition("/")[2]: mode for key, mode in modes.items() if key.startswith(f"{package}/")}
            lines = [
                f"{name}: {mode}\n" for name, mode in found.items() if not operation or name == _plain(operation[0])
            ]
            await call.say("".join(lines) or "No operations.\n")
        case "set", [package, operation, mode] if mode in _MODES:
            kept.put(_NAMESPACE, f"{package}/{_plain(operation)}", mode)
        case "set", [_, _, mode, *_]:
            await call.complain(f"Error: Mode {mode} is not valid\n")
            return FAILED
        case _:
            await call.complain(f"Error: {'Mode' if len(rest) == 2 else 'Operation'} not specified.\n")
            return FAILED
    return 0


def _plain(operation: str) -> str:
    """`android:camera` and `CAMERA` are one operation."""
    return operation.removeprefix("android:").upper()
