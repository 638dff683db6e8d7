"""The device's storage: how large `/data` is, how much of it is used, and what stays free."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Final

CAPACITY: Final = 32 << 30
"""Bytes of `/data`, where nobody says otherwise."""
_LOW_PART: Final = 20
_LOW_MOST: Final = 500 << 20
_FRESH_S: Final = 2.0


class Storage:
    """`/data` and the shared card of one device, which are one volume. Sizes are bytes.

    What is used is counted when it is asked for, and at most every two seconds; `filled` takes room away, as a test of
    full storage does. `staging` is where APKs wait for their install.
    """

    def __init__(self, root: Path, capacity: int = CAPACITY, *, staging: Path | None = None) -> None:
        self._root = root
        self._folders = [root / "data", root / "storage", *([staging] if staging else [])]
        self.capacity = capacity
        self.filled = 0
        self._used, self._counted_at = 0, -_FRESH_S

    def used(self) -> int:
        """What the device's files take, and what was filled."""
        if time.monotonic() - self._counted_at >= _FRESH_S:
            seen: set[int] = set()
            self._used = sum(_allocated(folder, seen) for folder in self._folders)
            self._counted_at = time.monotonic()
        return min(self._used + self.filled, self.capacity)

    def free(self) -> int:
        """What is left: no more than the host itself has."""
        there = os.statvfs(self._root)
        return max(0, min(self.capacity - self.used(), there.f_bavail * there.f_frsize))

    def low(self) -> int:
        """The free bytes below which Android installs nothing: a twentieth of all, 500 MB at most (`StorageManager`)."""
        return min(self.capacity // _LOW_PART, _LOW_MOST)

    def fits(self, size: int) -> bool:
        """Whether an install of that size leaves enough."""
        return size + self.low() <= self.free()

    def changed(self) -> None:
        """Count anew when next asked: what is used has changed by much."""
        self._counted_at = -_FRESH_S


def _allocated(folder: Path, seen: set[int]) -> int:
    """Bytes on disk of all below a folder, links not followed, files with several names once."""
    total = 0
    pending = [folder]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(Path(entry.path))
                    elif status.st_ino not in seen:
                        if status.st_nlink > 1:
                            seen.add(status.st_ino)
                        total += status.st_blocks * 512
        except OSError:  # a program of the device removed it meanwhile
            continue
    return total
