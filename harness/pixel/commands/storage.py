"""`df`: the device's file systems under Android's names, with the real numbers of the disk that holds its state."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.toybox_options import read_options
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_SYSTEM: Final = ("system", "lib", "lib64", "usr", "vendor", "product", "apex")
_CARD: Final = "/storage/emulated"


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A mounted file system; sizes are bytes."""

    source: str
    kind: str
    place: str
    total: int
    free: int
    available: int
    nodes: int
    free_nodes: int


def file_systems(device: VirtualPixel) -> list[FileSystem]:
    """What is mounted, as Android lists it: the system's image is exactly full, `/data` and the card share a disk."""
    size, count = _system_size(device.root)
    memory = _measured("tmpfs", "tmpfs", "/dev", f"/proc/{device.init_pid}/root/dev") if device.init_pid else None
    return [
        *([memory] if memory else []),
        FileSystem("/dev/block/dm-0", "ext4", "/", size, 0, 0, count, 0),
        _measured("/dev/block/dm-1", "ext4", "/data", device.root / "data"),
        _measured("/dev/fuse", "fuse", _CARD, device.root / "storage/emulated"),
    ]


def file_system_of(device: VirtualPixel, path: str) -> FileSystem:
    """The file system that an existing path of the device is on. Raises `OSError` where nothing is."""
    with device.paths.opened(path, os.O_PATH) as fd:
        inside = Path(f"/proc/self/fd/{fd}").readlink().relative_to(device.root.resolve())
    place = f"/{inside}/"
    found = [system for system in file_systems(device) if place.startswith(system.place.rstrip("/") + "/")]
    return max(found, key=lambda system: len(system.place))


def _measured(source: str, kind: str, place: str, folder: Path | str) -> FileSystem:
    seen = os.statvfs(folder)
    unit = seen.f_frsize
    return FileSystem(
        source, kind, place, seen.f_blocks * unit, seen.f_bfree * unit, seen.f_bavail * unit, seen.f_files, seen.f_ffree
    )


def _system_size(root: Path) -> tuple[int, int]:
    size, count = 0, 0
    for name in _SYSTEM:
        for folder, _, files in os.walk(root / name):
            count += 1 + len(files)
            size += sum(os.lstat(os.path.join(folder, file)).st_blocks * 512 for file in files)  # noqa: PTH118 - many
    return size, count


async def df(device: VirtualPixel, call: Call) -> int:
    """`df [-HPhkia] [-t TYPE] [PATH…]`, with toybox's columns."""
    found, paths = read_options(call, "HPhkiat:")
    flags = "".join(option[1] for option, _ in found)
    kinds = [value for option, value in found if option == "-t"]
    shown, code = [] if paths else file_systems(device), 0
    for path in paths:
        try:
            shown.append(file_system_of(device, path if path.startswith("/") else f"{call.cwd.rstrip('/')}/{path}"))
        except OSError as error:
            await call.complain(f"df: {path}: {error.strerror}\n")
            code = 1
    shown = [system for system in shown if not kinds or system.kind in kinds]
    if shown:
        await call.say(layout(shown, flags))
    return code


def layout(systems: Sequence[FileSystem], flags: str) -> str:
    """The table that `df` with these one-letter options prints."""
    if "i" in flags:
        titles, numbers = ("Inodes", "IUsed", "IFree", "IUse%"), [_nodes(system) for system in systems]
    else:
        human, pedantic = "h" in flags or "H" in flags, "P" in flags and "k" not in flags
        title = " Size" if human else "512-blocks" if pedantic else "1K-blocks"
        titles = (title, "Used", "Avail" if human else "Available", "Capacity" if "P" in flags else "Use%")
        numbers = [_blocks(system, flags, 512 if pedantic else 1024) for system in systems]
    rows = [(titles, "Filesystem", "Mounted on")]
    rows += [(cells, system.source, system.place) for cells, system in zip(numbers, systems, strict=True)]
    first = max(14, *(len(source) for _, source, _ in rows))
    widths = [max(len(cells[column]) for cells, _, _ in rows) for column in range(4)]
    lines = []
    for cells, source, place in rows:
        middle = " ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{source:<{first}} {middle} {place}\n")
    return "".join(lines)


def _nodes(system: FileSystem) -> tuple[str, str, str, str]:
    used = system.nodes - system.free_nodes
    return str(system.nodes), str(used), str(system.free_nodes), _percent(used, system.free_nodes)


def _blocks(system: FileSystem, flags: str, unit: int) -> tuple[str, str, str, str]:
    used = system.total - system.free
    percent = _percent(used, system.available)
    if "h" in flags or "H" in flags:
        base = 1000 if "H" in flags else 1024
        return human(system.total, base), human(used, base), human(system.available, base), percent
    return str(system.total // unit), str(used // unit), str(system.available // unit), percent


def _percent(used: int, left: int) -> str:
    """Of what a user may have, rounded up."""
    return f"{-(-100 * used // (used + left)) if used + left else 0}%"


def human(size: int, base: int = 1024) -> str:
    """A size in at most three digits and a unit, as toybox's -h says it: `936`, `1.8M`, `252G`."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < 5:
        value, unit = value / base, unit + 1
    return (
        f"{value:.1f}{'KMGTP'[unit - 1]}"
        if unit and value < 9.95
        else f"{value:.0f}{'KMGTP'[unit - 1] if unit else ''}"
    )
