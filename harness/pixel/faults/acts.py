"""What a fault does when it begins and when it ends, beside those that operations meet on their way."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.pixel.faults.kinds import (
    Booting,
    Drop,
    Fault,
    Freeze,
    FullStorage,
    HangInstall,
    KillApp,
    LoseLog,
    Offline,
    Reboot,
    RefuseInstall,
    Slow,
    StopApp,
    Thermal,
    Unauthorized,
)
from harness.pixel.hardware import ThermalStatus
from harness.pixel.logcat import Priority
from harness.pixel.refusals import InstallRefused

if TYPE_CHECKING:
    from harness.pixel.app_record import AppRecord
    from harness.pixel.device import VirtualPixel
    from harness.pixel.transports import Transports

log = logging.getLogger(__name__)

_TOP_APP: Final = 0
"""`oom_score_adj` of an app that is in use."""


class FaultActs:
    """Bound to one boot of a device and the connections to it."""

    def __init__(self, device: VirtualPixel, transports: Transports) -> None:
        self._device, self._transports = device, transports
        device.packages.gate = self._before_install
        for fault in device.faults.begun():
            if isinstance(fault, LoseLog | Booting):
                self(fault, True)

    def __call__(self, fault: Fault, on: bool) -> None:
        """Begin or end a fault. Raises `ValueError` when it can't begin."""
        match fault:
            case Drop(0) | Offline() | Unauthorized():
                self._transports.drop_all()
            case Freeze() | Slow():
                self._transports.look_at_faults()
            case KillApp(package, number) if on:
                self._kill(self._running(package), number)
            case StopApp(package):
                self._stop(package, on)
            case LoseLog():
                lossy = self._device.faults.active(LoseLog)
                self._device.logs.loses = (lambda number: number % lossy.every == 0) if lossy else None
            case Booting():
                self._device.properties.set("sys.boot_completed", "" if on else "1")
                self._device.properties.set("init.svc.bootanim", "running" if on else "stopped")
            case Reboot() if on:
                self._device.rebooting.set()
            case Thermal():
                hot = self._device.faults.active(Thermal)
                hardware = self._device.hardware
                hardware.change(replace(hardware.now, thermal=hot.status if hot else ThermalStatus.none))

    def _running(self, package: str) -> AppRecord:
        for record in self._device.activities.running():
            if record.package.name == package:
                return record
        raise ValueError(f"{package} isn't running")

    def _kill(self, record: AppRecord, number: signal.Signals) -> None:
        if number is signal.SIGKILL:
            words = f"uid {record.package.uid}, oom_score_adj {_TOP_APP} to free 0kB rss; reason: a fault that was asked for"
            message = f"Kill '{record.package.name}' ({record.pid}), {words}"
            self._device.system_log(Priority.I, "lowmemorykiller", message)
        os.kill(record.handle.pid, number)

    def _stop(self, package: str, on: bool) -> None:
        if on:
            os.kill(self._running(package).handle.pid, signal.SIGSTOP)
            return
        with contextlib.suppress(ValueError, ProcessLookupError):  # it may have ended meanwhile
            os.kill(self._running(package).handle.pid, signal.SIGCONT)

    async def _before_install(self) -> None:
        """Let an installation go on, or hang, or raise `InstallRefused`."""
        faults = self._device.faults
        if faults.take(HangInstall):
            await asyncio.Event().wait()
        if refusal := faults.take(RefuseInstall):
            raise InstallRefused(refusal.code, refusal.message)
        if faults.active(FullStorage):
            raise InstallRefused("INSTALL_FAILED_INSUFFICIENT_STORAGE", os.strerror(errno.ENOSPC))
