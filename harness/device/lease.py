"""One process at a time on a device: a lock that the operating system frees when its holder dies."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness.errors import NoDevice


@contextmanager
def lease(folder: Path, serial: str) -> Iterator[None]:
    """Hold `serial` for this process. Raises `NoDevice` (`device.busy`) naming the holder when another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in serial)
    note = folder / f"{name}.holder"
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = note.read_text(errors="replace") if note.exists() else "unknown"
        raise NoDevice(
            "device.busy",
            f"{serial} is in use by another harness",
            why=f"holder: {holder}",
            hint="wait for it, or choose another device",
        ) from None
    try:
        note.write_text(json.dumps({"pid": os.getpid()}))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()
