"""`dumpsys SurfaceFlinger`: the layers that are on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.commands.dumpsys.front import resumed_activity
from harness.pixel.display import current_display

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys SurfaceFlinger [--list|--latency|--display-id]`; no frame times are known, so `--latency` has none."""
    resumed, display = resumed_activity(device), current_display(device)
    layers = [f"{resumed.package}/{resumed.name}#{resumed.task}"] if resumed else []
    period = round(1e9 / display.hertz)
    if "--list" in arguments:
        return "".join(f"{layer}\n" for layer in ('Display 0 name="Built-in Screen"#1', *layers))
    if "--latency" in arguments:
        return f"{period}\n\n"
    if "--latency-clear" in arguments:
        return ""
    if "--display-id" in arguments:
        return 'Display 0 (HWC display 0): port=0 pnpId=GGL displayName=""\n'
    width, height = display.turned
    return (
        f"Visible layers (count = {len(layers)})\n" + "".join(f"* Layer ({layer})\n" for layer in layers) + "\n"
        f"Display 0 (active) HWC layers:\n  {width}x{height}, orientation={display.rotation}\n"
        f"refresh-rate              : {display.hertz:f} fps\nx-dpi                     : {display.density:f}\n"
        f"y-dpi                     : {display.density:f}\nvsync-period              : {period} ns\n"
    )
