"""An app's process as the activity manager keeps it, what its instrumentation reports, and how it fails to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.pixel.zygote import AppHandle, Event

if TYPE_CHECKING:
    from harness.pixel.packages import Package

RESULT_CANCELED: Final = 0
PROCESS_CRASHED: Final = "Process crashed."


@dataclass(frozen=True, slots=True)
class Status:
    """What an instrumentation reports while it runs."""

    code: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finish:
    """How an instrumentation ended: its own result, or `RESULT_CANCELED` with `shortMsg` after a crash."""

    code: int
    values: Mapping[str, str]


class ProcessDied(Exception):
    """The app's process ended before it had answered."""

    def __init__(self) -> None:
        super().__init__("its process died")


class CommandRefused(Exception):
    """The app's process answered that it can't do what was asked."""


@dataclass(slots=True)
class AppRecord:
    """A package's running process."""

    package: Package
    handle: AppHandle = field(init=False)
    pid: int = 0
    answers: dict[int, asyncio.Queue[Event]] = field(default_factory=dict)
    crash: Event | None = None
    top: str | None = None
    """Its resumed activity, in short."""
    stopped: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
