"""Processes of the device, seen from its own process on the host: started, waited for, ended, named."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.descriptors import Descriptor

if TYPE_CHECKING:
    from harness.pixel.network import DeviceNetwork

KILLED_BY_SHELL: Final = 128
"""A shell, and bubblewrap too, says 128 and the signal's number for a process that a signal ended."""


class Child:
    """A process in a session of its own, with the three streams that it was given."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        stderr: int,
        pass_fds: Sequence[int],
        network: DeviceNetwork | None = None,
    ) -> None:
        terminal = os.isatty(stdin)

        def prepare() -> None:
            if terminal:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if network:
                network.enter()

        self._process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            preexec_fn=prepare if terminal or network else None,  # noqa: PLW1509 - two system calls, no lock
        )
        self.pid = self._process.pid
        self._end = asyncio.get_running_loop().create_task(self._reap())

    async def wait(self) -> int:
        """The exit code, as a shell tells it; the process is reaped also when nobody waits any more."""
        return await asyncio.shield(self._end)

    async def _reap(self) -> int:
        handle = Descriptor(os.pidfd_open(self.pid))
        try:
            await handle.ready()
        finally:
            handle.close()
        code = self._process.wait()
        return code if code >= 0 else KILLED_BY_SHELL - code

    def signal(self, number: int) -> None:
        """Send a signal to the whole session's first process group; nothing happens when all of it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End the process group now."""
        self.signal(signal.SIGKILL)


def device_pid(host_pid: int) -> int | None:
    """The number by which a process is known inside the device, or None when it is gone."""
    try:
        status = Path(f"/proc/{host_pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return host_pid


def host_pids(init_pid: int) -> dict[int, int]:
    """Device pid to host pid, for every process in the namespace of the device's first process."""
    found: dict[int, int] = {}
    try:
        space = Path(f"/proc/{init_pid}/ns/pid").readlink()
    except OSError:
        return found
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "ns/pid").readlink() != space:
                continue
        except OSError:
            continue
        inside = device_pid(int(entry.name))
        if inside is not None:
            found[inside] = int(entry.name)
    return found
