"""The activity manager: app processes, what runs in them, which of them is in front, and what becomes of their crashes."""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from harness.pixel.app_record import (
    PROCESS_CRASHED,
    RESULT_CANCELED,
    AppRecord,
    CommandRefused,
    Finish,
    ProcessDied,
    Status,
)
from harness.pixel.intents import Intent, short_name, whole_name
from harness.pixel.logcat import Buffer, Priority
from harness.pixel.low_memory import LowMemoryKiller
from harness.pixel.not_responding import describe_anr, write_traces
from harness.pixel.requests import answer_request
from harness.pixel.root import SHELL_UID
from harness.pixel.task_order import TaskOrder
from harness.pixel.tombstones import describe_death, write_tombstone
from harness.pixel.zygote import Event, Launcher, Zygote

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

log = logging.getLogger(__name__)

_STOP_GRACE_S: Final = 2.0
_SCREENCAP_DEADLINE_S: Final = 30.0
_TRACES_DEADLINE_S: Final = 3.0
INPUT_DEADLINE_S: Final = 5.0
SERVICE_DEADLINE_S: Final = 20.0
BROADCAST_DEADLINE_S: Final = 60.0
FOREGROUND_BROADCAST_DEADLINE_S: Final = 10.0
"""After which an app that hasn't handled such a thing isn't responding (ActivityManagerConstants, InputDispatcher)."""
_WAITED: Final = "<milliseconds>"
_FLAGS: Final = 0x38A83E46
"""`ApplicationInfo.flags` of an ordinary debuggable app, as the event log has them."""


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
        self._order = TaskOrder()
        self._reapers = LowMemoryKiller(device, self)
        self.watchers: set[asyncio.Event] = set()
        """Set whenever a process has started or ended."""

    def running(self) -> list[AppRecord]:
        """The processes that run, in the order of their start."""
        return list(self._records.values())

    def user_of(self, pid: int) -> int:
        """The user id that a process of the device belongs to: its package's, or the shell's."""
        return next((record.package.uid for record in self._records.values() if record.pid == pid), SHELL_UID)

    def foreground(self) -> AppRecord | None:
        """The process whose task is on the screen, or None for the home screen."""
        return self._records.get(self._order.front or "")

    def tasks(self) -> list[AppRecord | None]:
        """The processes with activities, the foremost first; None stands for the home screen."""
        return [self._records.get(name) if name else None for name in self._order.foremost_first()]

    def find(self, name: str) -> AppRecord | None:
        """The running process of a package."""
        return self._records.get(name)

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

    async def start_activity(self, package: Package, intent: Intent) -> Event:
        """Start an activity, in the package's process or a fresh one, and wait until it is displayed.

        Returns the `displayed` event, whose `outcome` tells whether it is a new one. Raises `ProcessDied` and
        `CommandRefused`.
        """
        self._system(
            Priority.I, f"START u0 {intent.shown().removeprefix('Intent ')} from uid 2000", "ActivityTaskManager"
        )
        record = self._records.get(package.name) or await self._process(package)
        await self._to_front(package.name)
        async with aclosing(self._ask(record, {"do": "start", "intent": intent.wire()})) as events:
            async for event in events:
                if event["event"] == "displayed":
                    if event.get("outcome", "STARTED") == "STARTED":
                        shown = short_name(intent.component or "")
                        text = f"Displayed {shown}: +{event.get('milliseconds', 0)}ms"
                        self._system(Priority.I, text, "ActivityTaskManager")
                    return event
        raise ProcessDied

    async def start_service(self, package: Package, intent: Intent) -> None:
        """Start a service and wait until its `onStartCommand` is through. Raises `ProcessDied`, `CommandRefused`."""
        record = self._records.get(package.name) or await self._process(package)
        await self._do(
            record, {"do": "service", "intent": intent.wire()}, SERVICE_DEADLINE_S,
            f"executing service {short_name(intent.component or '')}",
        )  # fmt: skip

    async def stop_service(self, record: AppRecord, intent: Intent) -> bool:
        """Stop a started service; False where it wasn't. Raises `ProcessDied`, `CommandRefused`."""
        return bool((await self._do(record, {"do": "stop-service", "intent": intent.wire()})).get("stopped"))

    async def broadcast(self, package: Package, intent: Intent, *, foreground: bool) -> Event:
        """Deliver a broadcast to a package's receivers, in its process or a fresh one.

        Returns the event that tells `code`, `data` and `extras`. Raises `ProcessDied`, `CommandRefused`.
        """
        record = self._records.get(package.name) or await self._process(package)
        deadline = FOREGROUND_BROADCAST_DEADLINE_S if foreground else BROADCAST_DEADLINE_S
        command: Event = {"do": "broadcast", "intent": intent.wire()}
        return await self._do(record, command, deadline, f"Broadcast of {intent.shown()}")

    async def inject(self, record: AppRecord, gesture: Event, kind: str) -> None:
        """Have the app handle touches or keys; `kind` is the class of their events. Raises `ProcessDied`."""
        window = f"{record.package.name}/{(record.top or '').partition('/')[2] or record.package.name}"
        why = f"Input dispatching timed out ({record.pid:x} {window} (server) is not responding. Waited {_WAITED} for {kind})"
        await self._do(record, {"do": "input", **gesture}, INPUT_DEADLINE_S, why)

    async def tell(self, record: AppRecord, command: Event) -> Event:
        """Have an app do something that Android sets no time for. Raises `ProcessDied`, `CommandRefused`."""
        return await self._do(record, command)

    async def home(self) -> None:
        """Bring the home screen to the front."""
        await self._to_front(None)

    async def show_foreground(self, *, shown: bool) -> None:
        """Have the foreground app go on, or stop while nobody can see it."""
        if (record := self.foreground()) is not None:
            await self._show(record, "front" if shown else "leave")

    async def _to_front(self, name: str | None) -> None:
        former = self.foreground()
        self._order.raise_to_front(name)
        if former is not None and former.package.name != name:
            await self._show(former, "leave")

    async def _show(self, record: AppRecord, what: str) -> None:
        """Tell an app that its task comes to the front or leaves it; one that is stuck isn't waited for."""
        try:
            async with asyncio.timeout(INPUT_DEADLINE_S):
                await self._do(record, {"do": what})
        except (TimeoutError, ProcessDied, CommandRefused) as error:
            log.info("%s of %s: %s", what, record.package.name, error)

    def _task_gone(self, name: str, *, kept: bool = False) -> None:
        """A task has ended, or with `kept` been put behind all others: what was behind it comes to the front."""
        if self._order.leave(name, kept=kept) and (now := self.foreground()) is not None:
            self.in_background(self._show(now, "front"), f"front of {now.package.name}")

    async def _do(self, record: AppRecord, command: Event, deadline_s: float | None = None, why: str = "") -> Event:
        """Send a command and wait for its end. An app that takes longer than `deadline_s` over a step isn't responding."""
        loop = asyncio.get_running_loop()
        async with aclosing(self._ask(record, command)) as events:
            begun = loop.time()
            while True:
                try:
                    async with asyncio.timeout(deadline_s):
                        event = await anext(events)
                except TimeoutError:
                    waited = round((loop.time() - begun) * 1000)
                    await self._not_responding(record, why.replace(_WAITED, f"{waited}ms"))
                    raise ProcessDied from None
                begun = loop.time()
                if event["event"] == "done":
                    return event

    async def _not_responding(self, record: AppRecord, reason: str) -> None:
        """Tell of an app that doesn't respond as Android does, and end it, as when its user chooses so in the dialog."""
        text = "(its process doesn't answer)\n"
        try:
            async with asyncio.timeout(_TRACES_DEADLINE_S):
                text = str((await self._do(record, {"do": "traces"}))["text"])
        except (TimeoutError, ProcessDied, CommandRefused) as error:
            log.info("no traces of %s: %s", record.package.name, error)
        name = record.package.name
        for line in describe_anr(name, record.pid, record.top, reason):
            self._system(Priority.E, line)
        write_traces(self._device.root / "data/anr", record.package, self._device.profile, record.pid, reason, text)
        self._device.event("am_anr", 0, record.pid, name, _FLAGS, reason)
        self._kill(record, "user request after error")
        await record.ended.wait()

    def _kill(self, record: AppRecord, why: str) -> None:
        name = record.package.name
        self._system(
            Priority.I, f"Killing {record.pid}:{name}/u0a{record.package.uid - 10000} (adj {self.score(record)}): {why}"
        )
        self._device.event("am_kill", 0, record.pid, name, self.score(record), why, 0)
        record.handle.kill()

    def kill(self, record: AppRecord, why: str) -> None:
        """End a process as Android's activity manager does when it decides so."""
        record.stopped = True
        self._kill(record, why)

    def score(self, record: AppRecord) -> int:
        """Its `oom_score_adj`: 0 in front, 700 for the app before, 900 for what only lies in memory (ProcessList)."""
        if record is self.foreground():
            return 0
        behind = [each for each in self.tasks() if each is not None and each is not self.foreground()]
        return 700 if behind and record is behind[0] else 900

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
            async with asyncio.timeout(_SCREENCAP_DEADLINE_S):
                await self._do(record, {"do": "screencap", "path": path})
        except TimeoutError:
            raise CommandRefused(f"no picture within {_SCREENCAP_DEADLINE_S:.0f} s") from None

    def tell_hardware(self) -> None:
        """Tell every app what the device's hardware says now."""
        facts = self._device.hardware.facts()
        for record in self.running():
            self.in_background(
                self._do(record, {"do": "hardware", "facts": facts}), f"hardware of {record.package.name}"
            )

    async def force_stop(self, name: str) -> None:
        """End a package's process, if it runs."""
        record = self._records.get(name)
        if record is not None:
            self._system(Priority.I, f"Force stopping {name} appid={record.package.uid} user=0: from pid {record.pid}")
            self._device.event("am_kill", 0, record.pid, name, 0, "stop " + name, 0)
            await self._end(record)

    async def stop_all(self) -> None:
        """End every process and every piece of work in the background."""
        self._reapers.close()
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
            record.handle = await self._launch_process(package, partial(self._receive, record))
            record.pid = self._device.inner_pid(record.handle.pid)
            self._records[package.name] = record
            self._tell_watchers()
            self._device.event(
                "am_proc_start", 0, record.pid, package.uid, package.name, "added application", package.name
            )
            self._system(Priority.I, f"Start proc {record.pid}:{package.name}/u0a{package.uid - 10000} for app")
            self._reapers.watch()
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
        name, score = record.package.name, self.score(record)
        state = "fg  TOP " if score == 0 else "prev LAST" if score < 900 else "cch  CRE "
        if self._records.get(name) is record:
            del self._records[name]
            self._tell_watchers()
            self._task_gone(name)
        number = -code if code < 0 else code - 128 if code > 128 else 0
        if number and number != signal.SIGKILL and not record.stopped:
            self._bury(record, number)
        if not record.stopped:
            self._system(Priority.I, f"Process {name} (pid {record.pid}) has died: {state}")
            self._device.event("am_proc_died", 0, record.pid, name, score, 2 if score == 0 else 15)
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

    def _receive(self, record: AppRecord, event: Event) -> None:
        """Hand an event of the process to whoever waits for it, and do what the others ask for."""
        kind, name = event.get("event"), record.package.name
        if kind == "crash":
            record.crash = event
            what = str(event.get("class")), str(event.get("message") or "")
            self._device.event("am_crash", 0, record.pid, name, _FLAGS, *what, "", 0, 0)
        elif kind == "resumed":
            record.top = str(event["component"])
            self._device.event("wm_on_resume_called", 0, whole_name(record.top).partition("/")[2], "RESUME_ACTIVITY", 0)
        elif kind in ("empty", "back"):
            self._task_gone(name, kept=kind == "back")
        elif kind == "ask":
            self.in_background(self._answer(record, event), f"a request of {name}")
        number = event.get("id")
        if isinstance(number, int) and number in record.answers:
            record.answers[number].put_nowait(event)

    async def _answer(self, record: AppRecord, event: Event) -> None:
        answer = await answer_request(self._device, record.package, event)
        if answer is not None:
            await record.handle.send({"do": "answer", "number": event["number"], **answer})

    def _system(self, priority: Priority, message: str, tag: str = "ActivityManager") -> None:
        self._device.system_log(priority, tag, message)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as Android prints them."""
    return {
        str(key): "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in values.items()
    }
