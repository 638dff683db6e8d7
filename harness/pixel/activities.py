"""The activity manager: app processes, the instrumentations and activities in them, and what becomes of their crashes."""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from harness.pixel.logcat import Buffer, Priority
from harness.pixel.root import SHELL_UID
from harness.pixel.tombstones import describe_death, write_tombstone
from harness.pixel.zygote import AppHandle, Event, Launcher, Zygote

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

log = logging.getLogger(__name__)

_STOP_GRACE_S: Final = 2.0
_SCREENCAP_DEADLINE_S: Final = 30.0
RESULT_CANCELED: Final = 0
PROCESS_CRASHED: Final = "Process crashed."


@dataclass(frozen=True, slots=True)
class Status:
    """What an instrumentation reports while it runs."""

    code: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finish:
    """How an instrumentation ended: its own result, or `RESULT_CANCELED` with `shortMsg` after a crash."""

    code: int
    values: Mapping[str, str]


class ProcessDied(Exception):
    """The app's process ended before it had answered."""

    def __init__(self) -> None:
        super().__init__("its process died")


class CommandRefused(Exception):
    """The app's process answered that it can't do what was asked."""


@dataclass(slots=True)
class AppRecord:
    """A package's running process."""

    package: Package
    handle: AppHandle = field(init=False)
    pid: int = 0
    top: str | None = None
    """Its activity that was shown last, `package/Class`."""
    answers: dict[int, asyncio.Queue[Event]] = field(default_factory=dict)
    crash: Event | None = None
    stopped: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class ActivityManager:
    """Starts, watches and ends the app processes of one device, at most one a package."""

    def __init__(self, device: VirtualPixel, launcher: Launcher | None = None) -> None:
        self._device = device
        self._launch_process = launcher or Zygote(device)
        self._records: dict[str, AppRecord] = {}
        self._launching = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self._foreground: str | None = None
        self.watchers: set[asyncio.Event] = set()
        """Set whenever a process has started or ended."""

    def running(self) -> list[AppRecord]:
        """The processes that run, in the order of their start."""
        return list(self._records.values())

    def user_of(self, pid: int) -> int:
        """The user id that a process of the device belongs to: its package's, or the shell's."""
        return next((record.package.uid for record in self._records.values() if record.pid == pid), SHELL_UID)

    def foreground(self) -> AppRecord | None:
        """The process whose activity was started last, if it still runs."""
        return self._records.get(self._foreground or "")

    async def instrument(
        self, package: Package, component: str, values: Mapping[str, str]
    ) -> AsyncGenerator[Status | Finish, None]:
        """Run an instrumentation in a fresh process of `package`: each of its reports, then its end.

        When the caller stops listening, the process is ended; it is also ended after its finish, as on Android.
        """
        self._system(Priority.I, f"Start instrumentation {component}")
        await self.force_stop(package.name)
        record = await self._process(package)
        try:
            async with aclosing(
                self._ask(record, {"do": "instrument", "component": component, "args": dict(values)})
            ) as events:
                async for event in events:
                    if event["event"] == "status":
                        yield Status(int(event["code"]), _texts(event["values"]))
                    elif event["event"] == "finish":
                        await self._end(record, gently=True)
                        yield Finish(int(event["code"]), _texts(event["values"]))
                        return
        except ProcessDied:
            self._system(Priority.W, f"Crash of app {package.name} running instrumentation {component}")
            crash = record.crash
            values = {"shortMsg": PROCESS_CRASHED}
            if crash is not None:
                values["longMsg"] = ": ".join(str(crash[key]) for key in ("class", "message") if crash.get(key))
            yield Finish(RESULT_CANCELED, values)
        except CommandRefused as error:
            yield Finish(RESULT_CANCELED, {"shortMsg": PROCESS_CRASHED, "longMsg": str(error)})
        finally:
            await self._end(record)

    async def start_activity(
        self, package: Package, component: str, action: str | None, extras: Mapping[str, Any]
    ) -> Event:
        """Start an activity, in the package's process or a fresh one, and wait until it is displayed.

        Returns the `displayed` event. Raises `ProcessDied` and `CommandRefused`.
        """
        self._system(Priority.I, f"START u0 {{cmp={component}}} from uid 2000")
        record = self._records.get(package.name) or await self._process(package)
        self._foreground, record.top = package.name, component
        command: Event = {"do": "start", "component": component, "action": action, "extras": dict(extras)}
        async with aclosing(self._ask(record, command)) as events:
            async for event in events:
                if event["event"] == "displayed":
                    self._device.event("wm_on_resume_called", 0, component.partition("/")[2], "RESUME_ACTIVITY", 0)
                    self._system(
                        Priority.I, f"Displayed {component}: +{event.get('milliseconds', 0)}ms", "ActivityTaskManager"
                    )
                if event["event"] in ("displayed", "done"):
                    return event
        raise ProcessDied

    def in_background(self, work: Awaitable[Any], what: str) -> None:
        """Go on with `work` after the command that asked for it has ended."""

        async def run() -> None:
            try:
                await work
            except (ProcessDied, CommandRefused) as error:
                self._system(Priority.W, f"{what}: {error}")
            except Exception:
                log.exception("%s failed", what)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def screencap(self, record: AppRecord, path: str) -> None:
        """Have the app draw its screen into a PNG at the device's `path`. Raises `ProcessDied`, `CommandRefused`."""
        try:
            async with (
                asyncio.timeout(_SCREENCAP_DEADLINE_S),
                aclosing(self._ask(record, {"do": "screencap", "path": path})) as events,
            ):
                async for event in events:
                    if event["event"] == "done":
                        return
        except TimeoutError:
            raise CommandRefused(f"no picture within {_SCREENCAP_DEADLINE_S:.0f} s") from None

    def tell_hardware(self) -> None:
        """Tell every app what the device's hardware says now."""
        facts = self._device.hardware.facts()
        for record in self.running():
            self.in_background(
                self._tell(record, {"do": "hardware", "facts": facts}), f"hardware of {record.package.name}"
            )

    async def _tell(self, record: AppRecord, command: Event) -> None:
        async with aclosing(self._ask(record, command)) as events:
            async for event in events:
                if event["event"] == "done":
                    return

    async def force_stop(self, name: str) -> None:
        """End a package's process, if it runs."""
        record = self._records.get(name)
        if record is not None:
            self._system(Priority.I, f"Force stopping {name} appid={record.package.uid} user=0: from pid {record.pid}")
            self._device.event("am_kill", 0, record.pid, name, 0, "stop " + name, 0)
            await self._end(record)

    async def stop_all(self) -> None:
        """End every process and every piece of work in the background."""
        for task in self._tasks:
            task.cancel()
        for record in self.running():
            record.stopped = True
            record.handle.kill()
            await record.ended.wait()

    async def _process(self, package: Package) -> AppRecord:
        async with self._launching:
            if (there := self._records.get(package.name)) is not None:
                return there
            record, known = AppRecord(package), self._device.hardware.now
            record.handle = await self._launch_process(package, partial(_receive, record))
            record.pid = self._device.inner_pid(record.handle.pid)
            self._records[package.name] = record
            self._tell_watchers()
            self._device.event(
                "am_proc_start", 0, record.pid, package.uid, package.name, "added application", package.name
            )
            self._system(Priority.I, f"Start proc {record.pid}:{package.name}/u0a{package.uid - 10000} for app")
            watch = asyncio.get_running_loop().create_task(self._watch(record))
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)
            if self._device.hardware.now != known:
                self.tell_hardware()
            return record

    async def _ask(self, record: AppRecord, command: Event) -> AsyncGenerator[Event, None]:
        """Send a command and give the events that answer it; ends only by the reader, or by an exception."""
        number = next(self._numbers)
        answers = record.answers[number] = asyncio.Queue()
        try:
            try:
                await record.handle.send(command | {"id": number})
            except OSError:
                raise ProcessDied from None
            while not (record.ended.is_set() and answers.empty()):
                event = await answers.get()
                if event["event"] == "error":
                    raise CommandRefused(str(event.get("message", "")))
                if event["event"] == "ended":
                    break
                if event["event"] != "crash":
                    yield event
            raise ProcessDied
        finally:
            del record.answers[number]

    async def _watch(self, record: AppRecord) -> None:
        code = await record.handle.wait()
        name = record.package.name
        if self._records.get(name) is record:
            del self._records[name]
            self._tell_watchers()
        number = -code if code < 0 else code - 128 if code > 128 else 0
        if number and number != signal.SIGKILL and not record.stopped:
            self._bury(record, number)
        if (crash := record.crash) and "class" in crash:
            what = str(crash["class"]), str(crash.get("message") or "")
            self._device.event("am_crash", 0, record.pid, name, 0, *what, "", 0, 0)
        if not record.stopped:
            self._system(Priority.I, f"Process {name} (pid {record.pid}) has died: fg  TOP ")
            self._device.event("am_proc_died", 0, record.pid, name, 0, 2)
        record.ended.set()
        for answers in record.answers.values():
            answers.put_nowait({"event": "ended"})

    def _bury(self, record: AppRecord, number: int) -> None:
        """Tell of a death by signal as Android's `crash_dump` does, in the log and in a file."""
        lines = describe_death(record.package, self._device.profile, record.pid, number, record.crash or {})
        for line in lines:
            self._device.logs.write(Buffer.crash, Priority.F, "DEBUG", line, pid=record.pid, uid=record.package.uid)
        write_tombstone(self._device.root / "data/tombstones", lines)

    async def _end(self, record: AppRecord, *, gently: bool = False) -> None:
        """End a process; `gently`, by asking first."""
        if record.ended.is_set():
            return
        record.stopped = True
        if gently:
            try:
                async with asyncio.timeout(_STOP_GRACE_S):
                    await record.handle.send({"do": "stop", "id": next(self._numbers)})
                    await record.ended.wait()
            except (TimeoutError, OSError):
                log.info("%s doesn't stop by itself", record.package.name)
        record.handle.kill()
        await record.ended.wait()

    def _tell_watchers(self) -> None:
        for event in self.watchers:
            event.set()

    def _system(self, priority: Priority, message: str, tag: str = "ActivityManager") -> None:
        self._device.system_log(priority, tag, message)


def _receive(record: AppRecord, event: Event) -> None:
    """Hand an event of the process to whoever waits for it."""
    if event.get("event") == "crash":
        record.crash = event
    number = event.get("id")
    if isinstance(number, int) and number in record.answers:
        record.answers[number].put_nowait(event)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as Android prints them."""
    return {
        str(key): "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in values.items()
    }
