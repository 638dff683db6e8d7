"""`logcat` and `log`."""

from __future__ import annotations

import asyncio
import getopt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.logcat import Buffer, Entry, Priority
from harness.pixel.logformat import FormatRefused, LogFilter, LogFormat, parse_filter, parse_time

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_DEFAULT_BUFFERS: Final = (Buffer.main, Buffer.system, Buffer.crash)
_BUFFER_SETS: Final = {"default": _DEFAULT_BUFFERS, "all": tuple(Buffer)}
_SHORT: Final = "b:v:t:T:m:e:G:cdsgDBLSp"
_LONG: Final = {
    "buffer=": "-b", "format=": "-v", "max-count=": "-m", "regex=": "-e", "pid=": "--pid", "uid=": "--uid",
    "clear": "-c", "buffer-size": "-g", "dividers": "-D", "binary": "-B", "last": "-L", "statistics": "-S",
    "prune": "-p", "print": "--print",
}  # fmt: skip
_UNKNOWN_HERE: Final = frozenset({"radio", "kernel", "security", "stats"})
"""Buffers of Android's that nothing writes into here: empty."""


class _UsageError(ValueError):
    """Not a command line of `logcat`; the message is what it prints."""


@dataclass(slots=True)
class _Options:
    buffers: tuple[Buffer, ...] = _DEFAULT_BUFFERS
    format: LogFormat = field(default_factory=LogFormat)
    filter: LogFilter = field(default_factory=LogFilter)
    follow: bool = True
    tail: int | None = None
    since: int | None = None
    count: int | None = None
    regex: re.Pattern[str] | None = None
    pid: int | None = None
    uids: frozenset[int] | None = None
    flags: frozenset[str] = frozenset()

    def passes(self, entry: Entry) -> bool:
        return (
            self.filter.passes(entry)
            and (self.pid is None or entry.pid == self.pid)
            and (self.uids is None or entry.uid in self.uids)
            and (self.since is None or entry.nanoseconds >= self.since)
            and (self.regex is None or self.regex.search(entry.message) is not None)
        )


def _parse(arguments: tuple[str, ...]) -> _Options:
    try:
        found, specs = getopt.gnu_getopt(list(arguments), _SHORT, list(_LONG))
    except getopt.GetoptError as error:
        raise _UsageError(str(error)) from None
    long = {f"--{name.rstrip('=')}": short for name, short in _LONG.items()}
    options, buffers = _Options(), list[Buffer]()
    for word, value in found:
        option = long.get(word, word)
        if option == "-b":
            buffers.extend(_buffers(value))
        elif value or option in ("-t", "-T"):
            _apply(options, option, value)
    options.flags = frozenset(long.get(word, word) for word, _ in found)
    options.filter = parse_filter(specs, silent="-s" in options.flags)
    options.buffers = tuple(dict.fromkeys(buffers)) or (() if "-b" in options.flags else _DEFAULT_BUFFERS)
    options.follow = not options.flags & {"-d", "-t"}
    return options


def _buffers(names: str) -> list[Buffer]:
    found: list[Buffer] = []
    for name in names.split(","):
        if name in _BUFFER_SETS:
            found += _BUFFER_SETS[name]
        elif name in Buffer.__members__:
            found.append(Buffer[name])
        elif name not in _UNKNOWN_HERE:
            raise _UsageError(f"Unknown buffer '{name}'")
    return found


def _apply(options: _Options, option: str, value: str) -> None:
    if option == "-v":
        options.format = options.format.changed(value)
    elif option in ("-t", "-T"):
        if value.isdigit():
            options.tail = int(value)
        else:
            options.since = parse_time(value)
    elif option == "-e":
        try:
            options.regex = re.compile(value)
        except re.error as error:
            raise _UsageError(f"bad expression: {error}") from None
    elif option == "--uid":
        options.uids = frozenset(int(word) for word in value.split(",") if word.isdigit())
    elif option in ("-m", "--pid"):
        if not value.isdigit():
            raise _UsageError(f"{value} isn't a number")
        setattr(options, "count" if option == "-m" else "pid", int(value))


