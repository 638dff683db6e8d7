"""`dumpsys power`: whether the screen is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.settings import Settings

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, _: tuple[str, ...]) -> str:
    """The lines of Android 14's `PowerManagerService` that tell whether the screen is on, and by what it is fed."""
    battery, kept = device.hardware.battery, Settings(device.state)
    awake = device.power.awake
    stays = int(kept.get("global", "stay_on_while_plugged_in") or 0)
    return (
        "POWER MANAGER (dumpsys power)\n"
        "\n"
        "Power Manager State:\n"
        "  mDirty=0x0\n"
        f"  mWakefulness={'Awake' if awake else 'Asleep'}\n"
        "  mWakefulnessChanging=false\n"
        f"  mIsPowered={str(bool(battery.plugged)).lower()}\n"
        f"  mPlugType={battery.plugged}\n"
        f"  mBatteryLevel={battery.level}\n"
        f"  mStayOn={str(bool(stays & battery.plugged)).lower()}\n"
        "  mBootCompleted=true\n"
        "  mSystemReady=true\n"
        f"  mInteractive={str(awake).lower()}\n"
        "  mHoldingWakeLockSuspendBlocker=false\n"
        "  mHoldingDisplaySuspendBlocker=true\n"
        "\n"
        "Settings and Configuration:\n"
        f"  mScreenOffTimeoutSetting={kept.get('system', 'screen_off_timeout')}\n"
        f"  mStayOnWhilePluggedInSetting={stays}\n"
        "\n"
        "Wake Locks: size=0\n"
        "\n"
        f"Display Power: state={'ON' if awake else 'OFF'}\n"
    )
