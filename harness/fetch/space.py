"""What a full, read-only or limited disk says, told as such."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from harness.errors import HostError

# EFBIG: over the process' own limit (`ulimit -f`), or the file system's.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


@contextmanager
def space_on_disk(what: str) -> Iterator[None]:
    """Around what writes `what`. Raises HostError `fetch.no_space` for what the disk refuses; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        raise HostError(
            "fetch.no_space",
            f"{what} can't be written",
            why=f"{error.strerror}: {error.filename}" if error.filename else str(error),
            hint="free some space, or point HARNESS_CACHE or --out to a folder that has it and may be written",
        ) from error
