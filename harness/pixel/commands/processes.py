"""`pidof` and `ps`: the device's processes, app processes under their package's name as on Android."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.control import Call
from harness.pixel.processes import host_pids

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_PAGE_KB: Final = os.sysconf("SC_PAGE_SIZE") // 1024
_DEFAULT: Final = ("USER", "PID", "PPID", "VSZ", "RSS", "WCHAN", "ADDR", "S", "NAME")
_RIGHT: Final = frozenset({"PID", "PPID", "VSZ", "RSS", "ADDR", "TID"})
_WIDTHS: Final = {"USER": 14, "PID": 5, "PPID": 5, "VSZ": 10, "RSS": 6, "WCHAN": 18, "ADDR": 8, "S": 1, "TID": 5}


@dataclass(frozen=True, slots=True)
class _Process:
    user: str
    pid: int
    parent: int
    vsz_kb: int
    rss_kb: int
    state: str
    name: str
    command: str

    def column(self, name: str) -> str:
        return {
            "USER": self.user, "UID": self.user, "PID": str(self.pid), "TID": str(self.pid), "PPID": str(self.parent),
            "VSZ": str(self.vsz_kb), "RSS": str(self.rss_kb), "WCHAN": "0", "ADDR": "0", "S": self.state,
            "NAME": self.name, "CMD": self.name, "ARGS": self.command, "CMDLINE": self.command,
        }.get(name, "?")  # fmt: skip


async def pidof(device: VirtualPixel, call: Call) -> int:
    """`pidof [-s] NAME…`."""
    single = "-s" in call.arguments
    names = {argument for argument in call.arguments if not argument.startswith("-")}
    found = [str(process.pid) for process in _processes(device) if process.name in names]
    if not found:
        return 1
    await call.say(" ".join(found[:1] if single else reversed(found)) + "\n")
    return 0


async def ps(device: VirtualPixel, call: Call) -> int:
    """`ps [-A|-e] [-f] [-p PID,…] [-o COLUMN,…]`; without -A only the shell's own processes."""
    columns, wanted, everything = list(_DEFAULT), None, False
    arguments = list(call.arguments)
    while arguments:
        argument = arguments.pop(0)
        if argument.startswith("-o"):
            columns = [name.strip().upper() for name in (argument[2:] or (arguments or [""]).pop(0)).split(",")]
        elif argument.startswith("-p"):
            numbers = argument[2:] or (arguments or [""]).pop(0)
            wanted = {int(number) for number in numbers.split(",") if number.isdigit()}
        elif argument.startswith("-"):
            everything = everything or "A" in argument or "e" in argument
    rows = [process for process in _processes(device) if _shown(process, wanted, everything)]
    lines = [columns, *([process.column(name) for name in columns] for process in rows)]
    await call.say("".join(_row(columns, line) for line in lines))
    return 0 if rows else 1


def _shown(process: _Process, wanted: set[int] | None, everything: bool) -> bool:
    return process.pid in wanted if wanted is not None else everything or process.user == "shell"


def _row(columns: list[str], cells: list[str]) -> str:
    parts = [
        cell.rjust(_WIDTHS.get(name, 0)) if name in _RIGHT else cell.ljust(_WIDTHS.get(name, 0))
        for name, cell in zip(columns, cells, strict=True)
    ]
    return " ".join(parts).rstrip() + "\n"


def _processes(device: VirtualPixel) -> list[_Process]:
    """What runs on the device: its own processes, and under their packages' names those of its apps."""
    apps = {record.pid: record.package for record in device.activities.running()}
    inside = host_pids(device.init_pid)
    numbers = {host: pid for pid, host in inside.items()}
    found = []
    for pid, host in sorted(inside.items()):
        try:
            stat = Path(f"/proc/{host}/stat").read_text(encoding="utf-8", errors="replace")
            command = Path(f"/proc/{host}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        comm, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
        package = apps.get(pid)
        user = "root" if pid == 1 else f"u0_a{package.uid - 10000}" if package else "shell"
        name = package.name if package else comm
        parent = numbers.get(int(rest[1]), 0)
        vsz, rss = int(rest[20]) // 1024, int(rest[21]) * _PAGE_KB
        found.append(_Process(user, pid, parent, vsz, rss, rest[0], name, command or f"[{comm}]"))
    return found
