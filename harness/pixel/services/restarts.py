"""`reboot:`, `root:`, `remount:`, `tcpip:` and their like: what restarts the device or its adbd, or would on another build.

Source of the words: AOSP packages/modules/adb, `daemon/restart_service.cpp`; system/core, `fs_mgr/fs_mgr_remount.cpp`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from harness.pixel.stream import Stream

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.services.asked import Asked

log = logging.getLogger(__name__)

_PORT_PROPERTY: Final = "service.adb.tcp.port"


async def find(asked: Asked) -> Service | None:
    """The service of that name."""
    return partial(_SERVICES[asked.family], asked)


async def _reboot(asked: Asked, stream: Stream) -> None:
    """Ends with the device, so that `adb reboot && adb wait-for-device` waits for the next boot."""
    if asked.argument:
        await stream.write(f"reboot ({asked.argument}) failed\n".encode())
        return
    log.info("reboot asked for by an adb server")
    asked.device.rebooting.set()
    await stream.closed.wait()


async def _root(_: Asked, stream: Stream) -> None:
    await stream.write(b"adbd cannot run as root in production builds\n")


async def _unroot(_: Asked, stream: Stream) -> None:
    await stream.write(b"adbd not running as root\n")


async def _remount(_: Asked, stream: Stream) -> None:
    await stream.write(b'Not running as root. Try "adb root" first.\n')


async def _tcpip(asked: Asked, stream: Stream) -> None:
    """Listen on one more port of the host's loopback, which stands for the device's network: `adb connect` finds it."""
    port = int(asked.argument) if asked.argument.isascii() and asked.argument.isdigit() else 0
    if not 0 < port <= 0xFFFF:
        await stream.write(b"invalid port\n")
        return
    try:
        await asked.transports.listen(port)
    except OSError as error:
        await stream.write(f"cannot listen on port {port}: {error.strerror}\n".encode())
        return
    asked.device.properties.set(_PORT_PROPERTY, str(port))
    await stream.write(f"restarting in TCP mode port: {port}\n".encode())


async def _usb(asked: Asked, stream: Stream) -> None:
    asked.device.properties.set(_PORT_PROPERTY, "0")
    await stream.write(b"restarting in USB mode\n")
    asked.transports.stop_listening()


async def _reconnect(asked: Asked, stream: Stream) -> None:
    """Let go of the server's connection; it comes again by itself."""
    await stream.write(b"done\n")
    asked.connection.drop()


_SERVICES: Final[dict[str, Callable[[Asked, Stream], Awaitable[None]]]] = {
    "reboot": _reboot,
    "root": _root,
    "unroot": _unroot,
    "remount": _remount,
    "tcpip": _tcpip,
    "usb": _usb,
    "reconnect": _reconnect,
}
FAMILIES: Final = tuple(_SERVICES)
