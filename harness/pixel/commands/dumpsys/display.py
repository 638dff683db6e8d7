"""`dumpsys display`, and the view that `dumpsys input` has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.display import Display, current_display

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, _: tuple[str, ...]) -> str:
    """The one built-in display, as Android 14's `DisplayManagerService` prints it."""
    display = current_display(device)
    physical = "{} x {}".format(*display.physical)
    width, height = display.turned
    density, state = display.density, "ON" if device.power.awake else "OFF"
    shown = (
        f'DisplayInfo{{"Built-in Screen", displayId 0, displayGroupId 0, real {width} x {height}, largest app '
        f"{max(width, height)} x {max(width, height)}, smallest app {min(width, height)} x {min(width, height)}, "
        f"rotation {display.rotation}, state {state}, density {density} ({density}.0 x {density}.0) dpi, "
        f"renderFrameRate {display.hertz}}}"
    )
    return (
        "DISPLAY MANAGER (dumpsys display)\n"
        "  mSafeMode=false\n"
        f"  mViewports=[{_viewport(display)}]\n"
        "\n"
        "Display States: size=1\n"
        "  Display Id=0\n"
        f"  Display State={state}\n"
        "\n"
        "Display Adapters: size=1\n"
        "  LocalDisplayAdapter\n"
        "\n"
        "Display Devices: size=1\n"
        f'  DisplayDeviceInfo{{"Built-in Screen": uniqueId="local:0", {physical}, modeId 1, defaultModeId 1, '
        f"density {display.physical_density}, {display.physical_density}.0 x {display.physical_density}.0 dpi, "
        f"touch INTERNAL, rotation 0, type INTERNAL, state {state}, FLAG_ALLOWED_TO_BE_DEFAULT_DISPLAY}}\n"
        "    mAdapter=LocalDisplayAdapter\n"
        "    mUniqueId=local:0\n"
        f"    mCurrentOrientation={display.rotation}\n"
        f"    mState={state}\n"
        "\n"
        "Logical Displays: size=1\n"
        "  Display 0:\n"
        "    mDisplayId=0\n"
        "    mIsEnabled=true\n"
        f"    mBaseDisplayInfo={shown}\n"
        f"    mOverrideDisplayInfo={shown}\n"
        "\n"
        "Display Power Controller:\n"
        "  mDisplayId=0\n"
        f"  mScreenState={state}\n"
    )


def dump_input(device: VirtualPixel, _: tuple[str, ...]) -> str:
    """Where touches go, as Android 14's `InputManagerService` prints it."""
    display = current_display(device)
    width, height = display.turned
    frame = f"[0, 0, {width}, {height}]"
    return (
        "INPUT MANAGER (dumpsys input)\n"
        "\n"
        "Input Reader State:\n"
        f"  Viewport INTERNAL: displayId=0, uniqueId=local:0, port=0, orientation={display.rotation}, "
        f"logicalFrame={frame}, physicalFrame={frame}, deviceSize=[{width}, {height}], isActive=[1]\n"
        f"  SurfaceOrientation: {display.rotation}\n"
    )


def _viewport(display: Display) -> str:
    width, height = display.turned
    frame = f"Rect(0, 0 - {width}, {height})"
    return (
        f"DisplayViewport{{type=INTERNAL, valid=true, isActive=true, displayId=0, uniqueId='local:0', physicalPort=0, "
        f"orientation={display.rotation}, logicalFrame={frame}, physicalFrame={frame}, "
        f"deviceWidth={width}, deviceHeight={height}}}"
    )
