"""TensorFlow, without what it prints: its own code writes to both streams, below Python, whatever one asks."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import IO, Any


@dataclass(frozen=True)
class Noise:
    """What was written meanwhile; worth reading only when something failed."""

    _log: IO[str]

    def tail(self, lines: int = 6) -> str:
        """The last lines of it."""
        self._log.flush()
        self._log.seek(0)
        return "\n".join([line.rstrip() for line in self._log if line.strip()][-lines:])


@contextmanager
def silenced() -> Iterator[Noise]:
    """Keep the process' two output streams clean of what is written below Python, and of prints and warnings.

    Python's `sys.stderr` goes on to where it went, so a progress display on another thread stays alive.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = {number: os.dup(number) for number in (1, 2)}
        before = sys.stderr
        through = before.fileno() == 2 if _has_number(before) else False
        people = os.fdopen(os.dup(kept[2]), "w", buffering=1, encoding="utf-8", errors="replace") if through else None
        try:
            for number in kept:
                os.dup2(log.fileno(), number)
            if people:
                sys.stderr = people
            with redirect_stdout(log):
                yield Noise(log)
        finally:
            sys.stderr = before
            if people:
                people.close()
            for number, original in kept.items():
                os.dup2(original, number)
                os.close(original)


def tensorflow() -> Any:
    """The module `tensorflow`, imported now (some 5 s, 500 MB) if it wasn't before; call it inside `silenced`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # conversion and reference run on the CPU, on any machine
    import tensorflow

    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def _has_number(stream: Any) -> bool:
    try:
        stream.fileno()
    except (AttributeError, OSError, ValueError):
        return False
    return True
