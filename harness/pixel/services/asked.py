"""A stream that an adb server asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.adbd import Connection
    from harness.pixel.device import VirtualPixel
    from harness.pixel.transports import Transports


@dataclass(frozen=True, slots=True)
class Asked:
    """The name that was asked for, over which connection, of which device, and how servers reach that."""

    device: VirtualPixel
    connection: Connection
    transports: Transports
    name: str

    @property
    def family(self) -> str:
        """What is before the first colon or comma."""
        return self.name.partition(":")[0].partition(",")[0]

    @property
    def argument(self) -> str:
        """What is after the first colon."""
        return self.name.partition(":")[2]
