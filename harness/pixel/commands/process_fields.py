"""The columns of `ps` and `top`: names, widths and texts as toybox 0.8.9, Android 14's, has them."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from harness.pixel.process_table import PAGE, TICKS, DeviceProcess

_ITEM: Final = re.compile(r"([^:=]+)(?::(\d+))?(?:=(.*))?")
_ALIASES: Final = {"VSIZE": "VSZ"}
_SHELL_LABEL: Final = "u:r:shell:s0"
_APP_LABEL: Final = "u:r:untrusted_app:s0"


class FieldRefused(ValueError):
    """No column of that name; the message is the text that was asked for."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: `width` is negative where it is aligned to the left."""

    name: str
    title: str
    width: int
    text: Callable[[DeviceProcess], str]
    order: Callable[[DeviceProcess], float | str]


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _elapsed(process: DeviceProcess) -> str:
    whole = int(process.age)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{days}-{hours:02d}:{minutes}" if days else f"{hours:02d}:{minutes}" if hours else minutes


def _started(process: DeviceProcess) -> str:
    return time.strftime("%H:%M:%S" if process.age < 86400 else "%Y-%m-%d", time.gmtime(time.time() - process.age))


def _precise(process: DeviceProcess) -> str:
    hundredths = process.ticks * 100 // TICKS
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _share(process: DeviceProcess) -> float:
    return 100 * process.ticks / TICKS / max(process.age, 0.01)


def short_size(size: int) -> str:
    """Bytes in four characters at most: `996K`, `4.3M`, `24G`."""
    value, unit = float(size), 0
    while value >= 1000 and unit < 4:
        value, unit = value / 1024, unit + 1
    letter = ("", "K", "M", "G", "T")[unit]
    return f"{value:.1f}{letter}" if letter and value < 9.95 else f"{value:.0f}{letter}"


def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * PAGE


def _statm(process: DeviceProcess, index: int) -> int:
    try:
        return int((process.folder / "statm").read_text(encoding="ascii").split()[index]) * PAGE
    except OSError:
        return 0


def _waits_in(process: DeviceProcess) -> str:
    try:
        where = (process.folder / "wchan").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "0"
    return where or "0"


def _terminal(process: DeviceProcess) -> str:
    if not process.terminal:
        return "?"
    major, minor = os.major(process.terminal), os.minor(process.terminal)
    return f"pts/{minor + 256 * (major - 136)}" if 136 <= major <= 143 else f"{major}:{minor}"


def _flags(process: DeviceProcess) -> str:
    signs = "<" if process.nice < 0 else "N" if process.nice > 0 else ""
    signs += "s" if process.session == process.pid else ""
    signs += "l" if process.threads > 1 else ""
    return process.state + signs + ("+" if process.foreground and process.foreground == process.group else "")


def _program(process: DeviceProcess) -> str:
    try:
        path = process.folder / "exe"
        return str(path.readlink()) if stat.S_ISREG(path.stat().st_mode) else ""
    except OSError:
        return process.argv[0] if process.argv else ""


def _label(process: DeviceProcess) -> str:
    return "u:r:init:s0" if process.pid == 1 else _APP_LABEL if process.package else _SHELL_LABEL


def _thread(process: DeviceProcess) -> str:
    """A thread's name; an app's first has the end of its package's, as zygote gives it."""
    return process.package[-15:] if process.package and process.tid == process.pid else process.thread


def _arguments(process: DeviceProcess) -> str:
    first, space, rest = process.command.partition(" ")
    return first.rpartition("/")[2] + space + rest


def _text(name: str, width: int, text: Callable[[DeviceProcess], str]) -> Field:
    return Field(name, name, width, text, text)


def _number(name: str, width: int, value: Callable[[DeviceProcess], int]) -> Field:
    return Field(name, name, width, lambda process: str(value(process)), value)


def _ratio(name: str, width: int, value: Callable[[DeviceProcess], float]) -> Field:
    return Field(name, name, width, lambda process: f"{value(process):.1f}", value)


def _size(name: str, value: Callable[[DeviceProcess], int]) -> Field:
    return Field(name, name, 4, lambda process: short_size(value(process)), value)


