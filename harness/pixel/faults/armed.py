"""The faults of one device: which are armed, since when, until when, and how often they may still bite."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from harness.pixel.faults.kinds import KINDS, NAMES, Drop, Fault, Freeze, Slow, parse_fault, words_of

log = logging.getLogger(__name__)

Kind = TypeVar("Kind")

_ALWAYS: Final = "always"


@dataclass(frozen=True, slots=True)
class Order:
    """A fault, how often it bites (None: until it is cleared), and seconds before it begins and until it ends."""

    fault: Fault
    times: int | None = 1
    after: float = 0.0
    seconds: float | None = None

    def words(self) -> list[str]:
        """The words that `parse_order` reads."""
        options = [f"times={_ALWAYS if self.times is None else self.times}", f"after={self.after:g}"]
        options += [f"for={self.seconds:g}"] if self.seconds is not None else []
        return [*options, *words_of(self.fault)]


def parse_order(words: Sequence[str]) -> Order:
    """Read `times=2 after=0.5 for=10 drop 3`; the options come first, and may be left out. Raises `ValueError`."""
    rest, options = list(words), dict[str, str]()
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        if name not in ("times", "after", "for"):
            raise ValueError(f"no option {name!r}: times, after and for are there")
        options[name] = value
    times = options.get("times", "1")
    if times != _ALWAYS and not (times.isascii() and times.isdigit() and int(times)):
        raise ValueError(f"times={times}: a number from 1, or {_ALWAYS}")
    return Order(
        parse_fault(rest),
        None if times == _ALWAYS else int(times),
        _seconds("after", options["after"]) if "after" in options else 0.0,
        _seconds("for", options["for"]) if "for" in options else None,
    )


def _seconds(name: str, text: str) -> float:
    whole, _, part = text.partition(".")
    if not (f"{whole}{part}".isascii() and f"{whole}{part}".isdigit()):
        raise ValueError(f"{name}={text}: a number of seconds")
    return float(text)


@dataclass(slots=True, eq=False)
class _Armed:
    fault: Fault
    left: int | None
    on: bool = False
    packets: int = 0
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class Faults:
    """All of one device, from its start to its end: a restart clears none."""

    def __init__(self) -> None:
        self.act: Callable[[Fault, bool], None] | None = None
        """Told when a fault begins, and when it ends. May raise `ValueError`: it can't begin."""
        self.on_line = False
        """Whether a connection may be cut, held or slowed."""
        self._armed: list[_Armed] = []

    def arm(self, order: Order) -> None:
        """Begin a fault, now or later. Raises `ValueError` when it can't begin now."""
        armed = _Armed(order.fault, order.times if KINDS[type(order.fault)].used_up else None)
        loop = asyncio.get_running_loop()
        self._armed.append(armed)
        if order.after:
            armed.timers.append(loop.call_later(order.after, self._begin_later, armed))
        else:
            self._begin(armed)
        if order.seconds is not None:
            armed.timers.append(loop.call_later(order.after + order.seconds, self._end, armed))

    def active(self, kind: type[Kind]) -> Kind | None:
        """The fault of this kind that has begun, if there is one."""
        return next((armed.fault for armed in self._armed if armed.on and isinstance(armed.fault, kind)), None)

    def take(self, kind: type[Kind], concerns: Callable[[Kind], bool] = lambda _: True) -> Kind | None:
        """As `active`, for an operation that it breaks: it is used up once."""
        for armed in self._armed:
            if armed.on and isinstance(armed.fault, kind) and concerns(armed.fault):
                self._use(armed)
                return armed.fault
        return None

    def cuts(self) -> bool:
        """Whether the packet that is about to be sent is to be cut; each call counts as one packet."""
        for armed in self._armed:
            if armed.on and isinstance(armed.fault, Drop):
                armed.packets += 1
                if armed.packets == armed.fault.packet:
                    armed.packets = 0
                    self._use(armed)
                    return True
        return False

    def clear(self, name: str = "") -> None:
        """End all faults, or those of one kind. Raises `ValueError` for an unknown one."""
        if name and name not in NAMES:
            raise ValueError(f"no fault {name!r}; there are {', '.join(NAMES)}")
        for armed in list(self._armed):
            if not name or isinstance(armed.fault, NAMES[name]):
                self._end(armed)

    def listed(self) -> list[str]:
        """A line for each that is armed."""
        return [_described(armed) for armed in self._armed]

    def begun(self) -> list[Fault]:
        """Those that are on, in the order in which they were armed."""
        return [armed.fault for armed in self._armed if armed.on]

    def _use(self, armed: _Armed) -> None:
        if armed.left is not None:
            armed.left -= 1
            if not armed.left:
                self._end(armed)

    def _begin(self, armed: _Armed) -> None:
        armed.on = True
        try:
            if self.act:
                self.act(armed.fault, True)
        except ValueError:
            armed.on = False
            self._end(armed)
            raise
        log.warning("fault: %s", _described(armed))
        if KINDS[type(armed.fault)].momentary or armed.fault == Drop(0):
            armed.on = False
            self._end(armed)
        self._look_at_line()

    def _begin_later(self, armed: _Armed) -> None:
        try:
            self._begin(armed)
        except ValueError as error:
            log.warning("fault: %s: %s", _described(armed), error)

    def _end(self, armed: _Armed) -> None:
        if armed not in self._armed:
            return
        self._armed.remove(armed)
        for timer in armed.timers:
            timer.cancel()
        self._look_at_line()
        if armed.on:
            log.warning("fault ends: %s", _described(armed))
            if self.act:
                self.act(armed.fault, False)

    def _look_at_line(self) -> None:
        self.on_line = any(isinstance(fault, Drop | Freeze | Slow) for fault in self.begun())


def _described(armed: _Armed) -> str:
    notes = [] if armed.on or armed.left == 0 else ["not begun yet"]
    notes += [f"{armed.left} more time{'s' if armed.left > 1 else ''}"] if armed.left else []
    return " ".join([*words_of(armed.fault), *([f"({', '.join(notes)})"] if notes else [])])
