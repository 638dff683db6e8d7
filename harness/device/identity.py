"""Who a device says it is, out of its properties."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.device.base import Device
from harness.device.shell import check

_PROPERTY = re.compile(r"^\[(?P<key>[^\]]+)\]: \[(?P<value>.*?)\]$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Identity:
    """Manufacturer, model, Android release and API level, ABIs in order of preference, build fingerprint, hardware."""

    serial: str
    manufacturer: str
    model: str
    release: str
    sdk: int
    abis: tuple[str, ...]
    fingerprint: str
    hardware: str
    emulated: bool

    @property
    def title(self) -> str:
        """In one line."""
        return f"{self.manufacturer} {self.model}, Android {self.release} ({self.serial})"


def identify(device: Device) -> Identity:
    """Ask the device; fields that it lacks are empty."""
    found = {match["key"]: match["value"] for match in _PROPERTY.finditer(check(device, ["getprop"]).text)}
    sdk = found.get("ro.build.version.sdk", "")
    abis = found.get("ro.product.cpu.abilist", "") or found.get("ro.product.cpu.abi", "")
    return Identity(
        serial=device.serial,
        manufacturer=found.get("ro.product.manufacturer", ""),
        model=found.get("ro.product.model", ""),
        release=found.get("ro.build.version.release", ""),
        sdk=int(sdk) if sdk.isdigit() else 0,
        abis=tuple(abi for abi in abis.split(",") if abi),
        fingerprint=found.get("ro.build.fingerprint", ""),
        hardware=found.get("ro.hardware", ""),
        emulated=found.get("ro.kernel.qemu", found.get("ro.boot.qemu", "")) == "1",
    )
