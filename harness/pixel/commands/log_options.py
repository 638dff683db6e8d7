"""The command line of `logcat`, with the words that Android 14's has for a wrong one."""

from __future__ import annotations

import getopt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from harness.pixel.logcat import Buffer, Entry
from harness.pixel.logformat import FormatRefused, LogFilter, LogFormat, parse_filter, parse_time

_DEFAULT_BUFFERS: Final = (Buffer.main, Buffer.system, Buffer.crash)
_BUFFER_SETS: Final = {"default": _DEFAULT_BUFFERS, "all": tuple(Buffer)}
_SHORT: Final = "b:v:t:T:m:e:G:f:r:n:P:cdsgDBLSph"
_LONG: Final = {
    "buffer=": "-b", "format=": "-v", "max-count=": "-m", "regex=": "-e", "pid=": "--pid", "uid=": "--uid",
    "file=": "-f", "rotate-kbytes=": "-r", "rotate-count=": "-n", "prune=": "-P", "id=": "--id", "clear": "-c",
    "dividers": "-D", "binary": "-B", "last": "-L", "statistics": "-S", "print": "--print", "wrap": "--wrap",
    "help": "-h", "debug": "--debug",
}  # fmt: skip
_SIZE: Final = re.compile(r"(\d+)([KMG]?)")
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZES: Final = range(64 << 10, (256 << 20) + 1)
HELP: Final = """\
Usage: logcat [OPTION]... [FILTERSPEC]...

General options:
  -b, --buffer=BUFFER       Request alternate ring buffer(s). Options are:
                            main system radio events crash kernel security stats default all
                            Additionally, 'kernel' for userdebug and eng builds, and 'security' for Device Owner installations.
                            Multiple -b parameters or comma separated list of buffers are allowed.
                            Default -b main,system,crash.
  -L, --last                Dump logs from prior to last reboot from pstore.
  -c, --clear               Clear (flush) the entire log and exit.
  -d                        Dump the log and then exit (don't block).
      --pid=PID             Only print logs from the given pid.
      --wrap                Sleep for 2 hours or when buffer about to wrap whichever comes first.

Formatting:
  -v, --format=FORMAT       Sets log print format. See below for FORMAT.
  -D, --dividers            Print dividers between each log buffer.
  -B, --binary              Output the log in binary.

Outfile options:
  -f, --file=FILE           Log to file instead of stdout.
  -r, --rotate-kbytes=N     Rotate log every N kbytes. Requires -f option.
  -n, --rotate-count=COUNT  Sets max number of rotated logs to <count>, default 4.

Logd control:
  -g, --buffer-size         Get the size of the ring buffers within logd.
  -G, --buffer-size=SIZE    Set size of a ring buffer in logd. May suffix with K or M.
  -S, --statistics          Output statistics.

Filtering:
  -s                        Set default filter to silent. Equivalent to filterspec '*:S'.
  -e, --regex=EXPR          Only print lines where the log message matches EXPR.
  -m, --max-count=COUNT     Quit after printing COUNT lines.
      --print               With --regex and --max-count, prints all messages until COUNT lines have matched.
      --uid=UIDS            Only display log messages from UIDs in comma-separated list.
  -t N, -t TIME             Dump the most recent N lines, or those since TIME, and exit.
  -T N, -T TIME             As -t, and don't exit.
                            TIME is 'MM-DD hh:mm:ss.mmm...', 'YYYY-MM-DD hh:mm:ss.mmm...' or 'sssss.mmm...'.

-v formats: brief help long process raw tag thread threadtime time
-v adverbs: color descriptive epoch monotonic printable uid usec UTC year zone

FILTERSPECs are a series of <tag>[:priority]: V D I W E F S, the last for silent.
ANDROID_LOG_TAGS has them for a command line without any.
"""


class UsageRefused(ValueError):
    """Not a command line of `logcat`; the message is what it prints."""


@dataclass(slots=True)
class LogOptions:
    """What is asked for; `since` in nanoseconds since 1970, sizes in bytes."""

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
    size: int | None = None
    file: str | None = None
    rotate_bytes: int | None = None
    rotate_count: int = 4
    warning: str = ""
    flags: frozenset[str] = frozenset()

    def reads(self, entry: Entry) -> bool:
        """Whether logd hands the entry on: the tail counts these."""
        return (self.pid is None or entry.pid == self.pid) and (self.since is None or entry.nanoseconds >= self.since)

    def passes(self, entry: Entry) -> bool:
        """Whether it may be printed, but for the expression."""
        return self.filter.passes(entry) and (self.uids is None or entry.uid in self.uids)

    def matches(self, entry: Entry) -> bool:
        """Whether the expression fits."""
        return self.regex is None or self.regex.search(entry.message) is not None