async def logcat(device: VirtualPixel, call: Call) -> int:
    """Android's `logcat`: prints what the rings hold and, without `-d` or `-t`, what comes, until the reader goes."""
    try:
        options = _parse(call.arguments)
    except (_UsageError, FormatRefused) as error:
        await call.complain(f"logcat: {error}\n")
        return 1
    if "-B" in options.flags:
        await call.complain("logcat: binary output isn't there yet on the virtual Pixel\n")
        return 1
    if "-c" in options.flags:
        device.logs.clear(options.buffers)
    elif "-g" in options.flags:
        await _print_sizes(device, call, options)
    elif not options.flags & {"-L", "-S", "-p", "-G"}:
        return await _print_while_read(device, call, options)
    return 0


async def _print_sizes(device: VirtualPixel, call: Call, options: _Options) -> None:
    size = device.logs.ring_bytes // 1024
    for buffer in options.buffers:
        used = device.logs.used(buffer) // 1024
        await call.say(f"{buffer.name}: ring buffer is {size} KiB ({used} KiB consumed), max entry is 5120 B\n")


async def _print_while_read(device: VirtualPixel, call: Call, options: _Options) -> int:
    printing = asyncio.create_task(_print(device, call, options))
    leaving = asyncio.create_task(call.stdout.reader_gone())
    try:
        await asyncio.wait((printing, leaving), return_when=asyncio.FIRST_COMPLETED)
        return printing.result() if printing.done() else 0
    finally:
        for task in (printing, leaving):
            task.cancel()
        await asyncio.gather(printing, leaving, return_exceptions=True)


async def _print(device: VirtualPixel, call: Call, options: _Options) -> int:
    printer = _Printer(call, options)
    seen = device.logs.entries(options.buffers)
    last = seen[-1].number if seen else 0
    chosen = [entry for entry in seen if options.passes(entry)]
    done = await printer.print(chosen if options.tail is None else chosen[max(len(chosen) - options.tail, 0) :])
    if not options.follow or done:
        return 0
    async for batch in device.logs.follow(options.buffers, after=last):
        if await printer.print([entry for entry in batch if options.passes(entry)]):
            break
    return 0


class _Printer:
    """Prints entries in batches, each buffer's first one after a line that names it."""

    def __init__(self, call: Call, options: _Options) -> None:
        self._call, self._options = call, options
        self._begun: set[Buffer] = set()
        self._last: Buffer | None = None
        self._left = options.count

    async def print(self, entries: list[Entry]) -> bool:
        """Print them; true when as many as `-m` allows have been printed."""
        if self._left is not None:
            entries = entries[: self._left]
            self._left -= len(entries)
        parts = []
        for entry in entries:
            if entry.buffer not in self._begun:
                parts.append(f"--------- beginning of {entry.buffer.name}\n")
            elif "-D" in self._options.flags and entry.buffer is not self._last:
                parts.append(f"--------- switch to {entry.buffer.name}\n")
            self._begun.add(entry.buffer)
            self._last = entry.buffer
            parts.append(self._options.format.lines(entry))
        if parts:
            await self._call.say("".join(parts))
        return self._left == 0


async def write_line(device: VirtualPixel, call: Call) -> int:
    """`log [-p PRIORITY] [-t TAG] MESSAGE…`."""
    priority, tag, rest = Priority.I, "log", list(call.arguments)
    while rest and rest[0] in ("-p", "-t") and len(rest) > 1:
        option, value = rest.pop(0), rest.pop(0)
        if option == "-t":
            tag = value
        elif value.upper() in Priority.__members__:
            priority = Priority[value.upper()]
        else:
            await call.complain(f"log: bad -p '{value}'\n")
            return 1
    device.logs.write(Buffer.main, priority, tag, " ".join(rest), pid=call.pid, uid=2000)
    return 0
