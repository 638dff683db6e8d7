"""`am start-activity`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.pixel.app_record import CommandRefused, ProcessDied
from harness.pixel.commands.am.intent_arguments import Arguments, Thrown, parse_intent
from harness.pixel.components import Found, resolve
from harness.pixel.control import Call
from harness.pixel.intents import NEW_TASK, Intent, short_name

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.zygote import Event

_WARM_S: Final = 1.0
"""For as long a running app is given to say whether the intent started something new; a stuck one isn't waited for."""
_WITH_VALUE: Final = frozenset(
    ("--user", "--display", "--windowingMode", "--activityType", "--task", "--start-profiler", "--sampling",
     "--attach-agent", "--attach-agent-bind", "-P", "--splashscreen-icon")
)  # fmt: skip
_ALONE: Final = frozenset(
    ("-N", "--streaming", "--track-allocation", "--task-overlay", "--lock-task", "--allow-background-activity-starts",
     "--dismiss-keyguard", "--splashscreen-show-icon", "-D", "--suspend")
)  # fmt: skip
_DELIVERED: Final = "Warning: Activity not started, intent has been delivered to currently running top-most instance.\n"
_TO_FRONT: Final = "Warning: Activity not started, its current task has been brought to the front\n"


@dataclass(slots=True)
class _Options:
    wait: bool = False
    stop_first: bool = False
    repeat: int = 1

    def take(self, word: str, arguments: Arguments) -> bool:
        if word == "-W":
            self.wait = True
        elif word == "-S":
            self.stop_first = True
        elif word == "-R":
            self.repeat = int(arguments.value(word))
        elif word in _WITH_VALUE:
            arguments.value(word)
        else:
            return word in _ALONE
        return True


async def run(device: VirtualPixel, call: Call) -> int:
    """`am start-activity [-D] [-W] [-S] [-R COUNT] INTENT`; nobody can attach a debugger, so `-D` doesn't wait for one."""
    options = _Options()
    intent = parse_intent(call.arguments, options.take)
    for turn in range(options.repeat):
        found = next(iter(resolve(device.packages, intent, "activity", by_default=True)), None)
        if options.stop_first and found:
            await device.activities.force_stop(found.package.name)
        await call.say(f"Starting: {intent.shown()}\n")
        if code := await _start_once(device, call, intent, found, wait=options.wait):
            return code
        if turn + 1 < options.repeat and (record := device.activities.foreground()):
            await device.activities.inject(record, {"gesture": "keys", "codes": [4]}, "KeyEvent")
    return 0


async def _start_once(device: VirtualPixel, call: Call, intent: Intent, found: Found | None, *, wait: bool) -> int:
    tell = call.say if wait else call.complain
    if found is None:
        if intent.component:
            await tell(f"Error type 3\nError: Activity class {{{intent.component}}} does not exist.\n")
        else:
            await tell(f"Error: Activity not started, unable to resolve {intent.adding(NEW_TASK).shown()}\n")
        return 1
    named = intent.to(found.name).adding(NEW_TASK)
    if not found.component.exported:
        raise Thrown(
            f"java.lang.SecurityException: Permission Denial: starting {named.shown()} from null"
            f" (pid={call.pid}, uid=2000) not exported from uid {found.package.uid}"
        )
    activities = device.activities
    running = activities.find(found.package.name)
    state = "COLD" if running is None else "WARM"
    began = time.monotonic()
    starting = asyncio.create_task(activities.start_activity(found.package, named))
    if not wait and running is None:
        activities.in_background(starting, f"start of {named.component}")
        return 0
    done, _ = await asyncio.wait((starting,), timeout=None if wait else _WARM_S)
    if not done:
        activities.in_background(starting, f"start of {named.component}")
        return 0
    try:
        shown = starting.result()
    except (ProcessDied, CommandRefused) as error:
        await tell(f"Error: Activity not started: {error}\n")
        return 1
    await _tell_outcome(call, named, shown, began, state, wait=wait)
    return 0


async def _tell_outcome(call: Call, intent: Intent, shown: Event, began: float, state: str, *, wait: bool) -> None:
    waited = round((time.monotonic() - began) * 1000)
    outcome, took = shown.get("outcome", "STARTED"), shown.get("milliseconds", waited)
    warning = {"DELIVERED_TO_TOP": _DELIVERED, "TASK_TO_FRONT": _TO_FRONT}.get(str(outcome), "")
    if warning:
        await (call.say if wait else call.complain)(warning)
        state, took = ("UNKNOWN (0)", 0) if outcome == "DELIVERED_TO_TOP" else ("HOT", took)
    if wait:
        await call.say(
            f"Status: ok\nLaunchState: {state}\nActivity: {short_name(intent.component or '')}\n"
            f"TotalTime: {took}\nWaitTime: {waited}\nComplete\n"
        )
