"""What one app asks of others: an activity, a service, a broadcast of another package."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from harness.pixel.components import resolve
from harness.pixel.intents import RECEIVER_FOREGROUND, from_wire
from harness.pixel.zygote import Event

if TYPE_CHECKING:
    from harness.pixel.components import Found, Kind
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package

log = logging.getLogger(__name__)

_NOT_RESOLVED: Final = -91
_CLASS_NOT_FOUND: Final = -92
_PERMISSION_DENIED: Final = -94
"""`ActivityManager.START_…`."""


async def answer_request(device: VirtualPixel, asking: Package, event: Event) -> Event | None:
    """Begin what an app asks for, and answer whether it can be; None where no answer is waited for."""
    intent, what = from_wire(event["intent"]), str(event["what"])
    if what == "broadcast":
        await broadcast(device, event, asking)
        return None
    kind: Kind = "activity" if what == "start-activity" else "service"
    found = next(iter(resolve(device.packages, intent, kind, by_default=kind == "activity")), None)
    if kind == "activity":
        if found is None:
            return {"result": _CLASS_NOT_FOUND if intent.component else _NOT_RESOLVED}
        if not _reachable(found, asking):
            text = (
                f"Permission Denial: starting {intent.shown()} from ProcessRecord{{{asking.name}}} (uid={asking.uid})"
                f" not exported from uid {found.package.uid}"
            )
            return {"result": _PERMISSION_DENIED, "message": text}
        intent = intent.to(found.name)
        device.activities.in_background(
            device.activities.start_activity(found.package, intent), f"start of {intent.component}"
        )
        return {"result": 0}
    if found is None or not _reachable(found, asking):
        return {"found": False}
    intent, activities = intent.to(found.name), device.activities
    if what == "start-service":
        activities.in_background(activities.start_service(found.package, intent), f"start of {intent.component}")
    elif record := activities.find(found.package.name):
        activities.in_background(activities.stop_service(record, intent), f"stop of {intent.component}")
    return {"found": True}


def _reachable(found: Found, asking: Package) -> bool:
    return found.package.name == asking.name or found.component.exported


async def broadcast(device: VirtualPixel, event: Event, asking: Package) -> None:
    """Deliver an app's broadcast to the other packages' receivers."""
    intent = from_wire(event["intent"])
    packages = {found.package.name: found.package for found in resolve(device.packages, intent, "receiver")}
    if intent.component is None:
        packages |= {record.package.name: record.package for record in device.activities.running()}
    packages.pop(asking.name, None)
    foreground = bool(intent.flags & RECEIVER_FOREGROUND)
    deliveries = (device.activities.broadcast(package, intent, foreground=foreground) for package in packages.values())
    for result in await asyncio.gather(*deliveries, return_exceptions=True):
        if isinstance(result, BaseException):
            log.info("broadcast %s: %s", intent.shown(), result)