def parse_options(arguments: tuple[str, ...], environment: Callable[[], str]) -> LogOptions:
    """Read a command line; `environment` gives ANDROID_LOG_TAGS, for one without filters.

    Raises `UsageRefused` and `FormatRefused`.
    """
    try:
        found, specs = getopt.gnu_getopt([_long_size(word) for word in arguments], _SHORT, list(_LONG))
    except getopt.GetoptError as error:
        option = f"-{error.opt}" if len(error.opt) == 1 else f"--{error.opt}"
        missing = "requires argument" in error.msg
        raise UsageRefused(
            f"Option '{option}' needs an argument." if missing else f"Unknown option '{option}'."
        ) from None
    long = {f"--{name.rstrip('=')}": short for name, short in _LONG.items()}
    options, buffers = LogOptions(), list[Buffer]()
    for word, value in found:
        option = long.get(word, word)
        if option == "-b":
            buffers.extend(_buffers(value))
        elif option in _APPLIED:
            _APPLIED[option](options, value)
        elif option in ("-t", "-T"):
            _since(options, option, value)
    options.flags = frozenset(long.get(word, word) for word, _ in found)
    options.buffers = tuple(dict.fromkeys(buffers)) or _DEFAULT_BUFFERS
    options.filter = parse_filter(specs or environment().split(), silent="-s" in options.flags)
    options.follow = not options.flags & {"-d", "-t", "-L", "--wrap"}
    if options.rotate_bytes is not None and options.file is None:
        raise UsageRefused("-r requires -f as well.")
    return options


def _long_size(word: str) -> str:
    """`--buffer-size` alone asks, with a value it sets: two options of Android's under one name."""
    name, equals, value = word.partition("=")
    if name != "--buffer-size":
        return word
    return f"-G{value}" if equals else "-g"


def _buffers(names: str) -> list[Buffer]:
    found: list[Buffer] = []
    for name in names.split(","):
        if name in _BUFFER_SETS:
            found += _BUFFER_SETS[name]
        elif name in Buffer.__members__:
            found.append(Buffer[name])
        else:
            raise UsageRefused(f"Unknown buffer '{name}' listed for -b.")
    return found


def _since(options: LogOptions, option: str, value: str) -> None:
    if not value.isdecimal():
        try:
            options.since = parse_time(value)
        except FormatRefused:
            raise UsageRefused(f'{option} "{value}" not in time format.') from None
        return
    if int(value) == 0:
        options.warning = f"WARNING: {option} {value} invalid, setting to 1\n"
    options.tail = max(int(value), 1)


def _number(option: str, text: str, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        raise UsageRefused(f"Invalid parameter '{text}' to {option}.")
    return int(text)


def _format(options: LogOptions, value: str) -> None:
    options.format = options.format.changed(value)


def _regex(options: LogOptions, value: str) -> None:
    try:
        options.regex = re.compile(value)
    except re.error as error:
        raise UsageRefused(f"Invalid regex '{value}': {error}.") from None


def _count(options: LogOptions, value: str) -> None:
    options.count = _number("-m", value)


def _pid(options: LogOptions, value: str) -> None:
    options.pid = _number("--pid", value, least=0)


def _uids(options: LogOptions, value: str) -> None:
    options.uids = frozenset(_number("--uid", word, least=0) for word in value.split(","))


def _size(options: LogOptions, value: str) -> None:
    match = _SIZE.fullmatch(value.upper())
    if match is None:
        raise UsageRefused("-G must be specified as <num><multiplier>.")
    options.size = int(match[1]) * _UNITS[match[2]]
    if options.size not in _SIZES:
        raise UsageRefused("failed to set the log size: it may be from 64K to 256M.")


def _file(options: LogOptions, value: str) -> None:
    options.file = value


def _rotate(options: LogOptions, value: str) -> None:
    options.rotate_bytes = _number("-r", value) << 10


def _kept(options: LogOptions, value: str) -> None:
    options.rotate_count = _number("-n", value)


_APPLIED: Final[dict[str, Callable[[LogOptions, str], None]]] = {
    "-v": _format, "-e": _regex, "-m": _count, "--pid": _pid, "--uid": _uids, "-G": _size, "-f": _file,
    "-r": _rotate, "-n": _kept,
}  # fmt: skip
