"""An installed app and its process, driven without a daemon: what tests of the process share."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.pixel.app_process import AppProcess
from harness.pixel.intents import Intent
from harness.pixel.logcat import Buffer, Priority, parse_datagram
from harness.pixel.profile import PIXEL_3_XL
from harness.pixel.runtime_build import Runtime

NAME = "dev.tfliteharness"
DEADLINE_S = 30

Event = dict[str, Any]


@dataclass(frozen=True)
class Installed:
    """An installed package, as much of one as a process needs."""

    name: str
    apk: Path
    device_apk: str
    native_dir: str
    uid: int = 10123
    split_apks: tuple[Path, ...] = ()
    device_splits: tuple[str, ...] = ()


@dataclass
class Log:
    """What a device's logd takes, parsed, in the order of its arrival."""

    path: Path
    lines: list[tuple[Buffer, Priority, str, str]] = field(default_factory=list)

    def __enter__(self) -> Log:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self._reader.join()
        self._socket.close()
        self.path.unlink()

    def _read(self) -> None:
        while data := self._socket.recv(8192):
            buffer, priority, _, _, tag, message = parse_datagram(data)
            self.lines.append((buffer, priority, tag, message))

    def of(self, tag: str) -> list[str]:
        return [message for _, _, seen, message in self.lines if seen == tag]


@dataclass(frozen=True)
class Ran:
    """How a process ended, and what it told until then."""

    status: int
    events: list[Event]
    log: Log

    def event(self, kind: str) -> Event:
        found = [event for event in self.events if event["event"] == kind]
        assert found, f"no {kind}, status {self.status}: {self.events[-2:]}"
        return found[0]


def install(root: Path, apk: Path) -> Installed:
    folder = root / "data/app" / NAME
    (root / "data/data" / NAME).mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    shutil.copy(apk, folder / "base.apk")
    with zipfile.ZipFile(apk) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith("lib/x86_64/"):
                archive.extract(entry, folder)
    place = f"/data/app/{NAME}"
    return Installed(NAME, folder / "base.apk", f"{place}/base.apk", f"{place}/lib/x86_64")


def start(activity: str, *extras: list[Any]) -> Event:
    """The command that starts an activity of the package; each extra is its name, kind and value."""
    intent = Intent(component=f"{NAME}/.{activity}", extras=tuple((name, kind, value) for name, kind, value in extras))
    return {"do": "start", "intent": intent.wire()}


async def perform(root: Path, package: Installed, runtime: Runtime, log: Log, commands: tuple[Event, ...]) -> Ran:
    events: list[Event] = []
    answered = asyncio.Queue[Event]()

    def take(event: Event) -> None:
        events.append(event)
        if event["event"] in ("finish", "displayed", "done", "error", "crash"):
            answered.put_nowait(event)

    async with asyncio.timeout(DEADLINE_S):
        process = await AppProcess.launch(package, root, PIXEL_3_XL, runtime, take)
        end = asyncio.ensure_future(process.wait())
        try:
            for number, command in enumerate(commands, 1):
                await process.send(command | {"id": number})
                answer = asyncio.ensure_future(answered.get())
                await asyncio.wait({answer, end}, return_when=asyncio.FIRST_COMPLETED)
                if end.done() or answer.result()["event"] == "crash":
                    break
                if "pause" in command:
                    await asyncio.sleep(command["pause"])
            else:
                await process.send({"do": "stop", "id": 99})
            status = await end
        finally:
            process.kill()
        return Ran(status, events, log)
