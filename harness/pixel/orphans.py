"""Processes whose parents have died: the device's process adopts them, and lets the kernel forget them when they end.

Without it they go to process 1, which in many containers collects nobody; `ps` inside the device would show them for
ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36
_OWN_WAITERS_S: Final = 0.5


class OrphanCollector:
    """Collects ended children that nobody here waits for: those that still are zombies at a second look."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._seen: set[int] = set()
        self._planned = False
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._loop.add_signal_handler(signal.SIGCHLD, self._plan)

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            self._loop.call_later(_OWN_WAITERS_S, self._collect)

    def _collect(self) -> None:
        self._planned = False
        ended = _ended_children()
        for pid in ended & self._seen:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        self._seen = ended - self._seen
        if self._seen:
            self._plan()


def _ended_children() -> set[int]:
    found = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for pid in listing.read_text(encoding="ascii").split():
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z":
                        found.add(int(pid))
    return found
