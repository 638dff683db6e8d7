"""`am`, which is `cmd activity`: instrumentations, activities, force-stop.

Output follows Android 14's `Instrument.java` and `ActivityManagerShellCommand.java`, which clients parse line by line.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from harness.pixel.activities import CommandRefused, Finish, ProcessDied, Status
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

_STREAM: Final = "stream"
_MAIN: Final = "android.intent.action.MAIN"
_LAUNCHER: Final = "android.intent.category.LAUNCHER"
_IGNORED_WITH_VALUE: Final = frozenset(
    ("--user", "-f", "--display", "--windowingMode", "-p", "--profile-file", "--abi")
)
_TEXTS: Final = {"-a": "action", "-d": "data", "-n": "component", "-p": "package"}
_EXTRAS: Final[dict[str, Callable[[str], Any]]] = {
    "-e": str, "--es": str, "--ei": int, "--el": int, "--ef": float,
    "--ez": lambda text: text.lower() in ("true", "t", "1"), "--eu": str,
}  # fmt: skip


class _BadArguments(ValueError):
    """The message is what Android prints after `Error: `."""


async def run(device: VirtualPixel, call: Call) -> int:
    """`am VERB …`."""
    if not call.arguments:
        await call.complain("Activity manager (activity) commands: " + ", ".join(sorted(_VERBS)) + "\n")
        return 255
    verb, *rest = call.arguments
    run_verb = _VERBS.get(verb)
    if run_verb is None:
        await call.complain(f"Unknown command: {verb}\n")
        return 255
    try:
        return await run_verb(device, call.with_arguments(rest))
    except _BadArguments as error:
        await call.complain(f"Error: {error}\n")
        return 1


@dataclass(slots=True)
class _InstrumentArguments:
    wait: bool = False
    raw: bool = False
    values: dict[str, str] = field(default_factory=dict)
    component: str = ""


def _instrument_arguments(arguments: tuple[str, ...]) -> _InstrumentArguments:
    asked, rest = _InstrumentArguments(), list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "-w":
            asked.wait = True
        elif word == "-r":
            asked.raw = True
        elif word == "-e":
            if len(rest) < 2:
                raise _BadArguments("-e needs a name and a value")
            name, value = rest.pop(0), rest.pop(0)
            asked.values[name] = value
        elif word in _IGNORED_WITH_VALUE:
            rest[:1] = []
        elif not word.startswith("-"):
            asked.component = word
    if "/" not in asked.component:
        raise _BadArguments(f"Bad component name: {asked.component}")
    return asked


async def _instrument(device: VirtualPixel, call: Call) -> int:
    asked = _instrument_arguments(call.arguments)
    owner, name = _split_component(asked.component)
    package = device.packages.get(owner)
    known = package and next((item for item in package.instrumentations if item.name == name), None)
    target = device.packages.get(known.target_package) if known else None
    if target is None:
        return await _no_instrumentation(call, asked, f"ComponentInfo{{{owner}/{name}}}")
    reports = device.activities.instrument(target, f"{owner}/{name}", asked.values)
    if not asked.wait:
        device.activities.in_background(_listen(reports, None, raw=False), f"instrumentation {asked.component}")
        return 0
    running = asyncio.create_task(_listen(reports, call, raw=asked.raw))
    leaving = asyncio.create_task(call.stdout.reader_gone())
    try:
        await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        return 0
    finally:
        for task in (running, leaving):
            task.cancel()
        await asyncio.gather(running, leaving, return_exceptions=True)


async def _listen(reports: AsyncGenerator[Status | Finish, None], call: Call | None, *, raw: bool) -> None:
    """Print an instrumentation's reports as they come. Without `raw` a `stream` text stands for the whole report."""
    async with aclosing(reports) as stream:
        async for report in stream:
            if call is None:
                continue
            pretty = None if raw else report.values.get(_STREAM)
            if isinstance(report, Status):
                await call.say(_report("STATUS", "STATUS_CODE", report) if pretty is None else pretty)
            else:
                await call.say(_report("RESULT", "CODE", report) if pretty is None else f"{pretty}\n")


def _report(kind: str, code: str, report: Status | Finish) -> str:
    lines = [f"INSTRUMENTATION_{kind}: {name}={value}\n" for name, value in sorted(report.values.items())]
    return "".join(lines) + f"INSTRUMENTATION_{code}: {report.code}\n"


async def _no_instrumentation(call: Call, asked: _InstrumentArguments, component: str) -> int:
    error = f"Unable to find instrumentation info for: {component}"
    if asked.wait:
        report = Status(-1, {"id": "ActivityManagerService", "Error": error})
        await call.say(_report("STATUS", "STATUS_CODE", report))
    failure = f"INSTRUMENTATION_FAILED: {asked.component}"
    if asked.raw:
        await call.say(f"onError: commandError=true message={failure}\n")
    await call.complain(
        f"android.util.AndroidException: {failure}\n"
        "\tat com.android.commands.am.Instrument.run(Instrument.java:543)\n"
        "\tat com.android.commands.am.Am.runInstrument(Am.java:202)\n"
        "\tat com.android.commands.am.Am.onRun(Am.java:80)\n"
    )
    return 1


