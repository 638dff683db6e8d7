"""`am stack`, and what `am` tells of the device's configuration and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.pixel.app_record import CommandRefused, ProcessDied
from harness.pixel.control import FAILED, Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


async def stack(device: VirtualPixel, call: Call) -> int:
    """`am stack list`: the tasks, the foremost first; home is the one without an app."""
    if call.arguments != ("list",):
        await call.complain("Error: only `am stack list` is there on the virtual Pixel\n")
        return FAILED
    profile = device.profile
    bounds = f"[0,0][{profile.width},{profile.height}]"
    for place, record in enumerate(device.activities.tasks()):
        visible = str(place == 0).lower()
        if record is None:
            await call.say(
                f"RootTask id=1 bounds={bounds} displayId=0 userId=0\n  taskId=1: home visible={visible}\n\n"
            )
            continue
        try:
            names = (await device.activities.tell(record, {"do": "describe"}))["activities"]
        except (ProcessDied, CommandRefused):
            continue
        top = names[0] if names else "null"
        root = names[-1] if names else record.package.name
        await call.say(
            f"RootTask id={record.pid} bounds={bounds} displayId=0 userId=0\n"
            f"  taskId={record.pid}: {root} bounds={bounds} userId=0 visible={visible}"
            f" topActivity=ComponentInfo{{{top}}}\n\n"
        )
    return 0


async def get_config(device: VirtualPixel, call: Call) -> int:
    """`am get-config`: the resource qualifiers of the screen, and the ABIs."""
    profile = device.profile
    wide, high = (round(pixels * 160 / profile.density) for pixels in (profile.width, profile.height))
    await call.say(
        f"config: en-rUS-ldltr-sw{wide}dp-w{wide}dp-h{high}dp-normal-long-notround-port-{profile.density}dpi"
        f"-finger-v{profile.sdk}\nabi: {','.join(profile.abis)}\n"
    )
    return 0


async def current_user(_: VirtualPixel, call: Call) -> int:
    """`am get-current-user`: there is one."""
    await call.say("0\n")
    return 0


async def is_user_stopped(_: VirtualPixel, call: Call) -> int:
    """`am is-user-stopped USER`."""
    await call.say("false\n" if call.arguments[:1] == ("0",) else "true\n")
    return 0
