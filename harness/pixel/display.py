"""The device's display: the profile's screen, and the size and density that `wm` puts in their place.

An app's process has the profile's screen when it is started; an override is kept and told, as Android tells it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.pixel.settings import DENSITY, SIZE, Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_SIZE: Final = re.compile(r"(\d+)[,x](\d+)")


@dataclass(frozen=True, slots=True)
class Display:
    """Physical figures, and overrides where there are any; sizes are pixels in portrait, density dots per inch."""

    physical: tuple[int, int]
    physical_density: int
    forced: tuple[int, int] | None
    forced_density: int | None
    rotation: int
    hertz: float

    @property
    def size(self) -> tuple[int, int]:
        """What apps are told, in portrait."""
        return self.forced or self.physical

    @property
    def density(self) -> int:
        """What apps are told."""
        return self.forced_density or self.physical_density

    @property
    def turned(self) -> tuple[int, int]:
        """The size as the screen is held now."""
        width, height = self.size
        return (height, width) if self.rotation % 2 else (width, height)


def current_display(device: VirtualPixel) -> Display:
    """The display as it is now."""
    kept, profile = Settings(device.state), device.profile
    size, density, rotation = (
        kept.get(space, name) for space, name in (("global", SIZE), ("secure", DENSITY), ("system", "user_rotation"))
    )
    match = _SIZE.fullmatch(size or "")
    locked = kept.get("system", "accelerometer_rotation") == "0"
    return Display(
        (profile.width, profile.height),
        profile.density,
        (int(match[1]), int(match[2])) if match else None,
        int(density) if density and density.isdecimal() else None,
        int(rotation) if locked and rotation and rotation in "0123" else 0,
        profile.refresh_hz,
    )