@dataclass(slots=True)
class _Intent:
    wait: bool = False
    stop_first: bool = False
    action: str | None = None
    categories: list[str] = field(default_factory=list)
    data: str | None = None
    component: str | None = None
    package: str | None = None
    extras: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> str:
        """As Android's `Intent.toString`."""
        parts = [f"act={self.action}"] if self.action else []
        parts += [f"cat=[{','.join(self.categories)}]"] if self.categories else []
        parts += [f"dat={self.data}"] if self.data else []
        parts += [f"pkg={self.package}"] if self.package else []
        parts += [f"cmp={self.component}"] if self.component else []
        parts += ["(has extras)"] if self.extras else []
        return f"Intent {{ {' '.join(parts)} }}"


def _parse_intent(arguments: tuple[str, ...]) -> _Intent:
    intent, rest = _Intent(), list(arguments)

    def value(option: str) -> str:
        if not rest:
            raise _BadArguments(f"Argument expected after {option!r}")
        return rest.pop(0)

    while rest:
        word = rest.pop(0)
        if word == "-W":
            intent.wait = True
        elif word == "-S":
            intent.stop_first = True
        elif word in _TEXTS:
            setattr(intent, _TEXTS[word], value(word))
        elif word == "-c":
            intent.categories.append(value(word))
        elif word in _EXTRAS:
            name, text = value(word), value(word)
            try:
                intent.extras[name] = _EXTRAS[word](text)
            except ValueError:
                raise _BadArguments(f"{word} {name}: {text!r} isn't of that kind") from None
        elif word in _IGNORED_WITH_VALUE:
            value(word)
        elif word.startswith("-"):
            continue
        elif "/" in word:
            intent.component = word
        else:
            intent.package = word
    return intent


def _split_component(component: str) -> tuple[str, str]:
    """Package and whole class name of `package/.Class`."""
    package, _, name = component.partition("/")
    return package, package + name if name.startswith(".") else name


async def _start(device: VirtualPixel, call: Call) -> int:
    intent = _parse_intent(call.arguments)
    found = _resolve(device, intent)
    await call.say(f"Starting: {intent.shown()}\n")
    if found is None:
        if intent.component:
            await call.complain(
                f"Error type 3\nError: Activity class {{{'/'.join(_split_component(intent.component))}}} does not exist.\n"
            )
        else:
            await call.complain(f"Error: Activity not started, unable to resolve {intent.shown()}\n")
        return 1
    package, component = found
    if intent.stop_first:
        await device.activities.force_stop(package.name)
    warm = any(record.package.name == package.name for record in device.activities.running())
    starting = device.activities.start_activity(package, component, intent.action, intent.extras)
    if not intent.wait:
        device.activities.in_background(starting, f"start of {component}")
        return 0
    began = time.monotonic()
    try:
        shown = await starting
    except (ProcessDied, CommandRefused) as error:
        await call.complain(f"Error: Activity not started: {error}\n")
        return 1
    waited = round((time.monotonic() - began) * 1000)
    await call.say(
        f"Status: ok\nLaunchState: {'WARM' if warm else 'COLD'}\nActivity: {component}\n"
        f"TotalTime: {shown.get('milliseconds', waited)}\nWaitTime: {waited}\nComplete\n"
    )
    return 0


def _resolve(device: VirtualPixel, intent: _Intent) -> tuple[Package, str] | None:
    """The package and `package/Class` of the activity that the intent means."""
    if intent.component:
        owner, name = _split_component(intent.component)
        package = device.packages.get(owner)
        if package is not None and any(activity.name == name for activity in package.activities):
            return package, f"{owner}/{name}"
        return None
    for package in device.packages.listed():
        if intent.package not in (None, package.name):
            continue
        for activity in package.activities:
            if (intent.action or _MAIN) in activity.actions and set(intent.categories or [_LAUNCHER]) <= set(
                activity.categories
            ):
                return package, f"{package.name}/{activity.name}"
    return None


async def _force_stop(device: VirtualPixel, call: Call) -> int:
    names = [word for word in call.arguments if not word.startswith("-") and not word.isdigit()]
    if not names:
        raise _BadArguments("no package specified")
    await device.activities.force_stop(names[0])
    return 0


async def _current_user(_: VirtualPixel, call: Call) -> int:
    await call.say("0\n")
    return 0


async def _nothing(_: VirtualPixel, call: Call) -> int:
    del call
    return 0


_VERBS: Final[Mapping[str, Callable[[VirtualPixel, Call], Awaitable[int]]]] = {
    "force-stop": _force_stop,
    "get-current-user": _current_user,
    "instrument": _instrument,
    "kill": _force_stop,
    "start": _start,
    "start-activity": _start,
    "wait-for-broadcast-idle": _nothing,
}
