"""What a running device tells of itself: asked over its console, as a line of JSON."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import DeviceUnavailable
from harness.pixel.emulator_console import TOKEN_NAME

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.lifecycle import PixelInfo

_DEADLINE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class AppStatus:
    """A running app: its package, its process id on the device, and its proportional set size in kB."""

    package: str
    pid: int
    memory_kb: int


@dataclass(frozen=True, slots=True)
class PixelStatus:
    """A device as it is: `uptime_s` since its boot, `memory_kb` the proportional set size of its own processes.

    `battery_level` is in percent, `battery_status` and `thermal` are Android's words, `memory` is what it says to have,
    in bytes.
    """

    model: str
    release: str
    uptime_s: float
    memory_kb: int
    memory: int
    battery_level: int
    battery_status: str
    plugged: bool
    thermal: str
    apps: tuple[AppStatus, ...]


def status_of(device: VirtualPixel, pid: int) -> PixelStatus:
    """The status of a device whose own process is `pid`."""
    battery = device.hardware.battery
    apps = tuple(
        AppStatus(record.package.name, record.pid, resident_kilobytes([record.handle.pid]))
        for record in device.activities.running()
    )
    return PixelStatus(
        model=device.profile.model,
        release=device.profile.release,
        uptime_s=round(time.monotonic() - device.booted, 3),
        memory_kb=resident_kilobytes([pid, device.init_pid]),
        memory=device.hardware.memory,
        battery_level=battery.level,
        battery_status=battery.status.name,
        plugged=battery.plugged != 0,
        thermal=device.hardware.thermal.name,
        apps=apps,
    )


def ask_status(info: PixelInfo) -> PixelStatus:
    """Ask a running device. Raises `DeviceUnavailable` when it doesn't answer, or doesn't know this user's token."""
    try:
        with (
            socket.create_connection(("127.0.0.1", info.port), _DEADLINE_S) as console,
            console.makefile("rwb") as lines,
        ):
            token = (Path.home() / TOKEN_NAME).read_text(encoding="utf-8").strip()
            lines.write(f"auth {token}\nstatus\nquit\n".encode())
            lines.flush()
            heard = [line.decode("utf-8", "replace").strip() for line in lines]
    except OSError as error:
        raise _unanswered(info, str(error)) from error
    answer = next((line for line in heard if line.startswith("{")), None)
    if answer is None:
        raise _unanswered(info, next((line for line in heard if line.startswith("KO")), "its console closed"))
    document = json.loads(answer)
    apps = tuple(AppStatus(**each) for each in document.pop("apps"))
    return PixelStatus(**document, apps=apps)


def status_line(status: PixelStatus) -> str:
    """The line that the console answers with."""
    return json.dumps(asdict(status))


def resident_kilobytes(pids: list[int]) -> int:
    """Proportional set size of these processes together, in kB: shared pages count once. Those that ended count nothing."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total


def _unanswered(info: PixelInfo, why: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        "pixel.status", f"{info.serial} doesn't tell its status", why=why, hint=f"its log is in {info.state}"
    )
