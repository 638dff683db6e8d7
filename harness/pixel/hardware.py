"""What the emulator console changes, and a reboot doesn't: the battery, and the network that is told but not shaped."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class BatteryStatus(IntEnum):
    """Android's `BatteryManager.BATTERY_STATUS_…`."""

    unknown = 1
    charging = 2
    discharging = 3
    not_charging = 4
    full = 5


class BatteryHealth(IntEnum):
    """Android's `BatteryManager.BATTERY_HEALTH_…`."""

    unknown = 1
    good = 2
    overheat = 3
    dead = 4
    overvoltage = 5
    failure = 6


class ThermalStatus(IntEnum):
    """Android's `PowerManager.THERMAL_STATUS_…`."""

    none = 0
    light = 1
    moderate = 2
    severe = 3
    critical = 4
    emergency = 5
    shutdown = 6


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery's state; `level` is in percent."""

    ac: bool = True
    status: BatteryStatus = BatteryStatus.charging
    health: BatteryHealth = BatteryHealth.good
    present: bool = True
    level: int = 100

    def described(self) -> str:
        """What `dumpsys battery` prints of it."""
        return (
            "Current Battery Service state:\n"
            f"  AC powered: {str(self.ac).lower()}\n"
            "  USB powered: false\n"
            "  Wireless powered: false\n"
            "  Dock powered: false\n"
            "  Max charging current: 0\n"
            "  Max charging voltage: 0\n"
            "  Charge counter: 0\n"
            f"  status: {self.status:d}\n"
            f"  health: {self.health:d}\n"
            f"  present: {str(self.present).lower()}\n"
            f"  level: {self.level}\n"
            "  scale: 100\n"
            "  voltage: 5000\n"
            "  temperature: 250\n"
            "  technology: Li-ion\n"
        )


@dataclass(frozen=True, slots=True)
class Link:
    """The network as it was asked for: bits a second (0 is as fast as can be) and milliseconds of delay."""

    upload_bits: int = 0
    download_bits: int = 0
    minimum_delay_ms: int = 0
    maximum_delay_ms: int = 0


@dataclass(slots=True)
class Hardware:
    """A virtual device's, as it is now."""

    battery: Battery = field(default_factory=Battery)
    link: Link = field(default_factory=Link)
    thermal: ThermalStatus = ThermalStatus.none
