"""What an adb server can ask of the device: one file a family of services, and this table of their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from harness.pixel.services import shell, sync

if TYPE_CHECKING:
    from harness.pixel.adbd import Service
    from harness.pixel.device import VirtualPixel

FEATURES = ("shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir", "fixed_push_symlink_timestamp")
"""What the banner names: each is done in full, so a client may use it without asking again."""

_FAMILIES: dict[str, Callable[[VirtualPixel, str], Service | None]] = {
    "shell": lambda device, name: partial(shell.serve, device, shell.parse_request(name)),
    "exec": lambda device, name: partial(shell.serve, device, shell.parse_request(name)),
    "sync": lambda device, _: partial(sync.serve, device),
}


def open_service(device: VirtualPixel, name: str) -> Service | None:
    """The service that `name` (`shell,v2,raw:ls`) asks for, or None where the device has none of that kind."""
    family = name.partition(":")[0].partition(",")[0]
    find = _FAMILIES.get(family) if ":" in name else None
    return find(device, name) if find else None
