"""A root of one's own for every process of a device: bubblewrap's command line.

A process sees the device's folders and nothing of the host, save what is bound for it by name. `/` and `/system` can't
be written, nor can the folders that only the device's own process may change (`/data/app`, `/dev/socket`), so nothing
inside can plant a link where the host would follow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.network import DeviceNetwork

WRITABLE = ("data", "storage", "cache")
"""Folders of the device that its processes may write in."""
GUARDED = ("data/app", "data/tombstones", "dev/socket", "dev/__properties__")
"""Folders that only the device's own process changes."""
PRIVATE = ("data/data",)
"""Folders of the apps, which a shell can't look into."""
BOOT_ID = "dev/__properties__/boot_id"
"""File of the device, if it is there, that its programs see as `/proc/sys/kernel/random/boot_id`."""
MEMORY = "dev/__properties__/meminfo"
"""File of the device, if it is there, that its programs see as `/proc/meminfo`."""
PROCESSORS = "/sys/devices/system/cpu"
"""The one folder of the host's that a device shows, for its processors are the host's."""
HIDDEN = "/proc/cmdline"
"""The host's kernel command line: Android's shell may not read it either."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """A running device's namespaces, the first three by open descriptors; a process in them is seen by its `ps`.

    `user` owns `pid`; `inner_user` is the one in which the device's user ids are mapped, if it is another. A process
    enters `network` before it becomes bubblewrap.
    """

    user: int
    inner_user: int | None
    pid: int
    network: DeviceNetwork

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the child process must inherit (`pass_fds`)."""
        return (self.user, self.pid) if self.inner_user is None else (self.user, self.inner_user, self.pid)


@dataclass(frozen=True, slots=True)
class Bind:
    """A path of the host shown at a path of the device (absolute both)."""

    source: Path
    target: str
    writable: bool = False


def sandbox_command(
    root: Path,
    argv: Sequence[str],
    *,
    uid: int,
    gid: int,
    env: Mapping[str, str],
    cwd: str = "/",
    binds: Sequence[Bind] = (),
    join: Namespaces | None = None,
    own_network: bool = True,
) -> list[str]:
    """The argument list that runs `argv` (paths of the device) in `root`, with `env` and nothing else around it.

    Without `join` the process has process and user namespaces of its own, with `uid` and `gid`, and no network unless
    `own_network` is off; with it, those of the device, and the network that its starter has entered. Either way it dies
    with the one that started it. `binds` come last and win over the device's own folders; their targets are made in
    `root` where they aren't there.
    """
    command = ["bwrap", "--die-with-parent", "--unshare-ipc", "--unshare-uts", "--hostname", "localhost"]
    command += ["--unshare-cgroup-try"]
    if join is None:
        command += ["--unshare-net"] if own_network else []
        command += ["--unshare-user", "--unshare-pid", "--uid", str(uid), "--gid", str(gid)]
    else:
        command += ["--userns", str(join.user), "--pidns", str(join.pid)]
        if join.inner_user is not None:
            command += ["--userns2", str(join.inner_user)]
    command += ["--ro-bind", str(root), "/"]
    for name in WRITABLE:
        command += ["--bind", str(root / name), f"/{name}"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for name in GUARDED:
        command += ["--ro-bind", str(root / name), f"/{name}"]
    command += ["--ro-bind", "/dev/null", HIDDEN]
    if (root / MEMORY).exists():
        command += ["--ro-bind", str(root / MEMORY), "/proc/meminfo"]
    if (root / PROCESSORS[1:]).is_dir():
        command += ["--ro-bind-try", PROCESSORS, PROCESSORS]
    if (root / BOOT_ID).exists():
        command += ["--ro-bind", str(root / BOOT_ID), "/proc/sys/kernel/random/boot_id"]
    for bind in binds:
        _make_target(root, bind)
        command += ["--bind" if bind.writable else "--ro-bind", str(bind.source), bind.target]
    command += ["--chdir", cwd, "--clearenv"]
    for name, value in env.items():
        command += ["--setenv", name, value]
    return [*command, "--", *argv]


def _make_target(root: Path, bind: Bind) -> None:
    """Make the mount point of `bind`, as bubblewrap can't in a root that it mounted read-only."""
    target = root / bind.target.lstrip("/")
    if bind.target.startswith(("/dev/", "/proc/")) or target.exists():
        return
    if bind.source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
