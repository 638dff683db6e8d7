"""The services that the device has: what `cmd -l`, `service list` and `dumpsys -l` name, each with its interface."""

from __future__ import annotations

from typing import Final

INTERFACES: Final = {
    "SurfaceFlinger": "android.ui.ISurfaceComposer",
    "activity": "android.app.IActivityManager",
    "appops": "com.android.internal.app.IAppOpsService",
    "battery": "",
    "connectivity": "android.net.IConnectivityManager",
    "content": "android.content.IContentService",
    "cpuinfo": "",
    "device_config": "",
    "diskstats": "",
    "display": "android.hardware.display.IDisplayManager",
    "gfxinfo": "",
    "input": "android.hardware.input.IInputManager",
    "input_method": "com.android.internal.view.IInputMethodManager",
    "lock_settings": "com.android.internal.widget.ILockSettings",
    "meminfo": "",
    "package": "android.content.pm.IPackageManager",
    "power": "android.os.IPowerManager",
    "settings": "",
    "statusbar": "com.android.internal.statusbar.IStatusBarService",
    "thermalservice": "android.os.IThermalService",
    "uimode": "android.app.IUiModeManager",
    "user": "android.os.IUserManager",
    "window": "android.view.IWindowManager",
}
"""By name, in the order of Android's lists; an empty interface is a service that only dumps."""


def listed() -> str:
    """The list under its heading, as `cmd -l` and `dumpsys -l` print it."""
    return "Currently running services:\n" + "".join(f"  {name}\n" for name in INTERFACES)
