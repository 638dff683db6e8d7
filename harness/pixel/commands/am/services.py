"""`am start-service`, `start-foreground-service` and `stop-service`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.app_record import CommandRefused, ProcessDied
from harness.pixel.commands.am.intent_arguments import parse_intent, user_option
from harness.pixel.components import Found, resolve
from harness.pixel.control import FAILED, Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_BACKGROUND_LIMITS: Final = 26
"""The target SDK from which an app in the background may not have a service started (Android 8)."""


async def start(device: VirtualPixel, call: Call) -> int:
    """`am start-service INTENT`."""
    return await _start(device, call, foreground=False)


async def start_foreground(device: VirtualPixel, call: Call) -> int:
    """`am start-foreground-service INTENT`."""
    return await _start(device, call, foreground=True)


async def _start(device: VirtualPixel, call: Call, *, foreground: bool) -> int:
    intent = parse_intent(call.arguments, user_option)
    await call.say(f"Starting service: {intent.shown()}\n")
    found = next(iter(resolve(device.packages, intent, "service")), None)
    if refusal := _refusal(device, found, foreground=foreground):
        await call.complain(f"Error: {refusal}\n")
        return FAILED
    assert found is not None  # noqa: S101 - else it was refused
    named = intent.to(found.name)
    device.activities.in_background(
        device.activities.start_service(found.package, named), f"start of {named.component}"
    )
    return 0


def _refusal(device: VirtualPixel, found: Found | None, *, foreground: bool) -> str | None:
    """Why the shell may not start it, in Android's words."""
    if found is None:
        return "Not found; no service started."
    if not found.component.exported:
        return f"Requires permission not exported from uid {found.package.uid}"
    running = device.activities.find(found.package.name)
    if not foreground and running is None and found.package.target_sdk >= _BACKGROUND_LIMITS:
        return "app is in background uid null"
    return None


async def stop(device: VirtualPixel, call: Call) -> int:
    """`am stop-service INTENT`."""
    intent = parse_intent(call.arguments, user_option)
    await call.say(f"Stopping service: {intent.shown()}\n")
    found = next(iter(resolve(device.packages, intent, "service")), None)
    record = device.activities.find(found.package.name) if found else None
    stopped = False
    if found and record:
        try:
            stopped = await device.activities.stop_service(record, intent.to(found.name))
        except (ProcessDied, CommandRefused) as error:
            await call.complain(f"Error stopping service: {error}\n")
            return FAILED
    await call.complain("Service stopped\n" if stopped else "Service not stopped: was not running.\n")
    return 0 if stopped else FAILED
