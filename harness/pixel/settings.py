"""The device's settings: what Android's `SettingsProvider` and `DeviceConfig` keep, as long as its state lives."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAMESPACES: Final = ("system", "secure", "global")
SIZE: Final = "display_size_forced"
DENSITY: Final = "display_density_forced"
_DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "global": {
        "adb_enabled": "1",
        "airplane_mode_on": "0",
        "animator_duration_scale": "1.0",
        "auto_time": "1",
        "bluetooth_on": "0",
        "boot_count": "1",
        "development_settings_enabled": "1",
        "device_provisioned": "1",
        "mobile_data": "0",
        "stay_on_while_plugged_in": "0",
        "transition_animation_scale": "1.0",
        "wifi_on": "0",
        "window_animation_scale": "1.0",
    },
    "secure": {
        "location_mode": "0",
        "show_ime_with_hard_keyboard": "0",
        "ui_night_mode": "1",
        "user_setup_complete": "1",
    },
    "system": {
        "accelerometer_rotation": "1",
        "font_scale": "1.0",
        "screen_brightness": "102",
        "screen_brightness_mode": "1",
        "screen_off_timeout": "60000",
        "time_12_24": "24",
        "user_rotation": "0",
    },
}


class Settings:
    """Texts by namespace and name: those of the file over Android's defaults. A namespace may have any name."""

    def __init__(self, state: Path) -> None:
        self._file = state / "settings.json"
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            read = {}
        self._stored: dict[str, dict[str, str]] = read if isinstance(read, dict) else {}
        if "android_id" not in self._stored.get("secure", {}):
            self.put("secure", "android_id", secrets.token_hex(8))

    def get(self, space: str, name: str) -> str | None:
        """The value, or None."""
        return self.listed(space).get(name)

    def listed(self, space: str) -> dict[str, str]:
        """All of a namespace, by name."""
        return dict(sorted((dict(_DEFAULTS.get(space, {})) | self._stored.get(space, {})).items()))

    def put(self, space: str, name: str, value: str) -> None:
        """Set a value, for good."""
        self._stored.setdefault(space, {})[name] = value
        self._write()

    def delete(self, space: str, name: str) -> bool:
        """Back to Android's default, if there is one; whether the value had been set."""
        removed = self._stored.get(space, {}).pop(name, None)
        self._write()
        return removed is not None

    def reset(self, space: str) -> None:
        """Forget all that was set in a namespace."""
        self._stored.pop(space, None)
        self._write()

    def _write(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._stored), encoding="utf-8")
        fresh.replace(self._file)
