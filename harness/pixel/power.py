"""Whether the screen is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


class Power:
    """The power manager of one device; the foreground app stops while it sleeps."""

    def __init__(self, device: VirtualPixel) -> None:
        self._device = device
        self.awake = True

    async def set_awake(self, *, awake: bool) -> None:
        """Switch the screen on or off. There is no lock screen."""
        if self.awake != awake:
            self.awake = awake
            await self._device.activities.show_foreground(shown=awake)
