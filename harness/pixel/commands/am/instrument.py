"""`am instrument`: output as Android 14's `Instrument.java` prints it, which clients parse line by line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.pixel.app_record import Finish, Status
from harness.pixel.commands.am.intent_arguments import BadArguments
from harness.pixel.control import Call
from harness.pixel.intents import whole_name

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_STREAM: Final = "stream"
_IGNORED_WITH_VALUE: Final = frozenset(("-p", "--user", "--abi"))


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
                raise BadArguments("-e needs a name and a value")
            name, value = rest.pop(0), rest.pop(0)
            asked.values[name] = value
        elif word in _IGNORED_WITH_VALUE:
            rest[:1] = []
        elif not word.startswith("-"):
            asked.component = word
    if "/" not in asked.component:
        raise BadArguments(f"Bad component name: {asked.component}")
    return asked


async def run(device: VirtualPixel, call: Call) -> int:
    """`am instrument [-w] [-r] [-e NAME VALUE]… COMPONENT`."""
    asked = _instrument_arguments(call.arguments)
    owner, _, name = whole_name(asked.component).partition("/")
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
