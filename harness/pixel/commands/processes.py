"""`ps`, `pidof` and `pgrep`: the device's processes, app processes under their package's name as on Android.

Options, columns and words are those of toybox 0.8.9, which Android 14 has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.process_fields import Field, FieldRefused, parse_fields, table
from harness.pixel.commands.toybox_options import OptionRefused, read_options
from harness.pixel.control import Call
from harness.pixel.process_table import DeviceProcess, running, user_id

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_OPTIONS: Final = "AadefLlnwZMTP:g:G:k:o:O:p:s:t:u:U:"
DEFAULT_FIELDS: Final = "USER,PID,PPID,VSIZE:10,RSS,WCHAN:10,ADDR:10,S,NAME"
_THREADS: Final = "USER,PID,TID,PPID,VSIZE:10,RSS,WCHAN:10,ADDR:10,S,CMD"
_FULL: Final = "USER:12=UID", "PID,PPID,C,STIME,TTY,TIME", "ARGS=CMD"
_LONG: Final = "F,S,UID,PID,PPID,C,PRI,NI,BIT,SZ,WCHAN,TTY,TIME,CMD"
_CLASSES: Final = {
    "[:blank:]": r" \t",
    "[:space:]": r"\s",
    "[:digit:]": "0-9",
    "[:alpha:]": "A-Za-z",
    "[:alnum:]": "A-Za-z0-9",
}


@dataclass(slots=True)
class _Wanted:
    everything: bool = False
    pids: set[int] = field(default_factory=set)
    parents: set[int] = field(default_factory=set)
    users: set[int] = field(default_factory=set)

    def shows(self, process: DeviceProcess, caller: DeviceProcess | None) -> bool:
        if self.everything:
            return True
        if self.pids or self.parents or self.users:
            return process.pid in self.pids or process.parent in self.parents or process.uid in self.users
        return process.user == "shell" and (caller is None or process.terminal == caller.terminal)


async def ps(device: VirtualPixel, call: Call) -> int:
    """`ps [-AfTlwZ] [-o FIELD,…] [-O FIELD,…] [-k FIELD,…] [-p PID,…] [-P PID,…] [-u USER,…] [PID…]`."""
    found, words = read_options(call, _OPTIONS, ["pid=", "ppid="])
    flags = {option for option, _ in found}
    wanted = _wanted(found, words)
    fields = _fields(found, flags)
    order = [(text.startswith("-"), text.lstrip("+-")) for text in _values(found, "-k")]
    keys = [(down, named("k", text)[0]) for down, text in order]
    processes = running(device, threads=bool(flags & {"-T", "-L"}))
    caller = next((process for process in processes if process.pid == call.pid), None)
    shown = [process for process in processes if wanted.shows(process, caller)]
    for down, key in reversed(keys):
        shown.sort(key=key.order, reverse=down)
    await call.say(table(fields, shown))
    return 0 if shown else 1


def named(letter: str, text: str) -> list[Field]:
    """The columns that option `letter` was given. Raises `OptionRefused` with toybox's words."""
    try:
        return parse_fields(text)
    except FieldRefused:
        raise OptionRefused(_bad(letter, text)) from None


def _bad(letter: str, text: str) -> str:
    return f"bad -{letter} '{text}'\n            ^"


def _values(found: Sequence[tuple[str, str]], *names: str) -> list[str]:
    return [word for option, value in found if option in names for word in value.split(",") if word]


def _wanted(found: Sequence[tuple[str, str]], words: Sequence[str]) -> _Wanted:
    wanted = _Wanted(everything=any(option in ("-A", "-e", "-a", "-d") for option, _ in found))
    for letter, names, numbers in (("p", ("-p", "--pid"), wanted.pids), ("P", ("-P", "--ppid"), wanted.parents)):
        for text in _values(found, *names):
            if not text.isdecimal():
                raise OptionRefused(_bad(letter, text))
            numbers.add(int(text))
    for word in words:
        if not word.isdecimal():
            raise OptionRefused(f"bad {word}")
        wanted.pids.add(int(word))
    for letter in "uU":
        for text in _values(found, f"-{letter}"):
            if (uid := user_id(text)) is None:
                raise OptionRefused(_bad(letter, text))
            wanted.users.add(uid)
    return wanted


def _fields(found: Sequence[tuple[str, str]], flags: set[str]) -> list[Field]:
    threads = bool(flags & {"-T", "-L"})
    if "-o" in flags:
        fields = [part for option, value in found if option == "-o" for part in named("o", value)]
    elif "-f" in flags:
        fields = [part for text in _FULL for part in parse_fields(text.replace("PID,", "PID,TID,", threads))]
    else:
        fields = parse_fields(_LONG if "-l" in flags else _THREADS if threads else DEFAULT_FIELDS)
    extra = [part for option, value in found if option == "-O" for part in named("O", value)]
    fields = [*fields[:-1], *extra, fields[-1]] if extra else fields
    return [*parse_fields("LABEL"), *fields] if "-Z" in flags else fields


async def pidof(device: VirtualPixel, call: Call) -> int:
    """`pidof [-s] [-o PID,…] NAME…`: numbers of the processes of these names, the newest first."""
    found, names = read_options(call, "so:x")
    omitted = set(_values(found, "-o"))
    wanted = {name.rpartition("/")[2] for name in names}
    pids = [str(process.pid) for process in running(device) if process.name in wanted and process.pid != call.pid]
    pids = [pid for pid in reversed(pids) if pid not in omitted]
    if not pids:
        return 1
    await call.say(" ".join(pids[:1] if ("-s", "") in found else pids) + "\n")
    return 0


async def pgrep(device: VirtualPixel, call: Call) -> int:
    """`pgrep [-flnovx] [-u USER] [-P PID] [-d DELIMITER] PATTERN`: numbers of the processes that an expression fits."""
    found, words = read_options(call, "clfnovxd:u:U:P:g:G:s:t:L:")
    flags = {option for option, _ in found}
    wanted = _wanted([item for item in found if item[0] in ("-u", "-U", "-P")], ())
    try:
        pattern = re.compile(_python_expression(words[0])) if words else None
    except re.error as error:
        raise OptionRefused(f"bad regex '{words[0]}': {error}") from None
    if pattern is None and not flags & {"-u", "-U", "-P"}:
        raise OptionRefused('No criteria (see "pgrep --help")')
    chosen = []
    for process in running(device):
        text = process.command if "-f" in flags else process.package[-15:] or process.thread
        fits = pattern is None or bool(pattern.fullmatch(text) if "-x" in flags else pattern.search(text))
        belongs = not (wanted.users or wanted.parents) or wanted.shows(process, None)
        if process.pid != call.pid and (fits and belongs) != ("-v" in flags):
            chosen.append(process)
    chosen = chosen[-1:] if "-n" in flags else chosen[:1] if "-o" in flags else chosen
    if "-c" in flags:
        await call.say(f"{len(chosen)}\n")
    elif chosen:
        delimiter = next((value for option, value in found if option == "-d"), "\n")
        lines = [f"{process.pid} {process.name}" if "-l" in flags else str(process.pid) for process in chosen]
        await call.say(delimiter.join(lines) + "\n")
    return 0 if chosen else 1


def _python_expression(text: str) -> str:
    """A POSIX expression's character classes in Python's words; the rest of what clients write is the same in both."""
    for name, characters in _CLASSES.items():
        text = text.replace(name, characters)
    return text
