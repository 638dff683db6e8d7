"""What the console and Android's own services change of a device's hardware, and a reboot doesn't change back.

Apps are told of each change by who watches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

HOT_SKIN: Final = (39.0, 43.0, 45.0, 46.5, 52.0, 55.0)
"""Degrees Celsius of the skin from which a Pixel 6 to 8 is throttled lightly, moderately … shut down."""
_AT_REST: Final = 30.0
_ABOVE: Final = 0.5


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
    """A battery's state: `level` in percent, `temperature` in tenths of a degree Celsius, `counter` in µAh, `voltage` in mV."""

    ac: bool = True
    usb: bool = False
    wireless: bool = False
    dock: bool = False
    status: BatteryStatus = BatteryStatus.charging
    health: BatteryHealth = BatteryHealth.good
    present: bool = True
    level: int = 100
    temperature: int = 250
    counter: int = 0
    voltage: int = 5000

    @property
    def plugged(self) -> int:
        """`BatteryManager.EXTRA_PLUGGED`: the first of AC 1, USB 2, wireless 4, dock 8 that gives power, or 0."""
        sources = {1: self.ac, 2: self.usb, 4: self.wireless, 8: self.dock}
        return next((number for number, on in sources.items() if on), 0)


@dataclass(frozen=True, slots=True)
class Link:
    """The network as it was asked for: bits a second (0 is as fast as can be) and milliseconds of delay."""

    upload_bits: int = 0
    download_bits: int = 0
    minimum_delay_ms: int = 0
    maximum_delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class HardwareState:
    """All that can be set: `memory` in bytes, and the overrides by which Android's services hide what the hardware says."""

    memory: int
    battery: Battery = Battery()
    battery_override: Battery | None = None
    thermal: ThermalStatus = ThermalStatus.none
    thermal_override: ThermalStatus | None = None
    link: Link = Link()


class Hardware:
    """A virtual device's, as it is `now`; `watchers` are called after each change."""

    def __init__(self, memory: int) -> None:
        self.now = HardwareState(memory)
        self.watchers: set[Callable[[], None]] = set()

    def change(self, state: HardwareState) -> None:
        """Let `state` be what is."""
        if state != self.now:
            self.now = state
            for watcher in tuple(self.watchers):
                watcher()

    @property
    def battery(self) -> Battery:
        """The battery as apps see it."""
        return self.now.battery_override or self.now.battery

    @property
    def thermal(self) -> ThermalStatus:
        """The thermal status as apps see it."""
        return self.now.thermal if self.now.thermal_override is None else self.now.thermal_override

    @property
    def skin(self) -> float:
        """Degrees Celsius of the one sensor: such as a phone has with the thermal status that was set at the console."""
        return HOT_SKIN[self.now.thermal - 1] + _ABOVE if self.now.thermal else _AT_REST

    @property
    def memory(self) -> int:
        """Bytes of memory that the device says it has."""
        return self.now.memory

    def facts(self) -> dict[str, int]:
        """What an app's process is told, by the names that `dev.tfliteharness.pixel.app.Hardware` reads."""
        battery = self.battery
        return {
            "battery_health": int(battery.health),
            "battery_level": battery.level,
            "battery_plugged": battery.plugged,
            "battery_present": int(battery.present),
            "battery_status": int(battery.status),
            "battery_temperature": battery.temperature,
            "battery_voltage": battery.voltage,
            "memory": self.memory,
            "skin": round(self.skin * 10),
            "skin_severe": round(HOT_SKIN[ThermalStatus.severe - 1] * 10),
            "thermal": int(self.thermal),
        }
