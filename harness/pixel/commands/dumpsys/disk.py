"""`dumpsys diskstats`: what is free."""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

from harness.pixel.commands.storage import file_systems

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, _: tuple[str, ...]) -> str:
    """As Android 14's `DiskStatsService`: a write of 512 bytes to `/data` is timed, too."""
    systems = {system.place: system for system in file_systems(device)}
    names = {"Data": systems["/data"], "Cache": systems["/data"], "System": systems["/"]}
    began = time.monotonic()
    with tempfile.TemporaryFile(dir=device.root / "data/system") as stream:
        stream.write(bytes(512))
        stream.flush()
        os.fsync(stream.fileno())
    lines = [f"Latency: {round((time.monotonic() - began) * 1000)}ms [512B Data Write]"]
    for name, system in names.items():
        free, total = system.available >> 10, system.total >> 10
        lines.append(f"{name}-Free: {free}K / {total}K total = {free * 100 // max(total, 1)}% free")
    return "\n".join([*lines, "File-based Encryption: false"]) + "\n"
