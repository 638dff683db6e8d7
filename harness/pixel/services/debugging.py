"""`jdwp`, `track-jdwp`, `track-app`: which app processes could be debugged. No debugger can be attached to them here.

Source of the messages: AOSP packages/modules/adb, `daemon/jdwp_service.cpp` and `proto/app_processes.proto`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from harness.pixel.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.pixel.adbd import Service
    from harness.pixel.app_record import AppRecord
    from harness.pixel.device import VirtualPixel
    from harness.pixel.services.asked import Asked

FAMILIES: Final = ("jdwp", "track-jdwp", "track-app")


async def find(asked: Asked) -> Service | None:
    """The list, once or whenever it changes; `jdwp:PID` isn't there."""
    if asked.name == "jdwp":
        return partial(_list, asked.device)
    if asked.name == "track-jdwp":
        return partial(_track, asked.device, _process_ids)
    if asked.name == "track-app":
        return partial(_track, asked.device, _processes)
    return None


async def _list(device: VirtualPixel, stream: Stream) -> None:
    await stream.write(_process_ids(device))


async def _track(device: VirtualPixel, listed: Callable[[VirtualPixel], bytes], stream: Stream) -> None:
    """Each list after its length in four hexadecimal digits, until the client goes."""
    changed, told = asyncio.Event(), None
    device.activities.watchers.add(changed)
    leaving = asyncio.create_task(stream.closed.wait())
    try:
        while not stream.closed.is_set():
            changed.clear()
            if (message := listed(device)) != told:
                await stream.write(b"%04x" % len(message) + message)
                told = message
            changing = asyncio.create_task(changed.wait())
            await asyncio.wait((changing, leaving), return_when=asyncio.FIRST_COMPLETED)
            changing.cancel()
    finally:
        device.activities.watchers.discard(changed)
        leaving.cancel()


def _process_ids(device: VirtualPixel) -> bytes:
    return b"".join(b"%d\n" % app.pid for app in device.activities.running() if app.package.debuggable)


def _processes(device: VirtualPixel) -> bytes:
    """An `AppProcesses` message; as on a user build, only apps that can be debugged are in it."""
    entries = [_entry(device, app) for app in device.activities.running() if app.package.debuggable]
    return b"".join(b"\x0a" + _varint(len(entry)) + entry for entry in entries)


def _entry(device: VirtualPixel, app: AppRecord) -> bytes:
    """A `ProcessEntry`: pid (1), debuggable (2), profileable (3), architecture (4)."""
    architecture = device.profile.abi.encode()
    return b"\x08" + _varint(app.pid) + b"\x10\x01\x18\x01\x22" + _varint(len(architecture)) + architecture


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))
