"""What can be made to break, and what a client sees of it."""

from __future__ import annotations

import inspect
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from enum import Enum, StrEnum
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from harness.pixel.hardware import ThermalStatus

Choice = TypeVar("Choice", bound=Enum)

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Drop:
    """The connections end: now, or in the midst of the packet of that number that the device sends from now on."""

    packet: int = 0


@dataclass(frozen=True, slots=True)
class Offline:
    """Connections are accepted, and no introduction is answered."""


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """No adb server's key is known."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Sockets stay open; nothing is read from them or written to them."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The link carries so many bytes a second each way, and what the device sends comes so many milliseconds late."""

    bytes_per_second: int
    latency_ms: int = 0


@dataclass(frozen=True, slots=True)
class FullStorage:
    """Pushes and installations find no room on `/data`."""


@dataclass(frozen=True, slots=True)
class RefuseInstall:
    """The package manager answers with this code and message instead of installing."""

    code: str
    message: str = "a fault that was asked for"


@dataclass(frozen=True, slots=True)
class HangInstall:
    """The package manager takes the APK and doesn't answer."""


@dataclass(frozen=True, slots=True)
class KillApp:
    """An app's process is ended, by the low-memory killer or by a signal of its own."""

    package: str
    signal: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class StopApp:
    """An app's process stands still, as one that waits for ever."""

    package: str


@dataclass(frozen=True, slots=True)
class LoseLog:
    """Every line of that number is lost before it reaches the log; 1 loses them all."""

    every: int = 1


@dataclass(frozen=True, slots=True)
class LoseExit:
    """A shell's stream ends without the command's exit code."""


@dataclass(frozen=True, slots=True)
class Reboot:
    """The device boots again, with another boot id."""


@dataclass(frozen=True, slots=True)
class Booting:
    """adb reaches the device, and Android isn't up yet."""


@dataclass(frozen=True, slots=True)
class Thermal:
    """The device reports this thermal status."""

    status: ThermalStatus


class Damage(StrEnum):
    """What becomes of a file on its way to the host; all but `lose` are sent in good order."""

    flip = "flip"
    cut = "cut"
    double = "double"
    lose = "lose"


@dataclass(frozen=True, slots=True)
class SpoilPull:
    """A file that is pulled comes with a flipped bit, without its second half, twice over, or not at all."""

    damage: Damage
    pattern: str = "*"

    def concerns(self, path: str) -> bool:
        """Whether `path` is a file to spoil."""
        return fnmatchcase(path, self.pattern)


@dataclass(frozen=True, slots=True)
class CutPush:
    """A file that is pushed is acknowledged, and kept without its second half."""


Fault = (
    Drop | Offline | Unauthorized | Freeze | Slow | FullStorage | RefuseInstall | HangInstall | KillApp | StopApp | LoseLog
    | LoseExit | Reboot | Booting | Thermal | SpoilPull | CutPush
)  # fmt: skip
"""Any of them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: how it is asked for, what a client sees, how its words are read, and how long it lasts.

    `used_up` is by one operation that it breaks, unless more are asked for; `momentary` happens and is over.
    """

    usage: str
    sees: str
    read: Callable[..., Fault]
    used_up: bool = False
    momentary: bool = False


KINDS: Final[dict[type[Fault], Kind]] = {
    Drop: Kind(
        "drop [PACKET]",
        "the connection ends now, or in the midst of the PACKET-th packet that the device sends; adb connects again",
        lambda packet="0": Drop(_number(packet)),
        used_up=True,
    ),
    Offline: Kind("offline", "`adb devices` lists it as offline", Offline),
    Unauthorized: Kind("unauthorized", "`adb devices` lists it as unauthorized, whatever the key", Unauthorized),
    Freeze: Kind("freeze", "connections stay open, and nothing is answered", Freeze),
    Slow: Kind(
        "slow BYTES_PER_SECOND [LATENCY_MS]",
        "a link that carries so much, and answers so late",
        lambda speed, latency="0": Slow(_number(speed, least=1), _number(latency)),
    ),
    FullStorage: Kind("full-storage", "No space left on device on push, INSUFFICIENT_STORAGE on install", FullStorage),
    RefuseInstall: Kind(
        "refuse-install CODE [MESSAGE]",
        "Failure [CODE: MESSAGE], as INSTALL_FAILED_USER_RESTRICTED",
        lambda code, *message: RefuseInstall(_code(code), *([" ".join(message)] if message else [])),
        used_up=True,
    ),
    HangInstall: Kind(
        "hang-install", "the package manager takes the APK and doesn't answer", HangInstall, used_up=True
    ),
    KillApp: Kind(
        "kill-app PACKAGE [SIGNAL]",
        "the process dies as by the low-memory killer, or by SIGNAL (SIGSEGV leaves a tombstone)",
        lambda package, number="SIGKILL": KillApp(package, _choice(signal.Signals, number)),
        momentary=True,
    ),
    StopApp: Kind("stop-app PACKAGE", "the process stands still until this is cleared (SIGSTOP)", StopApp),
    LoseLog: Kind(
        "lose-log [EVERY]",
        "logcat lacks every EVERY-th line, or all",
        lambda every="1": LoseLog(_number(every, least=1)),
    ),
    LoseExit: Kind("lose-exit", "a shell command's output ends, its exit code never comes", LoseExit, used_up=True),
    Reboot: Kind("reboot", "it goes away and comes back with another boot id", Reboot, momentary=True),
    Booting: Kind("booting", "sys.boot_completed is empty, and pm, am and cmd find no service", Booting),
    Thermal: Kind(
        "thermal STATUS",
        "PowerManager and `dumpsys thermalservice` report none, light, moderate, severe, critical, emergency, shutdown",
        lambda status: Thermal(_choice(ThermalStatus, status)),
    ),
    SpoilPull: Kind(
        "spoil-pull DAMAGE [PATTERN]",
        "a pulled file comes with a bit changed (flip), half (cut), twice (double) or not at all (lose)",
        lambda damage, pattern="*": SpoilPull(_choice(Damage, damage), pattern),
        used_up=True,
    ),
    CutPush: Kind("cut-push", "a push succeeds, and half of the file is there", CutPush, used_up=True),
}


def name_of(kind: type[Fault]) -> str:
    """The word by which a kind is asked for."""
    return KINDS[kind].usage.partition(" ")[0]


NAMES: Final = {name_of(kind): kind for kind in KINDS}


def parse_fault(words: Sequence[str]) -> Fault:
    """The fault that `drop 3` asks for. Raises `ValueError` with what is wrong."""
    name, *rest = words or ("",)
    if name not in NAMES:
        raise ValueError(f"no fault {name!r}; there are {', '.join(NAMES)}")
    kind = KINDS[NAMES[name]]
    try:
        inspect.signature(kind.read).bind(*rest)
    except TypeError:
        raise ValueError(f"usage: {kind.usage}") from None
    return kind.read(*rest)


def words_of(fault: Fault) -> list[str]:
    """The words that `parse_fault` reads."""
    values = (value.name if isinstance(value, Enum) else str(value) for value in astuple(fault))
    return [name_of(type(fault)), *values]


def _number(text: str, *, least: int = 0) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise ValueError(f"{text!r} isn't a number of {least} or more")
    return int(text)


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text!r} isn't a code of the package manager's, as INSTALL_FAILED_USER_RESTRICTED")
    return text


def _choice(kind: type[Choice], name: str) -> Choice:
    if name not in kind.__members__:
        raise ValueError(f"{name!r} is none of {', '.join(kind.__members__)}")
    return kind[name]
