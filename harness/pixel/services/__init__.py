"""What an adb server can ask of the device: one file a family of services, and this table of their names.

Source of the names: AOSP packages/modules/adb, `SERVICES.TXT` and `daemon/services.cpp`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from harness.pixel import places
from harness.pixel.services import debugging, framebuffer, restarts, reverse, shell, sockets, sync
from harness.pixel.services.asked import Asked

if TYPE_CHECKING:
    from harness.pixel.adbd import Service

FEATURES: Final = (
    "shell_v2",
    "cmd",
    "stat_v2",
    "ls_v2",
    "fixed_push_mkdir",
    "fixed_push_symlink_timestamp",
    "track_app",
    "sendrecv_v2",
    "sendrecv_v2_dry_run_send",
    "delayed_ack",
)
"""What the banner names: each is done in full, so a client may use it without asking again. Files aren't compressed:
between two processes of one machine that only costs time."""

_FAMILIES: Final[dict[str, Callable[[Asked], Awaitable[Service | None]]]] = {
    "shell": shell.find,
    "exec": shell.find,
    "sync": sync.find,
    "reverse": reverse.find,
    "framebuffer": framebuffer.find,
    **dict.fromkeys(places.FAMILIES, sockets.find),
    **dict.fromkeys(debugging.FAMILIES, debugging.find),
    **dict.fromkeys(restarts.FAMILIES, restarts.find),
}


async def find_service(asked: Asked) -> Service | None:
    """The service that was asked for (`shell,v2,raw:ls`), or None where the device has none of that kind.

    Raises `OSError` when it has, and it can't be opened.
    """
    find = _FAMILIES.get(asked.family)
    return await find(asked) if find else None
