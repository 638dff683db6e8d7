"""How `logcat` prints entries, and which: formats, time stamps, filters.

Source of the layouts: AOSP system/logging, `liblog/logprint.cpp`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from harness.pixel.event_log import describe_event
from harness.pixel.logcat import Entry, Priority

FORMATS: Final = ("brief", "process", "tag", "thread", "raw", "time", "threadtime", "long")
MODIFIERS: Final = (
    "color", "colour", "descriptive", "epoch", "monotonic", "nsec", "printable", "uid", "usec", "UTC", "year", "zone",
)  # fmt: skip
_ZONED: Final = frozenset(("zone", "UTC"))
_USERS: Final = {0: "root", 2000: "shell"}
"""Users whose names have five letters at most: the others are shown by number."""
_ESCAPES: Final = {number: f"\\{number:03o}" for number in (*range(32), 127)} | {
    ord(letter): text
    for letter, text in zip(
        "\a\b\t\n\v\f\r\x1b\\", ("\\a", "\\b", "\t", "\n", "\\v", "\\f", "\\r", "\\e", "\\\\"), strict=True
    )
}
_COLORS: Final = {"V": 231, "D": 75, "I": 40, "W": 166, "E": 196, "F": 196}


class FormatRefused(ValueError):
    """No such format, filter or time stamp."""


@dataclass(frozen=True, slots=True)
class LogFormat:
    """One of `FORMATS` with any of `MODIFIERS`. The device's zone is UTC."""

    name: str = "threadtime"
    modifiers: frozenset[str] = frozenset()

    def changed(self, text: str) -> LogFormat:
        """This format after one more `-v text`; several words may stand in one, with commas or spaces between."""
        name, modifiers = self.name, set(self.modifiers)
        for word in text.replace(",", " ").split():
            if word in FORMATS:
                name = word
            elif word in MODIFIERS:
                modifiers.add(word)
            else:
                raise FormatRefused(f"Invalid parameter '{text}' to -v.")
        return LogFormat(name, frozenset(modifiers))

    def lines(self, entry: Entry) -> str:
        """The entry as text, each of its lines with the prefix, line ends with them."""
        prefix, suffix = self._frame(entry)
        start, end, message = "", "", self._message(entry)
        if self.modifiers & {"color", "colour"}:
            start, end = f"\x1b[38;5;{_COLORS.get(entry.priority.name, 231)}m", "\x1b[0m"
        if self.name == "long":
            return f"{start}{prefix}\n{message}{end}\n\n"
        lines = message.rstrip("\n").split("\n")
        return "".join(f"{start}{prefix}{line}{suffix}{end}\n" for line in lines)

    def _message(self, entry: Entry) -> str:
        if "descriptive" in self.modifiers and entry.event:
            return describe_event(entry.event, named=True)[1]
        if "printable" in self.modifiers:
            return entry.message.translate(_ESCAPES)
        return entry.message

    def _frame(self, entry: Entry) -> tuple[str, str]:
        letter, tag, pid, tid = entry.priority.name, entry.tag, entry.pid, entry.tid
        user = f"{_USERS.get(entry.uid, str(entry.uid)):>5}:" if "uid" in self.modifiers else ""
        when = self._time(entry)
        frames = {
            "brief": (f"{letter}/{tag:<8}({user}{pid:5d}): ", ""),
            "process": (f"{letter}({user}{pid:5d}) ", f"  ({tag})"),
            "tag": (f"{letter}/{tag:<8}: ", ""),
            "thread": (f"{letter}({user}{pid:5d}:{tid:5d}) ", ""),
            "raw": ("", ""),
            "time": (f"{when} {letter}/{tag:<8}({user}{pid:5d}): ", ""),
            "threadtime": (f"{when} {user}{pid:5d} {tid:5d} {letter} {tag:<8}: ", ""),
            "long": (f"[ {when} {user}{pid:5d}:{tid:5d} {letter}/{tag:<8} ]", ""),
        }
        return frames[self.name]

    def _time(self, entry: Entry) -> str:
        boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC) if "monotonic" in self.modifiers else 0
        seconds, rest = divmod(max(entry.nanoseconds - boot, 0), 1_000_000_000)
        digits = 9 if "nsec" in self.modifiers else 6 if "usec" in self.modifiers else 3
        fraction = f"{rest:09d}"[:digits]
        if "monotonic" in self.modifiers:
            return f"{seconds:6d}.{fraction}"
        if "epoch" in self.modifiers:
            return f"{seconds:19d}.{fraction}"
        moment = datetime.fromtimestamp(seconds, UTC)
        day = "%Y-%m-%d" if "year" in self.modifiers else "%m-%d"
        zone = " +0000" if self.modifiers & _ZONED else ""
        return f"{moment.strftime(f'{day} %H:%M:%S')}.{fraction}{zone}"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Least priority that passes, by tag; `default` for tags that aren't named."""

    tags: dict[str, Priority] = field(default_factory=dict)
    default: Priority = Priority.V

    def passes(self, entry: Entry) -> bool:
        """Whether `logcat` prints the entry."""
        least = self.tags.get(entry.tag, self.default)
        return least is not Priority.S and entry.priority >= least


def parse_filter(specs: Sequence[str], *, silent: bool) -> LogFilter:
    """Read `tag:priority` words; `silent` (`-s`) hides tags that none of them names."""
    tags: dict[str, Priority] = {}
    default = Priority.S if silent else Priority.V
    for spec in (word for text in specs for word in text.replace(",", " ").split()):
        tag, colon, letter = spec.partition(":")
        if not tag:
            raise FormatRefused(f"Invalid filter expression '{spec}'.")
        if tag == "*":
            default = _priority(letter, spec) if colon else Priority.D
        else:
            tags[tag] = _priority(letter, spec) if colon else Priority.V
    return LogFilter(tags, default)


def _priority(letter: str, spec: str) -> Priority:
    if letter == "*":
        return Priority.V
    try:
        return Priority[letter[:1].upper()]
    except KeyError:
        raise FormatRefused(f"Invalid filter expression '{spec}'.") from None


def parse_time(text: str) -> int:
    """Nanoseconds since 1970 of `MM-DD hh:mm:ss.mmm`, `YYYY-MM-DD hh:mm:ss.mmm` or seconds with a fraction."""
    whole, dot, fraction = text.strip().partition(".")
    if dot and not fraction.isdigit():
        raise FormatRefused(f"'{text}' isn't a time")
    nanoseconds = int(fraction[:9].ljust(9, "0")) if fraction else 0
    if whole.isdigit():
        return int(whole) * 1_000_000_000 + nanoseconds
    this_year = datetime.now(UTC).year
    for candidate in (whole, f"{this_year}-{whole}"):
        try:
            moment = datetime.strptime(candidate, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        return int(moment.timestamp()) * 1_000_000_000 + nanoseconds
    raise FormatRefused(f"'{text}' isn't a time")
