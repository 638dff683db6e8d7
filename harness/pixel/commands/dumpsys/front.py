"""What is in front, and the names by which dumps tell of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.app_record import AppRecord
    from harness.pixel.device import VirtualPixel


@dataclass(frozen=True, slots=True)
class ShownActivity:
    """The activity of a running app that was shown last; `task` is a number that no other app's has."""

    package: str
    name: str
    pid: int
    uid: int

    @property
    def short(self) -> str:
        """`package/.Class`, or the whole class name where it lies outside the package."""
        inside = self.name.startswith(f"{self.package}.")
        return f"{self.package}/{self.name.removeprefix(self.package) if inside else self.name}"

    @property
    def task(self) -> int:
        """Its task's number: an app has one process and one task here."""
        return self.pid

    @property
    def identity(self) -> str:
        """Seven hexadecimal digits that stand for Java's identity hash: the same as long as the activity is."""
        return identity(f"activity {self.pid} {self.name}")

    @property
    def record(self) -> str:
        """As Android 14's `ActivityRecord.toString`."""
        return f"ActivityRecord{{{self.identity} u0 {self.short} t{self.task}}}"

    @property
    def window(self) -> str:
        """As its `WindowState.toString`."""
        return f"Window{{{identity(f'window {self.pid} {self.name}')} u0 {self.package}/{self.name}}}"

    @property
    def process(self) -> str:
        """As its `ProcessRecord.toString`."""
        return process_record(self.package, self.pid, self.uid)


def identity(text: str) -> str:
    """Seven hexadecimal digits of a text."""
    return f"{zlib.crc32(text.encode()):08x}"[1:]


def process_record(package: str, pid: int, uid: int) -> str:
    """`ProcessRecord{hash pid:package/user}`."""
    return f"ProcessRecord{{{identity(f'process {pid}')} {pid}:{package}/u0a{uid - 10000}}}"


def shown_activities(device: VirtualPixel) -> list[ShownActivity]:
    """The running apps' activities, the one in front first."""
    front = device.activities.foreground()
    records = sorted(device.activities.running(), key=lambda record: record is not front)
    return [shown for record in records if (shown := _shown(record))]


def resumed_activity(device: VirtualPixel) -> ShownActivity | None:
    """The activity in front, or None while the home screen is."""
    front = device.activities.foreground()
    return _shown(front) if front else None


def _shown(record: AppRecord) -> ShownActivity | None:
    if record.top is None:
        return None
    package, name = record.package, record.top.partition("/")[2]
    return ShownActivity(package.name, package.name + name if name.startswith(".") else name, record.pid, package.uid)
