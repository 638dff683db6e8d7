"""`am broadcast`: to registered and to declared receivers of every package that the intent means."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.pixel.app_record import CommandRefused, ProcessDied
from harness.pixel.commands.am.intent_arguments import Arguments, parse_intent
from harness.pixel.components import resolve
from harness.pixel.control import Call
from harness.pixel.intents import FROM_SHELL, RECEIVER_FOREGROUND, Intent

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Options:
    def take(self, word: str, arguments: Arguments) -> bool:
        if word in ("--user", "--receiver-permission"):
            arguments.value(word)
            return True
        return word in ("--async", "--allow-background-activity-starts")


async def run(device: VirtualPixel, call: Call) -> int:
    """`am broadcast INTENT`, and wait for the result that its last receiver leaves."""
    intent = parse_intent(call.arguments, _Options().take).adding(FROM_SHELL)
    await call.say(f"Broadcasting: {intent.shown()}\n")
    code, data, extras = 0, None, None
    for package in _addressed(device, intent):
        try:
            result = await device.activities.broadcast(
                package, intent, foreground=bool(intent.flags & RECEIVER_FOREGROUND)
            )
        except (ProcessDied, CommandRefused) as error:
            log.info("broadcast to %s: %s", package.name, error)
            continue
        if result.get("receivers", 1):
            code, data, extras = int(result["code"]), result.get("data"), result.get("extras")
    text = f"Broadcast completed: result={code}"
    text += f', data="{data}"' if data is not None else ""
    text += f", extras: {extras}" if extras is not None else ""
    await call.say(f"{text}\n")
    return 0


def _addressed(device: VirtualPixel, intent: Intent) -> list[Package]:
    """Those that declare a receiver for it, and those that run and may have registered one."""
    packages = {found.package.name: found.package for found in resolve(device.packages, intent, "receiver")}
    if intent.component is None:
        packages |= {
            record.package.name: record.package
            for record in device.activities.running()
            if intent.package in (None, record.package.name)
        }
    return list(packages.values())


async def wait_for_idle(_: VirtualPixel, call: Call) -> int:
    """`am wait-for-broadcast-idle`: each broadcast is through when the command that sent it is."""
    await call.say("All broadcast queues are idle!\n")
    return 0
