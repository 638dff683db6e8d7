"""`jdwp`, `track-jdwp` and `track-app`: lists of app processes, told as they change."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from harness.pixel.activities import ActivityManager
from harness.pixel.services import debugging
from harness.pixel.services.asked import Asked
from harness.pixel.zygote import Event
from tests.unit.pixel.conftest import Bench, ScriptedApp, run_program


class Heard:
    """A stream whose client only listens."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()

    async def write(self, data: bytes) -> None:
        self.messages.put_nowait(data)


async def displayed(app: ScriptedApp, command: Event) -> None:
    """An app that comes up at once."""
    app.on_event({"event": "displayed", "id": command["id"], "milliseconds": 1})


def followed(bench: Bench, name: str) -> tuple[list[bytes], int]:
    """What a tracking service says before, while and after an app runs; and the app's pid on the device."""

    async def run() -> tuple[list[bytes], int]:
        device = bench.open()
        device.activities = ActivityManager(device, bench._launcher(displayed))
        heard = Heard()
        service = await debugging.find(Asked(device, cast(Any, None), cast(Any, None), name))
        assert service is not None
        serving = asyncio.ensure_future(service(cast(Any, heard)))
        async with asyncio.timeout(10):
            messages = [await heard.messages.get()]
            await run_program(device, "am", "start", "-W", "-n", "dev.tiny/.MainActivity")
            messages.append(await heard.messages.get())
            pid = device.activities.running()[0].pid
            await device.activities.force_stop("dev.tiny")
            messages.append(await heard.messages.get())
            heard.closed.set()
            await serving
        assert not device.activities.watchers
        return messages, pid

    return asyncio.run(run())


def test_process_ids_are_tracked(bench: Bench) -> None:
    """A list after its length in hexadecimal digits, at once and at each change."""
    messages, pid = followed(bench, "track-jdwp")
    line = b"%d\n" % pid
    assert messages == [b"0000", b"%04x" % len(line) + line, b"0000"]


def test_apps_are_tracked(bench: Bench) -> None:
    """An `AppProcesses` message: pid, debuggable, profileable, architecture."""
    messages, pid = followed(bench, "track-app")
    low, high = pid & 0x7F, pid >> 7
    number = bytes([low | 0x80, high & 0x7F]) if high < 0x80 else bytes([low | 0x80, high & 0x7F | 0x80, high >> 7])
    entry = b"\x08" + (number if high else bytes([low])) + b"\x10\x01\x18\x01\x22\x06x86_64"
    message = b"\x0a" + bytes([len(entry)]) + entry
    assert messages == [b"0000", b"%04x" % len(message) + message, b"0000"]


def test_a_debugger_can_not_be_attached() -> None:
    """The list is there, `jdwp:PID` isn't."""
    asked = Asked(cast(Any, SimpleNamespace()), cast(Any, None), cast(Any, None), "jdwp:42")
    assert asyncio.run(debugging.find(asked)) is None
