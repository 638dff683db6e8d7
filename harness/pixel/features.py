"""What the device says that it can do (`pm list features`): no more than is true of it."""

from __future__ import annotations

from typing import Final

OPENGL_ES: Final = 0x30002
"""The version that Mesa gives apps here: 3.2."""
FEATURES: Final = (
    "android.hardware.opengles.aep",
    "android.hardware.ram.normal",
    "android.hardware.screen.landscape",
    "android.hardware.screen.portrait",
    "android.hardware.touchscreen",
)
