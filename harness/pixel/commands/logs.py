"""`logcat` and `log`."""

from __future__ import annotations

import asyncio
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
_WITH_VALUE: Final = {
    "-b": "buffer", "--buffer": "buffer", "-v": "format", "--format": "format", "-t": "tail-and-exit", "-T": "tail",
    "-m": "count", "--max-count": "count", "-e": "regex", "--regex": "regex", "--pid": "pid", "--uid": "uid",
    "-G": "resize", "--buffer-size=": "resize",
}  # fmt: skip
_FLAGS: Final = {
    "-c": "clear", "--clear": "clear", "-d": "dump", "-s": "silent", "-g": "sizes", "--buffer-size": "sizes",
    "-D": "dividers", "--dividers": "dividers", "-B": "binary", "--binary": "binary", "-L": "last", "--last": "last",
    "-S": "statistics", "--statistics": "statistics", "--print": "print", "-p": "prune", "--prune": "prune",
}  # fmt: skip


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
    options, flags, specs, buffers = _Options(), set[str](), list[str](), list[Buffer]()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        key, equals, value = word.partition("=")
        if word in _FLAGS:
            flags.add(_FLAGS[word])
        elif key in _WITH_VALUE or (word[:2] in _WITH_VALUE and not word.startswith("--")):
            if key in _WITH_VALUE:
                name = _WITH_VALUE[key]
                if not equals:
                    if not rest:
                        raise _UsageError(f"option requires an argument -- '{key.lstrip('-')}'")
                    value = rest.pop(0)
            else:
                name, value = _WITH_VALUE[word[:2]], word[2:]
            _apply(options, name, value, buffers)
        elif word.startswith("-"):
            raise _UsageError(f"unrecognized option '{word}'")
        else:
            specs.append(word)
    options.flags = frozenset(flags)
    options.filter = parse_filter(specs, silent="silent" in flags)
    options.buffers = tuple(dict.fromkeys(buffers)) or _DEFAULT_BUFFERS
    options.follow = options.follow and "dump" not in flags
    return options


def _apply(options: _Options, name: str, value: str, buffers: list[Buffer]) -> None:
    if name == "buffer":
        for word in value.split(","):
            if word in _BUFFER_SETS:
                buffers.extend(_BUFFER_SETS[word])
            elif word in Buffer.__members__:
                buffers.append(Buffer[word])
            elif word not in ("radio", "kernel", "security", "stats"):
                raise _UsageError(f"Unknown buffer '{word}'")
    elif name == "format":
        options.format = options.format.changed(value)
    elif name in ("tail", "tail-and-exit"):
        options.follow = options.follow and name == "tail"
        if value.isdigit():
            options.tail = int(value)
        else:
            options.since = parse_time(value)
    elif name == "regex":
        try:
            options.regex = re.compile(value)
        except re.error as error:
            raise _UsageError(f"bad expression: {error}") from None
    elif name == "uid":
        options.uids = frozenset(int(word) for word in value.split(",") if word.isdigit())
    elif name in ("count", "pid"):
        if not value.isdigit():
            raise _UsageError(f"{value} isn't a number")
        setattr(options, name, int(value))


async def logcat(device: VirtualPixel, call: Call) -> int:
    """Android's `logcat`: prints what the rings hold and, without `-d` or `-t`, what comes, until the reader goes."""
    try:
        options = _parse(call.arguments)
    except _UsageError as error:
        await call.complain(f"logcat: {error}\n")
        return 1
    except FormatRefused as error:
        await call.complain(f"logcat: Invalid parameter '{error}'\n")
        return 1
    if "binary" in options.flags:
        await call.complain("logcat: binary output isn't there yet on the virtual Pixel\n")
        return 1
    if "clear" in options.flags:
        device.logs.clear(options.buffers)
        return 0
    if "sizes" in options.flags:
        size = device.logs.ring_bytes // 1024
        for buffer in options.buffers:
            used = device.logs.used(buffer) // 1024
            await call.say(f"{buffer.name}: ring buffer is {size} KiB ({used} KiB consumed), max entry is 5120 B\n")
        return 0
    if options.flags & {"last", "statistics", "prune"}:
        return 0
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
            elif "dividers" in self._options.flags and entry.buffer is not self._last:
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