_LISTED: Final = (
    _number("PID", 5, lambda process: process.pid), _number("TID", 5, lambda process: process.tid),
    _number("PPID", 5, lambda process: process.parent), _number("PGID", 5, lambda process: process.group),
    _number("PRI", 3, lambda process: 19 - process.nice if process.priority >= 0 else -process.priority),
    _number("NI", 3, lambda process: process.nice),
    _number("PR", 2, lambda process: process.priority), _number("RTPRIO", 6, lambda process: max(-process.priority, 0)),
    _number("SCH", 3, lambda process: process.policy), _number("CPU", 3, lambda process: process.cpu),
    _number("TCNT", 4, lambda process: process.threads),
    _number("MAJFL", 6, lambda process: process.major_faults), _number("MINFL", 6, lambda process: process.faults),
    _number("UID", 5, lambda process: process.uid), _number("GID", 8, lambda process: process.uid),
    _number("RUID", 4, lambda process: process.uid),
    _text("USER", -12, lambda process: process.user), _text("RUSER", -8, lambda process: process.user),
    _text("GROUP", -8, lambda process: process.user), _text("RGROUP", -8, lambda process: process.user),
    _number("VSZ", 7, lambda process: process.virtual // 1024),
    _number("RSS", 6, lambda process: process.resident // 1024),
    _number("SZ", 5, lambda process: process.virtual // PAGE),
    _size("VIRT", lambda process: process.virtual), _size("RES", lambda process: process.resident),
    _size("SHR", lambda process: _statm(process, 2)),
    _ratio("%CPU", 4, _share), _ratio("%MEM", 5, lambda process: 100 * process.resident / _memory()),
    _ratio("%VSZ", 5, lambda process: 100 * process.virtual / _memory()),
    _number("C", 1, lambda process: int(_share(process))),
    _number("F", 1, lambda process: 4 if process.uid == 0 else 0),
    _text("ADDR", 12, lambda _: "0"), _text("WCHAN", -6, _waits_in), _text("TTY", -8, _terminal),
    _text("S", -1, lambda process: process.state), _text("STAT", -5, _flags),
    _text("STIME", 5, _started), _text("BIT", 3, lambda _: "64"), _text("PCY", -3, lambda _: "un"),
    Field("TIME", "TIME", 8, lambda process: _clock(process.ticks / TICKS), lambda process: process.ticks),
    Field("TIME+", "TIME+", 9, _precise, lambda process: process.ticks),
    Field("ELAPSED", "ELAPSED", 11, _elapsed, lambda process: process.age),
    _text("LABEL", -30, _label), _text("NAME", -27, lambda process: process.name),
    _text("CMD", -15, _thread), _text("ARGS", -27, _arguments),
    _text("CMDLINE", -27, lambda process: process.command), _text("COMMAND", -27, _program),
    _text("COMM", -27, lambda process: _program(process).rpartition("/")[2]),
)  # fmt: skip
FIELDS: Final = {field.name: field for field in _LISTED}


def parse_fields(text: str) -> list[Field]:
    """Columns of `NAME[:WIDTH][=TITLE],…`; a title goes to the end of the text. Raises `FieldRefused`."""
    found, rest = [], text
    while rest:
        item, _, rest = rest.partition(",")
        match = _ITEM.fullmatch(item.strip())
        known = FIELDS.get(_ALIASES.get(name := match[1].upper(), name)) if match else None
        if match is None or known is None:
            raise FieldRefused(text)
        if match[3] is not None:
            known = replace(known, title=f"{match[3]},{rest}" if rest else match[3])
            rest = ""
        if match[2]:
            known = replace(known, width=int(match[2]) * (-1 if known.width < 0 else 1))
        found.append(known)
    return found


def table(fields: Sequence[Field], processes: Sequence[DeviceProcess], *, title: str = "{}") -> str:
    """Rows under a line of titles, if any field has one; a cell that is too long takes from the room of the next."""
    heads = [(field, field.title) for field in fields]
    lines = [title.format(_row(heads, pad_last=True))] if any(field.title for field in fields) else []
    lines += [_row([(field, field.text(process)) for field in fields]) for process in processes]
    return "".join(f"{line}\n" for line in lines)


def _row(cells: Sequence[tuple[Field, str]], *, pad_last: bool = False) -> str:
    line, end = "", 0
    for number, (field, text) in enumerate(cells):
        if number:
            line, end = f"{line} ", end + 1
        end += abs(field.width)
        room = max(end - len(line), 0)
        last = number == len(cells) - 1
        if field.width > 0:
            line += text.rjust(room)
        else:
            line += text if last and not pad_last else text.ljust(room)
    return line
