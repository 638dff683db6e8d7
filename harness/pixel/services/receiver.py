"""A file that a client sends, from its first byte to its mode and time."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import Final

from harness import wire
from harness.pixel.paths import DevicePaths

_FILE_BITS: Final = 0o777
_PARTS_MAX: Final = 1024  # IOV_MAX


class FileReceiver:
    """Writes the file, or the link whose target comes as its content; `dry` drops it all. Not finished, it is removed.

    There is no room for it when the storage is `full`; half of it gets lost unnoticed with `cut`.

    No step raises `OSError`: `failure` says, in adbd's words, why the file can't be had, and later steps do nothing.
    """

    def __init__(
        self, paths: DevicePaths, name: str, mode: int, *, dry: bool = False, full: bool = False, cut: bool = False
    ) -> None:
        self.failure = ""
        self._paths, self._name, self._mode, self._dry = paths, name, mode, dry
        self._full, self._cut = full, cut
        self._fd: int | None = None
        self._target = b""

    def begin(self) -> None:
        """Make the folders on the way and an empty file; what was there is replaced, unless it is a folder."""
        if self._dry:
            return
        with self._failing("couldn't create file"), self._paths.parent_of(self._name, make=True) as (folder, name):
            self._paths.check_writable(folder)
            _unlink_file(name, folder)
            if not stat.S_ISLNK(self._mode):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._fd = os.open(name, flags, 0o666, dir_fd=folder)

    def write(self, parts: list[memoryview]) -> None:
        """Take the next bytes, in as many parts as they came."""
        if self.failure or self._dry:
            return
        if self._fd is None:
            self._target = b"".join((self._target, *parts))[: wire.SYNC_PATH_MAX]
            return
        with self._failing("write failed"):
            if self._full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            for start in range(0, len(parts), _PARTS_MAX):
                _write_all(self._fd, parts[start : start + _PARTS_MAX])

    def finish(self, modified: int) -> None:
        """All has come; `modified` is the file's time, in seconds since 1970."""
        if self.failure or self._dry:
            return
        if self._fd is None:
            with self._failing("symlink failed"), self._paths.parent_of(self._name) as (folder, name):
                os.symlink(self._target.partition(b"\0")[0], name, dir_fd=folder)
                os.utime(name, (modified, modified), dir_fd=folder, follow_symlinks=False)
            return
        mode = self._mode & _FILE_BITS
        mode |= mode >> 3 & 0o070  # as adbd: what the owner may, the group may,
        mode |= mode >> 3 & 0o007  # and others too
        with self._failing("couldn't finish file"):
            if self._cut:
                os.ftruncate(self._fd, os.fstat(self._fd).st_size // 2)
            os.fchmod(self._fd, mode)
            os.utime(self._fd, (modified, modified))
            os.close(self._fd)
            self._fd = None

    def abandon(self) -> None:
        """Remove an unfinished file; nothing happens to a finished one."""
        if self._fd is None:
            return
        os.close(self._fd)
        self._fd = None
        with contextlib.suppress(OSError), self._paths.parent_of(self._name) as (folder, name):
            _unlink_file(name, folder)

    @contextlib.contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = f"{what}: {error.strerror}"
            self.abandon()


def _write_all(fd: int, parts: list[memoryview]) -> None:
    written = os.writev(fd, parts)
    for part in parts:
        rest = part[written:]
        written = max(0, written - len(part))
        while rest:
            rest = rest[os.write(fd, rest) :]


def _unlink_file(name: str, folder: int) -> None:
    try:
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
