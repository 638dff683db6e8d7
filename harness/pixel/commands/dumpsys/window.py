"""`dumpsys window`: displays, windows and what has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.commands.dumpsys.front import resumed_activity
from harness.pixel.display import current_display

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys window [-a] [displays|windows|policy|lastanr]`; all without a word."""
    words = [word for word in arguments if not word.startswith("-")]
    parts = {"policy": _policy, "lastanr": _last_anr, "displays": _displays, "windows": _windows}
    if not words:
        return ("-" * 79 + "\n").join(part(device) for part in parts.values())
    short = {
        "d": "displays",
        "w": "windows",
        "p": "policy",
        "l": "lastanr",
        "visible": "windows",
        "visible-apps": "windows",
    }
    part = parts.get(short.get(words[0], words[0]))
    if part is None:
        return f"Bad window command, or no windows match: {words[0]}\nUse -h for help.\n"
    return part(device)


def _policy(device: VirtualPixel) -> str:
    """No lock screen; whether the screen is on."""
    awake = device.power.awake
    return (
        "WINDOW MANAGER POLICY STATE (dumpsys window policy)\n"
        "    KeyguardServiceDelegate\n"
        "      showing=false\n"
        "      showingAndNotOccluded=false\n"
        "      inputRestricted=false\n"
        "      occluded=false\n"
        "      secure=false\n"
        "      dreaming=false\n"
        "      systemIsReady=true\n"
        f"      screenState=SCREEN_STATE_{'ON' if awake else 'OFF'}\n"
        f"      interactiveState=INTERACTIVE_STATE_{'AWAKE' if awake else 'SLEEP'}\n"
        f"    mAwake={str(awake).lower()} mScreenOnEarly={str(awake).lower()} mScreenOnFully={str(awake).lower()}\n"
        "    mDreamingLockscreen=false mShowingDream=false isStatusBarKeyguard=false\n"
    )


def _last_anr(_: VirtualPixel) -> str:
    return "WINDOW MANAGER LAST ANR (dumpsys window lastanr)\n  <no ANR has occurred since boot>\n"


def _displays(device: VirtualPixel) -> str:
    display, resumed = current_display(device), resumed_activity(device)
    width, height = display.turned
    small, large = sorted(display.size)
    base = "{}x{} {}dpi".format(*display.physical, display.physical_density)
    forced = (
        f" base={display.size[0]}x{display.size[1]} {display.density}dpi"
        if display.forced or display.forced_density
        else ""
    )
    return (
        "WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n"
        "  Display: mDisplayId=0 (organized)\n"
        f"    init={base}{forced} cur={width}x{height} app={width}x{height} rng={small}x{small}-{large}x{large}\n"
        "    deferred=false mLayoutNeeded=false\n"
        f"  mCurrentFocus={resumed.window if resumed else 'null'}\n"
        f"  mFocusedApp={resumed.record if resumed else 'null'}\n"
        f"  mCurrentRotation=ROTATION_{90 * display.rotation}\n"
        f"  mTopFocusedDisplayId=0\n"
    )


def _windows(device: VirtualPixel) -> str:
    resumed, (width, height) = resumed_activity(device), current_display(device).turned
    lines = ["WINDOW MANAGER WINDOWS (dumpsys window windows)"]
    if resumed:
        lines += [
            f"  Window #0 {resumed.window}:",
            f"    mDisplayId=0 rootTaskId={resumed.task} mSession=Session{{{resumed.identity} {resumed.pid}:u0a{resumed.uid}}}",
            f"    mOwnerUid={resumed.uid} showForAllUsers=false package={resumed.package} appop=NONE",
            f"    mActivityRecord={resumed.record}",
            f"    Frames: parent=[0,0][{width},{height}] display=[0,0][{width},{height}] frame=[0,0][{width},{height}]",
            "    isOnScreen=true",
            "    isVisible=true",
        ]
    lines += ["", "  mHasPermanentDpad=false", "  mTopFocusedDisplayId=0"]
    return "\n".join(lines) + "\n"
