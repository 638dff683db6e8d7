"""The device's lmkd: when the apps take more memory than there is, the one that is missed least is killed.

Messages follow Android 14's `lmkd.cpp`.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.logcat import Buffer, Priority

if TYPE_CHECKING:
    from harness.pixel.activities import ActivityManager
    from harness.pixel.app_record import AppRecord
    from harness.pixel.device import VirtualPixel

log = logging.getLogger(__name__)

_PERIOD_S: Final = 0.25
_KB: Final = 1024


def memory_of(device: VirtualPixel) -> int:
    """Bytes of memory that the device has now: the profile's, or what the console has made of it."""
    return device.hardware.memory


def resident_kb(pid: int) -> int:
    """Memory of a process of the host in KiB, its share of shared pages only (Pss); 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


class LowMemoryKiller:
    """Looks at the apps' memory while there are apps."""

    def __init__(self, device: VirtualPixel, activities: ActivityManager) -> None:
        self._device, self._activities = device, activities
        self._task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Begin to look; it ends by itself with the last app."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while records := self._activities.running():
            taken = {record.pid: await asyncio.to_thread(resident_kb, record.handle.pid) for record in records}
            if sum(taken.values()) * _KB > memory_of(self._device):
                victim = max(records, key=lambda each: (self._activities.score(each), taken[each.pid]))
                self._kill(victim, taken[victim.pid])
                await victim.ended.wait()
            await asyncio.sleep(_PERIOD_S)

    def _kill(self, record: AppRecord, kilobytes: int) -> None:
        text = (
            f"Kill '{record.package.name}' ({record.pid}), uid {record.package.uid}, oom_score_adj"
            f" {self._activities.score(record)} to free {kilobytes}kB rss, 0kB swap; reason: low watermark is breached"
        )
        self._device.system_log(Priority.I, "lowmemorykiller", text, Buffer.main)
        record.handle.kill()
