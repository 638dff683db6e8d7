"""What runs on the device, as its programs name it: app processes belong to their packages, all else to the shell."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.root import SHELL_UID

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TICKS: Final = os.sysconf("SC_CLK_TCK")
FIRST_APP_UID: Final = 10000
_NAMES: Final = {0: "root", 1000: "system", SHELL_UID: "shell"}


@dataclass(frozen=True, slots=True)
class DeviceProcess:
    """A process, or with `tid` other than `pid` one of its threads. Sizes are bytes, times clock ticks (`TICKS`)."""

    pid: int
    tid: int
    parent: int
    folder: Path
    uid: int
    state: str
    thread: str
    argv: tuple[str, ...]
    package: str
    group: int
    session: int
    foreground: int
    terminal: int
    faults: int
    major_faults: int
    user_ticks: int
    system_ticks: int
    priority: int
    nice: int
    threads: int
    started: int
    virtual: int
    resident: int
    cpu: int
    policy: int

    @property
    def user(self) -> str:
        """Its user's name."""
        return user_name(self.uid)

    @property
    def name(self) -> str:
        """The package of an app's process, else the program's name without its folder."""
        if self.package:
            return self.package
        return self.argv[0].rpartition("/")[2] if self.argv and self.argv[0] else f"[{self.thread}]"

    @property
    def command(self) -> str:
        """What it was started with; an app's is its package, as zygote names it."""
        if self.package:
            return self.package
        return " ".join(self.argv) if self.argv else f"[{self.thread}]"

    @property
    def ticks(self) -> int:
        """Processor time that it has used."""
        return self.user_ticks + self.system_ticks

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.started / TICKS


def user_name(uid: int) -> str:
    """A user id as Android names it."""
    if uid >= FIRST_APP_UID:
        return f"u0_a{uid - FIRST_APP_UID}"
    return _NAMES.get(uid, str(uid))


def user_id(name: str) -> int | None:
    """The user id of a name or number, or None."""
    if name.isdecimal():
        return int(name)
    if name.startswith("u0_a") and name[4:].isdecimal():
        return FIRST_APP_UID + int(name[4:])
    return next((uid for uid, known in _NAMES.items() if known == name), None)


def running(device: VirtualPixel, *, threads: bool = False) -> list[DeviceProcess]:
    """The device's processes by number, or all their threads."""
    apps = {record.pid: (record.package.name, record.package.uid) for record in device.activities.running()}
    found = []
    for pid, folder in folders(device):
        package, uid = apps.get(pid, ("", 0 if pid == 1 else mapped_user(folder)))
        try:
            tasks = sorted((folder / "task").iterdir(), key=lambda task: int(task.name)) if threads else [folder]
            found += [_read(task, pid, package, uid) for task in tasks]
        except OSError:
            continue  # it has ended since
    return found


def mapped_user(folder: Path) -> int:
    """Whose a process of the device is, by its `/proc` folder: the one user that its namespace knows.

    The host's own numbers, which `/proc` has everywhere else, say nothing of that.
    """
    try:
        words = (folder / "uid_map").read_text(encoding="ascii").split()
    except OSError:
        return SHELL_UID
    return int(words[0]) if len(words) == 3 else SHELL_UID


def folder_of(device: VirtualPixel, pid: int) -> Path:
    """The `/proc` folder of a process by the device's number for it."""
    return Path(f"/proc/{device.init_pid}/root/proc/{pid}")


def folders(device: VirtualPixel) -> list[tuple[int, Path]]:
    """Number and `/proc` folder of each process, in the device's own `/proc`, where all numbers are the device's."""
    try:
        listed = list(Path(f"/proc/{device.init_pid}/root/proc").iterdir()) if device.init_pid else []
    except OSError:
        return []
    return sorted((int(folder.name), folder) for folder in listed if folder.name.isdecimal())


def _read(folder: Path, pid: int, package: str, uid: int) -> DeviceProcess:
    stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    command = (folder / "cmdline").read_bytes().decode(errors="replace")
    thread, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
    numbers = [int(text) for text in rest[1:]]
    return DeviceProcess(
        pid=pid, tid=int(folder.name), parent=numbers[0], folder=folder, uid=uid, state=rest[0], thread=thread,
        argv=tuple(command.rstrip("\0").split("\0")) if command else (), package=package, group=numbers[1],
        session=numbers[2], terminal=numbers[3], foreground=numbers[4], faults=numbers[6], major_faults=numbers[8],
        user_ticks=numbers[10], system_ticks=numbers[11], priority=numbers[14], nice=numbers[15], threads=numbers[16],
        started=numbers[18], virtual=numbers[19], resident=numbers[20] * PAGE, cpu=numbers[35], policy=numbers[37],
    )  # fmt: skip


def seconds_up(device: VirtualPixel) -> float:
    """Seconds since the device booted."""
    return time.monotonic() - device.booted
