"""`dumpsys gfxinfo`: whose processes could draw. Frames aren't counted here, so no figure of them is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.commands.dumpsys.memory import uptime_line

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys gfxinfo [PACKAGE|PID] [reset|framestats]`."""
    words = [word for word in arguments if not word.startswith("-") and word not in ("reset", "framestats")]
    found = [
        record
        for record in device.activities.running()
        if not words or words[0] in (record.package.name, str(record.pid))
    ]
    if words and not found:
        return f"No process found for: {words[0]}\n"
    text = f"Applications Graphics Acceleration Info:\n{uptime_line(device)}"
    return text + "".join(f"\n** Graphics info for pid {record.pid} [{record.package.name}] **\n\n" for record in found)
