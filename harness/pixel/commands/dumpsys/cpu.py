"""`dumpsys cpuinfo`: the processor time of the device's processes since it booted."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from harness.pixel.process_table import TICKS, running, seconds_up

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, _: tuple[str, ...]) -> str:
    """As Android 14's `ProcessCpuTracker`, over the whole time since the boot; the load is the machine's."""
    span = max(seconds_up(device), 0.01)

    def share(ticks: int) -> str:
        percent = 100 * ticks / TICKS / span
        return f"{percent:.1f}".removesuffix(".0") if percent < 10 else f"{percent:.0f}"

    def clock(moment: float) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}"

    processes = sorted(running(device), key=lambda process: -process.ticks)
    lines = [
        "Load: " + " / ".join(f"{value:.2f}".removesuffix("0") for value in os.getloadavg()),
        f"CPU usage from {int(span * 1000)}ms to 0ms ago ({clock(time.time() - span)} to {clock(time.time())}):",
    ]
    for process in processes:
        faults = [
            f"{count} {kind}" for count, kind in ((process.faults, "minor"), (process.major_faults, "major")) if count
        ]
        lines.append(
            f"  {share(process.ticks)}% {process.pid}/{process.name}: {share(process.user_ticks)}% user + "
            f"{share(process.system_ticks)}% kernel" + (f" / faults: {' '.join(faults)}" if faults else "")
        )
    user, system = sum(p.user_ticks for p in processes), sum(p.system_ticks for p in processes)
    lines.append(f"{share(user + system)}% TOTAL: {share(user)}% user + {share(system)}% kernel")
    return "\n".join(lines) + "\n"
