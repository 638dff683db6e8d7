"""System properties: what `getprop` prints and `__system_property_get` answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from harness.pixel.profile import Gpu, Profile

VALUE_MAX: Final = 91
_NAME: Final = re.compile(r"[a-zA-Z0-9_.:@-]+")
_READ_ONLY: Final = "ro."
_KEPT: Final = "persist."
_OLDEST_TARGET: Final = {34: "23", 35: "24"}
"""Apps for an older Android than this are refused, by API level (AOSP's `MIN_SUPPORTED_TARGET_SDK`)."""


class PropertyRefused(ValueError):
    """A property can't be set so: its name, its value or its kind forbids it."""


class Properties:
    """A device's properties, mirrored as `key=value` lines in the file that native code reads them from."""

    def __init__(self, values: dict[str, str], mirror: Path) -> None:
        self._values = values
        self._mirror = mirror
        self._write()

    def get(self, name: str) -> str:
        """The value, or nothing."""
        return self._values.get(name, "")

    def set(self, name: str, value: str) -> None:
        """Set or replace a property. Raises `PropertyRefused` as Android's property service does."""
        if not _NAME.fullmatch(name) or name.startswith(".") or name.endswith(".") or ".." in name:
            raise PropertyRefused("Invalid property name")
        if name.startswith(_READ_ONLY) and name in self._values:
            raise PropertyRefused("Read-only property was already set")
        if not name.startswith(_READ_ONLY) and len(value.encode()) > VALUE_MAX:
            raise PropertyRefused("Value too long")
        if "\n" in value or "\0" in value:
            raise PropertyRefused("Value has a line end in it")
        self._values[name] = value
        self._write()

    def listed(self) -> list[tuple[str, str]]:
        """All of them, by name."""
        return sorted(self._values.items())

    def kept(self) -> dict[str, str]:
        """Those that outlive a restart (`persist.…`)."""
        return {name: value for name, value in self._values.items() if name.startswith(_KEPT)}

    def _write(self) -> None:
        fresh = self._mirror.with_name(f".{self._mirror.name}.new")
        fresh.write_text("".join(f"{name}={value}\n" for name, value in self.listed()), encoding="utf-8")
        fresh.replace(self._mirror)


def initial_properties(
    profile: Profile, serial: str, avd_name: str, *, secure: bool = False, gpu: Gpu = Gpu.BOTH
) -> dict[str, str]:
    """What a device of this profile says after boot; `ro.kernel.qemu` and `ro.hardware` tell that it is virtual.

    `secure` says that adb servers must show a known key; without a GPU there is no OpenGL ES to tell the version of.
    """
    abilist = ",".join(profile.abis)
    values = {
        "dalvik.vm.heapgrowthlimit": "256m",
        "dalvik.vm.heapsize": "512m",
        "dev.bootcomplete": "1",
        "gsm.sim.state": "ABSENT",
        "init.svc.adbd": "running",
        "init.svc.bootanim": "stopped",
        "init.svc.logd": "running",
        "init.svc.zygote": "running",
        "net.bt.name": "Android",
        "persist.sys.locale": "en-US",
        "persist.sys.timezone": "GMT",
        "persist.sys.usb.config": "adb",
        "qemu.hw.mainkeys": "0",
        "ro.adb.secure": str(int(secure)),
        "ro.allow.mock.location": "0",
        "ro.baseband": "unknown",
        "ro.board.platform": "virtual",
        "ro.boot.hardware": "virtual",
        "ro.boot.mode": "unknown",
        "ro.boot.qemu": "1",
        "ro.boot.qemu.avd_name": avd_name,
        "ro.boot.serialno": serial,
        "ro.bootloader": "unknown",
        "ro.bootmode": "unknown",
        "ro.build.characteristics": "nosdcard",
        "ro.build.date": f"{profile.build_date:%a %b %e %H:%M:%S UTC %Y}",
        "ro.build.date.utc": f"{profile.build_date.timestamp():.0f}",
        "ro.build.description": f"{profile.product}-{profile.build_type} {profile.release} {profile.build_id} "
        f"{profile.incremental} {profile.build_tags}",
        "ro.build.display.id": f"{profile.build_id}.{profile.incremental}",
        "ro.build.fingerprint": profile.fingerprint,
        "ro.build.flavor": f"{profile.product}-{profile.build_type}",
        "ro.build.host": "localhost",
        "ro.build.id": profile.build_id,
        "ro.build.product": profile.device,
        "ro.build.tags": profile.build_tags,
        "ro.build.type": profile.build_type,
        "ro.build.user": "harness",
        "ro.build.version.all_codenames": "REL",
        "ro.build.version.base_os": "",
        "ro.build.version.codename": "REL",
        "ro.build.version.incremental": profile.incremental,
        "ro.build.version.min_supported_target_sdk": _OLDEST_TARGET[profile.sdk],
        "ro.build.version.preview_sdk": "0",
        "ro.build.version.release": profile.release,
        "ro.build.version.release_or_codename": profile.release,
        "ro.build.version.sdk": str(profile.sdk),
        "ro.build.version.security_patch": profile.security_patch,
        "ro.config.low_ram": "false",
        "ro.crypto.state": "unencrypted",
        "ro.crypto.type": "none",
        "ro.debuggable": "0",
        "ro.hardware": "virtual",
        "ro.kernel.qemu": "1",
        "ro.kernel.qemu.avd_name": avd_name,
        "ro.product.cpu.abi": profile.abi,
        "ro.product.cpu.abilist": abilist,
        "ro.product.cpu.abilist32": "",
        "ro.product.cpu.abilist64": abilist,
        "ro.product.board": profile.device,
        "ro.product.first_api_level": str(profile.first_api),
        "ro.product.locale": "en-US",
        "ro.revision": "0",
        "ro.secure": "1",
        "ro.serialno": serial,
        "ro.sf.lcd_density": str(profile.density),
        "ro.treble.enabled": "true",
        "ro.zygote": "zygote64",
        "service.adb.tcp.port": "",
        "sys.boot_completed": "1",
        "sys.usb.config": "adb",
        "sys.usb.state": "adb",
        "vold.post_fs_data_done": "1",
    }
    if gpu is not Gpu.NONE:
        values["ro.opengles.version"] = "196610"
    make = {
        "brand": profile.brand,
        "device": profile.device,
        "manufacturer": profile.manufacturer,
        "model": profile.model,
        "name": profile.product,
    }
    for part in ("", "system.", "vendor.", "product.", "odm.", "system_ext.", "bootimage."):
        values |= {f"ro.product.{part}{key}": value for key, value in make.items()}
    for part in ("system", "vendor", "product", "odm", "bootimage"):
        values[f"ro.{part}.build.fingerprint"] = profile.fingerprint
        values[f"ro.{part}.build.version.sdk"] = str(profile.sdk)
    return values
