"""`dumpsys thermalservice`: how hot the device says that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_THERMAL: Final = """\
IsStatusOverride: false
ThermalEventListeners:
Thermal Status: {status}
Cached temperatures:
HAL Ready: false
HAL connection:
Current temperatures from HAL:
Current cooling devices from HAL:
"""


def dump(device: VirtualPixel, _: tuple[str, ...]) -> str:
    """The status, as Android 14's `ThermalManagerService` prints it."""
    return _THERMAL.format(status=device.hardware.thermal.value)
