"""Paths of the device, opened by the device's own process on the host without ever leaving the device's root.

The kernel resolves each path with the root as `/` (`openat2`, `RESOLVE_IN_ROOT`): `..`, absolute and planted links end
inside, also while a process of the device changes them.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.pixel.sandbox import GUARDED, PRIVATE, WRITABLE

_OPENAT2: Final = 437
_RESOLVE_IN_ROOT: Final = 0x10
_RESOLVE_NO_MAGICLINKS: Final = 0x02
_O_PATH: Final = os.O_PATH | os.O_CLOEXEC

_libc = ctypes.CDLL(None, use_errno=True)


class DevicePaths:
    """Opens, reads and changes what lies under `root`, by the device's own paths (`/data/local/tmp/x`).

    Every method raises `OSError` as the host's call of that name would.
    """

    def __init__(self, root: Path) -> None:
        self.root = root = root.resolve()
        self._root_fd = os.open(root, _O_PATH | os.O_DIRECTORY)

    def close(self) -> None:
        """Let go of the root; no method works after it."""
        os.close(self._root_fd)

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        """A descriptor of `path`; links in it are followed inside the root."""
        _check_name(path)
        how = struct.pack("<QQQ", flags | os.O_CLOEXEC, mode, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
        name = os.fsencode(path) or b"/"
        fd = _libc.syscall(_OPENAT2, self._root_fd, name, how, len(how))
        if fd < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
        return int(fd)

    @contextlib.contextmanager
    def opened(self, path: str, flags: int, mode: int = 0) -> Iterator[int]:
        """As `open`, closed at the end."""
        fd = self.open(path, flags, mode)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def parent_of(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The folder of `path` as a descriptor, and the name in it.

        `make` makes missing folders on the way, where programs of the device may write.
        """
        _check_name(path)
        folder, _, name = path.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        if make:
            self.make_folders(folder or "/", checked=True)
        with self.opened(folder or "/", _O_PATH | os.O_DIRECTORY) as fd:
            yield fd, name

    def check_writable(self, folder: int) -> None:
        """Raise `OSError` when the open `folder` lies where no program of the device may write."""
        name = self._place(folder)
        if any(_is_under(name, guarded) for guarded in (*GUARDED, *PRIVATE)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not any(_is_under(name, writable) for writable in WRITABLE):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def check_readable(self, fd: int, *, inside: bool = False) -> None:
        """Raise `PermissionError` when what is open is a folder of the apps, which a shell can't look into, or in one.

        With `inside` the folders themselves pass: what they are may be known.
        """
        name = self._place(fd)
        if any(_is_under(name, private) and not (inside and name == private) for private in PRIVATE):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """What is at `path`, or, without `follow`, the link itself."""
        with self.opened(path, _O_PATH | (0 if follow else os.O_NOFOLLOW)) as fd:
            return os.fstat(fd)

    def exists(self, path: str) -> bool:
        """Whether something is at `path`, links followed."""
        try:
            self.stat(path)
        except OSError:
            return False
        return True

    def list(self, path: str) -> list[tuple[str, os.stat_result]]:
        """Names and stats in a folder, `.` and `..` with them, unsorted."""
        with self.opened(path, os.O_RDONLY | os.O_DIRECTORY) as fd:
            entries = [(".", os.fstat(fd)), ("..", os.stat("..", dir_fd=fd))]
            with os.scandir(fd) as found:
                for entry in found:
                    try:
                        entries.append((entry.name, entry.stat(follow_symlinks=False)))
                    except FileNotFoundError:
                        continue
            return entries

    def make_folders(self, path: str, mode: int = 0o771, *, checked: bool = False) -> None:
        """Make `path` and the folders on the way to it; what is there stays as it is.

        With `checked` only where programs of the device may write.
        """
        done = ""
        for part in (part for part in path.split("/") if part):
            with self.opened(done or "/", _O_PATH | os.O_DIRECTORY) as fd:
                try:
                    os.stat(part, dir_fd=fd, follow_symlinks=False)
                except FileNotFoundError:
                    if checked:
                        self.check_writable(fd)
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=fd)
                        os.chmod(part, mode, dir_fd=fd)
            done += f"/{part}"
            with self.opened(done, _O_PATH | os.O_DIRECTORY):
                pass

    def remove_tree(self, path: str) -> None:
        """Remove a file, a link or a folder with all in it; nothing happens where nothing is."""
        import shutil

        try:
            with self.parent_of(path) as (fd, name):
                if stat.S_ISDIR(os.lstat(name, dir_fd=fd).st_mode):
                    shutil.rmtree(name, dir_fd=fd)
                else:
                    os.unlink(name, dir_fd=fd)
        except FileNotFoundError:
            return

    def _place(self, fd: int) -> str:
        """Where in the root an open descriptor is, without a leading slash."""
        place = Path(f"/proc/self/fd/{fd}").readlink()
        return place.relative_to(self.root).as_posix() if place.is_relative_to(self.root) else ""


def _check_name(path: str) -> None:
    if "\0" in path:  # the kernel would read a shorter path
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)


def _is_under(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}/")
