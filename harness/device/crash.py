"""What a process left when it died: the Java stack or the native signal, out of the log."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.device.logcat import LogLine

_JAVA = re.compile(r"FATAL EXCEPTION")
_NATIVE = re.compile(r"(Fatal signal|signal) (\d+) \((SIG[A-Z]+)\)")
_PROCESS = re.compile(r"Process: (?P<name>[\w.:]+), PID: (?P<pid>\d+)")
_KILLERS = ("lowmemorykiller", "lmkd")
_MOST_LINES = 40


def last_crash(lines: Sequence[LogLine], package: str) -> str:
    """The last crash of `package` in these lines, as text of at most 40 lines; empty when there is none."""
    java = _last_java(lines, package)
    if java:
        return java
    for number in range(len(lines) - 1, -1, -1):
        if _NATIVE.search(lines[number].message):
            tail = [line.message for line in lines[number : number + _MOST_LINES] if line.pid == lines[number].pid]
            return "\n".join(tail)
    return ""


def killed(lines: Sequence[LogLine], package: str) -> str:
    """What the low-memory killer said of `package` last (`Kill 'dev.app' (1234), uid …`); empty when it said nothing."""
    words = (line.message for line in reversed(lines) if line.tag in _KILLERS)
    return next((message for message in words if message.startswith(f"Kill '{package}'")), "")


def _last_java(lines: Sequence[LogLine], package: str) -> str:
    for number in range(len(lines) - 1, -1, -1):
        first = lines[number]
        if first.tag != "AndroidRuntime" or not _JAVA.search(first.message):
            continue
        stack = [line.message for line in lines[number:] if line.tag == "AndroidRuntime" and line.pid == first.pid]
        named = next((found for text in stack if (found := _PROCESS.search(text))), None)
        if named is None or named["name"].split(":")[0] == package:
            return "\n".join(stack[:_MOST_LINES])
    return ""
