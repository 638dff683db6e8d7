"""Where the processes of apps come from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

Event = dict[str, Any]


class AppHandle(Protocol):
    """A running app process, as `harness.pixel.app_process` gives it."""

    @property
    def pid(self) -> int:
        """The process id on the host."""

    async def send(self, command: Event) -> None:
        """Pass a command on."""

    async def wait(self) -> int:
        """The exit code; negative, or over 128, when a signal ended the process."""

    def kill(self) -> None:
        """End the process now."""


Launcher = Callable[["Package", Callable[[Event], None]], Awaitable[AppHandle]]
"""Starts the process of a package, and calls back with each of its events."""


class Zygote:
    """Starts app processes on the real runtime, which is prepared once, when the first app is started."""

    def __init__(self, device: VirtualPixel) -> None:
        self._device = device
        self._runtime: Any = None

    async def __call__(self, package: Package, on_event: Callable[[Event], None]) -> AppHandle:
        """As `Launcher`."""
        from harness.pixel.app_process import AppProcess
        from harness.pixel.runtime_build import prepare_runtime

        device = self._device
        if self._runtime is None:
            self._runtime = await asyncio.to_thread(prepare_runtime, device.profile.sdk)
        return await AppProcess.launch(
            package,
            device.root,
            device.profile,
            self._runtime,
            on_event,
            hardware=device.hardware.facts(),
            gpu=device.gpu,
            join=device.namespaces,
        )
