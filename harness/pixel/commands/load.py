"""`uptime`, `free` and `top`: how long the device runs, and what it has to do."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.process_fields import Field, parse_fields, table
from harness.pixel.commands.processes import named
from harness.pixel.commands.storage import human
from harness.pixel.commands.toybox_options import OptionRefused, read_options
from harness.pixel.control import Call
from harness.pixel.memory import DeviceMemory, device_memory
from harness.pixel.process_table import TICKS, DeviceProcess, running, seconds_up, user_id

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_COLUMNS: Final = "PID,USER,PR,NI,VIRT,RES,SHR,S,%CPU,%MEM,TIME+,ARGS"
_FIRST_LOOK_S: Final = 0.1
_UNITS: Final = {"-b": 1, "-k": 1 << 10, "-m": 1 << 20, "-g": 1 << 30, "-t": 1 << 40}


async def uptime(device: VirtualPixel, call: Call) -> int:
    """`uptime [-ps]`: since the device's boot; the load is that of the machine it runs on."""
    up = int(seconds_up(device))
    days, hours, minutes = up // 86400, up // 3600 % 24, up // 60 % 60
    if "-s" in call.arguments:
        text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - up))
    elif "-p" in call.arguments:
        parts = [(up // 604800, "week"), (days % 7, "day"), (hours, "hour"), (minutes, "minute")]
        text = "up " + ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in parts if count)
    else:
        clock = f"{hours:2d}:{minutes:02d}" if hours else f"{minutes} min"
        since = f"{days} day{'s' * (days != 1)}, {clock}" if days else clock
        load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
        text = f" {time.strftime('%H:%M:%S', time.gmtime())} up {since},  0 users,  load average: {load}"
    await call.say(f"{text}\n")
    return 0


async def free(device: VirtualPixel, call: Call) -> int:
    """`free [-bkmgth]`."""
    found, _ = read_options(call, "bkmgth")
    memory = device_memory(device)
    unit = next((_UNITS[option] for option, _ in reversed(found) if option in _UNITS), 1)

    def cell(size: int) -> str:
        return f"{human(size) if ('-h', '') in found else size // unit:>12}"

    used, left = cell(memory.used), cell(memory.free)
    await call.say(
        "\t\ttotal        used        free      shared     buffers\n"
        f"Mem:   {cell(memory.total)}{used}{left}{cell(0)}{cell(0)}\n"
        f"-/+ buffers/cache:  {used}{left}\n"
        f"Swap:  {cell(0)}{cell(0)}{cell(0)}\n"
    )
    return 0


@dataclass(slots=True)
class _Top:
    fields: list[Field]
    rounds: int | None = None
    delay: float = 3.0
    most: int | None = None
    pids: frozenset[int] = frozenset()
    users: frozenset[int | None] = frozenset()
    key: int = 9
    quiet: bool = False
    threads: bool = False
    batch: bool = False


def _top_options(call: Call) -> _Top:
    found, _ = read_options(call, "Hhbqk:o:O:s:n:m:d:p:u:")
    top = _Top(parse_fields(_COLUMNS))
    for option, value in found:
        if option == "-o":
            top.fields = named("o", value)
        elif option == "-p":
            top.pids = frozenset(int(text) for text in value.split(",") if text.isdecimal())
        elif option == "-u":
            top.users = frozenset(user_id(text) for text in value.split(","))
        elif option == "-d":
            top.delay = float(value) if value.replace(".", "", 1).isdecimal() else top.delay
        elif option in ("-n", "-m", "-s"):
            if not value.isdecimal():
                raise OptionRefused(f"not integer: {value}")
            setattr(top, {"-n": "rounds", "-m": "most", "-s": "key"}[option], int(value))
    flags = {option for option, _ in found}
    top.quiet, top.threads, top.batch = "-q" in flags, "-H" in flags, "-b" in flags
    return top


async def top(device: VirtualPixel, call: Call) -> int:
    """`top [-bHq] [-d SECONDS] [-n ROUNDS] [-m ROWS] [-o FIELD,…] [-p PID,…] [-u USER,…] [-s COLUMN]`."""
    asked = _top_options(call)
    leaving = asyncio.create_task(call.stdout.reader_gone())
    before, round_number = _Look.now(device, asked), 0
    try:
        while asked.rounds is None or round_number < asked.rounds:
            delay = asked.delay if round_number else min(_FIRST_LOOK_S, asked.delay)
            await asyncio.wait((leaving,), timeout=delay)
            if leaving.done():
                break
            after = _Look.now(device, asked)
            await call.say(("" if asked.batch else "\x1b[H\x1b[J") + _screen(asked, before, after))
            before, round_number = after, round_number + 1
    finally:
        leaving.cancel()
    return 0


@dataclass(frozen=True, slots=True)
class _Look:
    """The processes and the processors' times at one moment."""

    when: float
    processes: tuple[DeviceProcess, ...]
    cpu: tuple[int, ...]
    memory: DeviceMemory

    @classmethod
    def now(cls, device: VirtualPixel, asked: _Top) -> _Look:
        with Path("/proc/stat").open(encoding="ascii") as stream:
            cpu = tuple(int(text) for text in stream.readline().split()[1:])
        return cls(time.monotonic(), tuple(running(device, threads=asked.threads)), cpu, device_memory(device))


def _screen(asked: _Top, before: _Look, after: _Look) -> str:
    used = {process.tid: process.ticks for process in before.processes}
    span = max(after.when - before.when, 1e-3)
    shares = {p.tid: 100 * (p.ticks - used.get(p.tid, p.ticks)) / TICKS / span for p in after.processes}
    shown = [
        process
        for process in after.processes
        if (not asked.pids or process.pid in asked.pids) and (not asked.users or process.uid in asked.users)
    ]
    fields = [_since(field, shares, after.memory.total) for field in asked.fields]
    shown.sort(key=lambda process: (-shares[process.tid], process.state != "R", -process.tid))
    if asked.key != 9 and 0 < asked.key <= len(fields):
        shown.sort(key=fields[asked.key - 1].order, reverse=True)
    shown = shown[: asked.most]
    rows = table([replace(field, title="") for field in fields], shown)
    head = table(fields, ()).replace(" %CPU ", "[%CPU]", 1)
    return rows if asked.quiet else _summary(before, after) + head + rows


def _since(field: Field, shares: Mapping[int, float], memory: int) -> Field:
    """The column with what was used since the last look, and of the device's own memory."""
    if field.name == "%CPU":
        return replace(
            field, text=lambda process: f"{shares[process.tid]:.1f}", order=lambda process: shares[process.tid]
        )
    if field.name == "%MEM":
        return replace(field, text=lambda process: f"{100 * process.resident / memory:.1f}")
    return field


def _summary(before: _Look, after: _Look) -> str:
    states = [process.state for process in after.processes]
    count = {name: sum(state in letters for state in states) for name, letters in
             (("running", "R"), ("stopped", "Tt"), ("zombie", "Z"))}  # fmt: skip
    asleep = len(states) - sum(count.values())
    spent = [new - old for old, new in zip(before.cpu, after.cpu, strict=True)][:8]
    processors = os.cpu_count() or 1
    whole = max(sum(spent), 1)
    user, nice, system, idle, waiting, hard, soft, stolen = (100 * processors * part // whole for part in spent)
    memory = after.memory
    return (
        f"Tasks: {len(states)} total, {count['running']:3d} running, {asleep:3d} sleeping, {count['stopped']:3d} stopped,"
        f" {count['zombie']:3d} zombie\n"
        f"  Mem: {memory.total >> 20:8d}M total, {memory.used >> 20:8d}M used, {memory.free >> 20:8d}M free,        0M buffers\n"
        f" Swap: {0:8d}M total, {0:8d}M used, {0:8d}M free, {0:8d}M cached\n"
        f"{100 * processors}%cpu {user:3d}%user {nice:3d}%nice {system:3d}%sys {idle:3d}%idle {waiting:3d}%iow {hard:3d}%irq"
        f" {soft:3d}%sirq {stolen:3d}%host\n"
    )
