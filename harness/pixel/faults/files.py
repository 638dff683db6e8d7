"""Files that break on their way to the host."""

from __future__ import annotations

import errno
import os

from harness.pixel.faults.kinds import Damage


def spoiled(fd: int, damage: Damage) -> int:
    """A descriptor to read instead of `fd`, which is closed. Raises `OSError` for a file that is lost."""
    with os.fdopen(fd, "rb") as file:
        if damage is Damage.lose:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        data = bytearray(file.read())
    half = len(data) // 2
    if damage is Damage.flip and data:
        data[half] ^= 1
    elif damage is Damage.cut:
        del data[half:]
    elif damage is Damage.double:
        data *= 2
    copy = os.memfd_create("spoiled", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(copy), "wb") as file:
        file.write(data)
    os.lseek(copy, 0, os.SEEK_SET)
    return copy
