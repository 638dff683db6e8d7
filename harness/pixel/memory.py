"""The device's memory: as much as its hardware has, of which its processes use what the kernel says that they do."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.pixel.process_table import PAGE, DeviceProcess, folders
from harness.pixel.sandbox import MEMORY

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_ABSENT: Final = ("Buffers", "Cached", "SwapCached", "SwapTotal", "SwapFree")


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Bytes: all that the device has, and what its processes take of it."""

    total: int
    used: int

    @property
    def free(self) -> int:
        """What no process takes."""
        return max(self.total - self.used, 0)


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """A process' memory in kB, whole, and with its share of what it shares with others."""

    rss: int
    pss: int


def device_memory(device: VirtualPixel) -> DeviceMemory:
    """How much there is now, and how much its processes use for themselves; the host's page cache isn't the device's."""
    used = 0
    for _, folder in folders(device):
        with contextlib.suppress(OSError):
            _, resident, shared, *_ = (folder / "statm").read_text(encoding="ascii").split()
            used += (int(resident) - int(shared)) * PAGE
    return DeviceMemory(device.hardware.memory, used)


def process_memory(process: DeviceProcess) -> ProcessMemory | None:
    """A process' memory, as the kernel sums it up in `smaps_rollup`, or None when it has ended."""
    try:
        text = (process.folder / "smaps_rollup").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    figures = {name: int(rest.split()[0]) for line in text.splitlines()[1:] for name, _, rest in [line.partition(":")]}
    return ProcessMemory(figures.get("Rss", 0), figures.get("Pss", 0))


def write_meminfo(device: VirtualPixel) -> None:
    """Write the file that the device's programs see as `/proc/meminfo`; it is as old as the last shell that was opened."""
    now = device_memory(device)
    figures = {"MemTotal": now.total, "MemFree": now.free, "MemAvailable": now.free} | dict.fromkeys(_ABSENT, 0)
    text = "".join(f"{name + ':':<16}{size >> 10:>8} kB\n" for name, size in figures.items())
    fd = os.open(device.root / MEMORY, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.pwrite(fd, text.encode(), 0)  # always as long: who reads meanwhile never sees half a file
    finally:
        os.close(fd)
