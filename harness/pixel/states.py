"""What devices leave in their folders: their make, their files and packages, for the next start under the same name."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import DeviceUnavailable, UsageError
from harness.fetch.store import cache_root
from harness.pixel.profile import DEFAULT_API, DEFAULT_PROFILE, Gpu, Profile, profile_of

LOCK_NAME: Final = "daemon.json"
_MAKE_NAME: Final = "make.json"
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@dataclass(frozen=True, slots=True)
class Make:
    """What a device is asked to be. Without a profile or an API level it is what its state was, or else the default.

    The GPU isn't kept: each start says anew which drivers there are.
    """

    profile: str | None = None
    api: int | None = None
    gpu: Gpu = Gpu.BOTH


@dataclass(frozen=True, slots=True)
class State:
    """A device's folder: whose it is, and how much lies in it."""

    name: str
    profile: str
    api: int
    size: int
    folder: str


def devices_folder() -> Path:
    """Where the state folders of all devices lie."""
    return cache_root() / "pixel"


def check_name(name: str) -> None:
    """Raises `UsageError` for what can't be a device's name: it becomes a folder, and never leads anywhere else."""
    if not name or name.startswith(".") or not set(name) <= _NAME_CHARACTERS:
        raise UsageError(
            "pixel.name", f"{name!r} can't be a device's name", hint="letters, digits, dots, dashes and underscores"
        )


def settle_make(make: Make, name: str | None, *, wipe: bool) -> Profile:
    """The profile that a device of this name gets.

    Raises `UsageError` for one that isn't there, or another than the device has unless it is wiped: Android can't be
    exchanged under the packages and files that it keeps.
    """
    kept = read_make(devices_folder() / name) if name is not None and not wipe else None
    profile = profile_of(
        make.profile or (kept.name if kept else DEFAULT_PROFILE), make.api or (kept.sdk if kept else DEFAULT_API)
    )
    if kept is not None and profile != kept:
        raise UsageError(
            "pixel.kept_make",
            f"the virtual Pixel {name} is a {kept.name} with API {kept.sdk}, not a {profile.name} with API {profile.sdk}",
            hint="--wipe makes it another, and forgets what was installed and written; or choose another name",
        )
    return profile


def read_make(folder: Path) -> Profile | None:
    """The profile of the device whose state this is; None when there is none, or it can't be read."""
    try:
        document = json.loads((folder / _MAKE_NAME).read_text(encoding="utf-8"))
        return profile_of(document["profile"], document["api"])
    except (OSError, ValueError, TypeError, KeyError, UsageError):
        return None


def write_make(folder: Path, profile: Profile) -> None:
    """Remember what the device of this state is."""
    (folder / _MAKE_NAME).write_text(json.dumps({"profile": profile.name, "api": profile.sdk}), encoding="utf-8")


def kept_states() -> list[State]:
    """The states of all devices, whether they run or not, by name."""
    found = []
    for folder in sorted(entry.parent for entry in devices_folder().glob(f"*/{LOCK_NAME}")):
        profile = read_make(folder) or profile_of()
        found.append(State(folder.name, profile.name, profile.sdk, _size(folder), str(folder)))
    return found


def forget(name: str) -> None:
    """Remove a device's state. Raises `UsageError` when there is none, `DeviceUnavailable` while the device runs."""
    check_name(name)
    folder = devices_folder() / name
    if not (folder / LOCK_NAME).exists():
        raise UsageError(
            "pixel.unknown_state", f"no virtual Pixel {name} has a state here", hint="harness pixel list --all"
        )
    with _locked(folder, name):
        empty(folder)
        shutil.rmtree(folder)


def empty(folder: Path) -> None:
    """Remove all of a state but the lock on it, which the caller holds."""
    private = folder / "private"
    if private.is_dir():
        private.chmod(0o700)
    for entry in folder.iterdir():
        if entry.name != LOCK_NAME:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    fd = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DeviceUnavailable(
            "pixel.state_taken", f"the virtual Pixel {name} runs", hint="stop it first: harness pixel stop"
        ) from None
    finally:
        os.close(fd)


def _size(folder: Path) -> int:
    """Bytes on the disk; a folder that can't be looked into counts as empty."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).lstat().st_blocks * 512
            except OSError:
                continue  # the device that runs there has just removed it
    return total
