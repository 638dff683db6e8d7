"""`dumpsys user`: the device's one user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(_: VirtualPixel, __: tuple[str, ...]) -> str:
    """As Android 14's `UserManagerService` prints it."""
    return (
        "Current user: 0\n"
        "Users:\n"
        "  UserInfo{0:Owner:4c13} serialNo=0 isPrimary=true\n"
        "    Type: android.os.usertype.full.SYSTEM\n"
        "    Flags: 19475 (ADMIN|FULL|INITIALIZED|MAIN|PRIMARY|SYSTEM)\n"
        "    State: RUNNING_UNLOCKED\n"
    )
