"""Lines of the device's log, with their process and time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.device.base import Device
from harness.device.shell import check

_LINE = re.compile(
    r"^\s*(?P<time>\d+\.\d+)\s+(?P<pid>\d+)\s+(?P<tid>\d+)\s+(?P<priority>[VDIWEFS])\s(?P<tag>.*?)\s*: (?P<message>.*)$"
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: time in seconds since 1970 by the device's clock, process, thread, priority letter, tag, message."""

    time: float
    pid: int
    tid: int
    priority: str
    tag: str
    message: str


def now(device: Device) -> str:
    """The device's clock, as `dump` takes it: seconds since 1970 with a fraction."""
    return check(device, ["date", "+%s"]).text.strip() + ".000"


def dump(device: Device, *, since: str, buffers: Sequence[str] = ("main", "system", "crash")) -> str:
    """The log from `since` (see `now`) to this moment, as `logcat -v epoch` prints it."""
    argv = ["logcat", "-d", "-v", "epoch", "-T", since]
    for buffer in buffers:
        argv += ["-b", buffer]
    return check(device, argv, seconds=60).text


def parse(text: str) -> tuple[LogLine, ...]:
    """The lines that `-v epoch` formats; separators and what isn't a log line are left out."""
    lines = []
    for line in text.splitlines():
        if found := _LINE.match(line):
            lines.append(
                LogLine(
                    float(found["time"]),
                    int(found["pid"]),
                    int(found["tid"]),
                    found["priority"],
                    found["tag"],
                    found["message"],
                )
            )
    return tuple(lines)
