"""`dumpsys input_method`: no keyboard is ever shown, for none is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(_: VirtualPixel, __: tuple[str, ...]) -> str:
    """As Android 14's `InputMethodManagerService` prints it without an input method."""
    return (
        "Current Input Method Manager state:\n"
        "  Input Methods: mMethodMapUpdateCount=0\n"
        "  Clients:\n"
        "  mCurMethodId=null\n"
        "  mCurClient=null mCurSeq=0\n"
        "  mHaveConnection=false mBoundToMethod=false mVisibleBound=false\n"
        "  mInputShown=false\n"
        "  mShowRequested=false mShowExplicitlyRequested=false mShowForced=false\n"
        "  mIsInputViewShown=false\n"
        "  mSystemReady=true mInteractive=true\n"
    )
