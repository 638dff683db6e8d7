"""Virtual Pixels from the host's side: start one, list those that run, stop them.

A device is a process of its own. It holds a lock on a file in its state folder as long as it lives, so whether it runs,
and under which process id, is the kernel's word and not a file's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.errors import DeviceUnavailable, HarnessError, NoDevice, ToolMissing, UsageError
from harness.pixel.profile import Gpu
from harness.pixel.states import LOCK_NAME, Make, check_name, devices_folder, settle_make

FIRST_PORT: Final = 5554
LAST_PORT: Final = 5584
LOG_NAME: Final = "daemon.log"
KEYS_NAME: Final = "adb_keys"

_START_DEADLINE_S: Final = 60.0
_STOP_DEADLINE_S: Final = 10.0
_FLOCK: Final = struct.Struct("hhqqi4x")
_ANY: Final = Make()


@dataclass(frozen=True, slots=True)
class PixelInfo:
    """A running virtual Pixel. `port` is its console's, adb's is the next; `state` is its folder on the host.

    `profile` and `api` are those of `harness.pixel.profile`; `secure` asks adb servers for a known key.

    `owner` is the descriptor that keeps an owned device up in the process that started it: the device ends when that
    process does, or when `release` closes it.
    """

    name: str
    serial: str
    pid: int
    port: int
    state: str
    profile: str
    api: int
    gpu: Gpu
    secure: bool
    owner: int | None = field(default=None, compare=False)


def start(
    name: str | None = None,
    port: int | None = None,
    *,
    owner: bool,
    make: Make = _ANY,
    wipe: bool = False,
    secure: bool = False,
) -> PixelInfo:
    """Start a device and return when adb can reach it.

    Without `name` its state is that of its profile, API level and port; without `port` it takes the first free even one
    from 5554. With `owner` it ends with the calling process, however that ends; without, it runs until it is stopped.
    With `secure` it serves only adb servers whose key it was told (`authorise`), and is listed as unauthorized by
    others. Raises `UsageError` for a bad name, port or make, `DeviceUnavailable` when the port or the state is taken or
    the sandbox doesn't work, `ToolMissing` when a tool isn't there.
    """
    _check_arguments(name, port)
    profile = settle_make(make, name, wipe=wipe)
    ready_read, ready_write = os.pipe()
    owner_read, owner_write = os.pipe()
    command = [sys.executable, "-m", "harness.pixel.daemon", "--devices", str(devices_folder().absolute())]
    command += ["--ready", str(ready_write), "--profile", profile.name, "--api", str(profile.sdk), "--gpu", make.gpu]
    command += ["--name", name] if name else []
    command += ["--port", str(port)] if port else []
    command += ["--owner", str(owner_read)] if owner else []
    command += ["--wipe"] if wipe else []
    command += ["--secure"] if secure else []
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(ready_write, owner_read) if owner else (ready_write,),
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            check=False,
            timeout=_START_DEADLINE_S,
        )
        os.close(ready_write)
        ready_write = -1
        answer = _read_answer(ready_read)
        info = _read_info(answer, owner_write if owner else None)
        owner_write = -1 if owner else owner_write
        return info
    finally:
        for fd in (ready_read, ready_write, owner_read, owner_write):
            if fd >= 0:
                os.close(fd)


def running() -> list[PixelInfo]:
    """The devices that run now, by port."""
    found = []
    for lock in devices_folder().glob(f"*/{LOCK_NAME}"):
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            with lock.open("rb") as stream:
                pid = _lock_holder(stream.fileno())
                document = json.load(stream) if pid else {}
            if pid and document["pid"] == pid:
                found.append(_from_document(document, None))
    return sorted(found, key=lambda info: info.port)


def named(serial: str) -> PixelInfo:
    """The device that runs under this serial. Raises `NoDevice` (`pixel.unknown`)."""
    for info in running():
        if info.serial == serial:
            return info
    raise NoDevice("pixel.unknown", f"no virtual Pixel {serial} runs here", hint="harness pixel list")


def stop(info: PixelInfo) -> None:
    """End a device and all that it started; nothing happens when it has ended already.

    Raises `DeviceUnavailable` when it is still there after it was killed.
    """
    if info.owner is not None:
        with contextlib.suppress(OSError):
            os.close(info.owner)
    with _process(info) as handle:
        if handle is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            poller = select.poll()
            poller.register(handle, select.POLLIN)
            if poller.poll(_STOP_DEADLINE_S * 1000):
                return
    raise DeviceUnavailable("pixel.stop", f"{info.serial} doesn't end", why=f"process {info.pid} outlives SIGKILL")


def authorise(info: PixelInfo, key: Path) -> None:
    """Add the public key in a file, as `~/.android/adbkey.pub`, to those that a device accepts; servers that wait for it
    are served at once. Raises `UsageError` when the file has no such key.
    """
    from harness.pixel.authorisation import parse_key

    try:
        line = key.read_text(encoding="utf-8").strip()
        parse_key(line)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            "pixel.key",
            f"{key} can't be used as an adb key",
            why=str(why),
            hint="the public half is wanted, as in ~/.android/adbkey.pub; adb makes it when its server starts",
        ) from None
    keys = Path(info.state) / KEYS_NAME
    known = keys.read_text(encoding="utf-8").splitlines() if keys.exists() else []
    if line not in known:
        fresh = keys.with_name(f".{KEYS_NAME}.new")
        fresh.write_text("".join(f"{each}\n" for each in (*known, line)), encoding="utf-8")
        fresh.replace(keys)


@contextlib.contextmanager
def _process(info: PixelInfo) -> Iterator[int | None]:
    """A handle of the device's process, or None when it isn't that device's any more."""
    try:
        handle = os.pidfd_open(info.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle if any(other.pid == info.pid and other.state == info.state for other in running()) else None
    finally:
        os.close(handle)


def _check_arguments(name: str | None, port: int | None) -> None:
    if name is not None:
        check_name(name)
    if port is not None and (port % 2 or not FIRST_PORT <= port <= LAST_PORT):
        raise UsageError(
            "pixel.port",
            f"a virtual Pixel can't listen on port {port}",
            why="adb looks for emulators on even ports, and on the next one for their transport",
            hint=f"choose an even port from {FIRST_PORT} to {LAST_PORT}",
        )


def _read_answer(fd: int) -> bytes:
    """The one line that a device writes when it is up, or can't be. Raises `DeviceUnavailable` when it writes none in time."""
    deadline, answer = time.monotonic() + _START_DEADLINE_S, b""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        if not poller.poll(left * 1000):
            break
        data = os.read(fd, 1 << 16)
        if not data:
            if answer:
                return answer
            raise DeviceUnavailable(
                "pixel.start", "the virtual Pixel ended before it was up", hint=f"see {LOG_NAME} in {devices_folder()}"
            )
        answer += data
    raise DeviceUnavailable("pixel.start", f"the virtual Pixel isn't up after {_START_DEADLINE_S:.0f} s")


def _read_info(answer: bytes, owner: int | None) -> PixelInfo:
    document = json.loads(answer)
    if error := document.get("error"):
        kind: type[HarnessError] = ToolMissing if error["tool_missing"] else DeviceUnavailable
        raise kind(error["code"], error["what"], why=error["why"], hint=error["hint"])
    return _from_document(document, owner)


def _from_document(document: dict[str, Any], owner: int | None) -> PixelInfo:
    return PixelInfo(
        str(document["name"]), str(document["serial"]), int(document["pid"]), int(document["port"]),
        str(document["state"]), str(document["profile"]), int(document["api"]), Gpu(document["gpu"]),
        bool(document["secure"]), owner,
    )  # fmt: skip


def _lock_holder(fd: int) -> int:
    """The process that holds the lock on a file, or 0. Asking doesn't take it."""
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, asked))
    return 0 if kind == fcntl.F_UNLCK else int(pid)
