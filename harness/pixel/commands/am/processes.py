"""`am force-stop`, `kill`, `kill-all`, `crash` and `send-trim-memory`: what is done to processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.app_record import AppRecord, CommandRefused, ProcessDied
from harness.pixel.commands.am.intent_arguments import BadArguments, Thrown
from harness.pixel.control import FAILED, Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_TRIM_LEVELS: Final = {
    "HIDDEN": 20, "RUNNING_MODERATE": 5, "BACKGROUND": 40, "RUNNING_LOW": 10, "MODERATE": 60, "RUNNING_CRITICAL": 15,
    "COMPLETE": 80,
}  # fmt: skip
_SERVICE_SCORE: Final = 500


def _names(call: Call) -> list[str]:
    words, names = list(call.arguments), []
    while words:
        word = words.pop(0)
        if word == "--user":
            del words[:1]
        elif word.startswith("-"):
            raise BadArguments(f"Unknown option: {word}")
        else:
            names.append(word)
    return names


def _one_name(call: Call) -> str:
    names = _names(call)
    if not names:
        raise Thrown("java.lang.IllegalArgumentException: Argument expected")
    return names[0]


async def force_stop(device: VirtualPixel, call: Call) -> int:
    """`am force-stop PACKAGE`."""
    await device.activities.force_stop(_one_name(call))
    return 0


async def kill(device: VirtualPixel, call: Call) -> int:
    """`am kill PACKAGE`: only where it is safe, so not what is in front."""
    record = device.activities.find(_one_name(call))
    if record is not None:
        await _kill_if_background(device, record)
    return 0


async def kill_all(device: VirtualPixel, call: Call) -> int:
    """`am kill-all`: every process in the background."""
    del call
    for record in device.activities.running():
        await _kill_if_background(device, record)
    return 0


async def _kill_if_background(device: VirtualPixel, record: AppRecord) -> None:
    if device.activities.score(record) >= _SERVICE_SCORE:
        device.activities.kill(record, "kill background")
        await record.ended.wait()


async def crash(device: VirtualPixel, call: Call) -> int:
    """`am crash PACKAGE|PID`: an exception on the app's main thread."""
    name = _one_name(call)
    for record in device.activities.running():
        if name in (record.package.name, str(record.pid)):
            try:
                await device.activities.tell(record, {"do": "crash"})
            except (ProcessDied, CommandRefused):
                return 0
    return 0


async def send_trim_memory(device: VirtualPixel, call: Call) -> int:
    """`am send-trim-memory PROCESS LEVEL`."""
    names = _names(call)
    if len(names) < 2:
        raise Thrown("java.lang.IllegalArgumentException: Argument expected")
    level = int(names[1]) if names[1].isdigit() else _TRIM_LEVELS.get(names[1])
    if level is None:
        await call.complain(f"Error: Unknown level option: {names[1]}\n")
        return FAILED
    record = device.activities.find(names[0])
    if record is None:
        await call.complain(f"Error: Unknown process: {names[0]}\n")
        return FAILED
    await device.activities.tell(record, {"do": "trim", "level": level})
    return 0


async def nothing(_: VirtualPixel, call: Call) -> int:
    """For what is done at once on this device, as nothing is left waiting."""
    del call
    return 0
