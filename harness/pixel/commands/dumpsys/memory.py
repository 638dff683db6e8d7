"""`dumpsys meminfo`: what the device's processes use, of a package by kind.

The layout is that of Android 14's `ActivityThread.dumpMemInfoTable`; figures that only the app's own runtime has (heap
allocated and free, counts of objects) are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.memory import device_memory, process_memory
from harness.pixel.memory_map import Kind, MemoryUse, memory_map
from harness.pixel.process_table import DeviceProcess, running, seconds_up

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_HEAD: Final = """\
                   Pss  Private  Private  SwapPss      Rss     Heap     Heap     Heap
                 Total    Dirty    Clean    Dirty    Total     Size    Alloc     Free
                ------   ------   ------   ------   ------   ------   ------   ------
"""
_SUMMARY_HEAD: Final = """\
 App Summary
                       Pss(KB)                        Rss(KB)
                        ------                         ------
"""
_CODE: Final = (Kind.so, Kind.jar, Kind.apk, Kind.ttf)
_WITH_HEAP: Final = (Kind.native, Kind.dalvik)


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys meminfo [-a|-d|-s] [PACKAGE|PID]`."""
    words = [word for word in arguments if not word.startswith("-")]
    processes = running(device)
    head = f"Applications Memory Usage (in Kilobytes):\n{uptime_line(device)}"
    if not words:
        return head + _whole(device, processes)
    found = [process for process in processes if words[0] in (process.package, str(process.pid))]
    if not found:
        return f"No process found for: {words[0]}\n"
    short = "-s" in arguments
    return head + "".join(_described(process, memory_map(process), short=short) for process in found)


def uptime_line(device: VirtualPixel) -> str:
    """`Uptime: … Realtime: …`: milliseconds since the device's boot; it never sleeps, so both are the same."""
    up = int(seconds_up(device) * 1000)
    return f"Uptime: {up} Realtime: {up}\n"


def _described(process: DeviceProcess, uses: dict[Kind, MemoryUse], *, short: bool) -> str:
    title = f"\n** MEMINFO in pid {process.pid} [{process.name}] **\n"
    return title + ("" if short else table(uses)) + summary(uses)


def table(uses: dict[Kind, MemoryUse]) -> str:
    """A row a kind, and their sum."""
    whole = MemoryUse()
    for use in uses.values():
        whole.add(use)
    rows = "".join(_row(str(kind), uses[kind], heap=kind in _WITH_HEAP) for kind in Kind if kind in uses)
    return _HEAD + rows + _row("TOTAL", whole, heap=False) + " \n"


def _row(name: str, use: MemoryUse, *, heap: bool) -> str:
    cells = (use.pss, use.private_dirty, use.private_clean, use.swap_pss, use.rss, *((use.size,) if heap else ()))
    return f"{name:>13}" + "".join(f"{cell:9d}" for cell in cells) + "\n"


def summary(uses: dict[Kind, MemoryUse]) -> str:
    """The "App Summary": private memory by what it is for, and the process' share of all that is shared as `System`.

    Graphics memory is none: the drivers are software, and what they take is native memory.
    """

    def use(kind: Kind) -> MemoryUse:
        return uses.get(kind, MemoryUse())

    pss, rss = sum(item.pss for item in uses.values()), sum(item.rss for item in uses.values())
    private = sum(item.private for item in uses.values())
    code, code_rss = sum(use(kind).private for kind in _CODE), sum(use(kind).rss for kind in _CODE)
    java, native, stack = use(Kind.dalvik), use(Kind.native), use(Kind.stack)
    other = private - java.private_dirty - native.private_dirty - code - stack.private_dirty
    known = java.rss + native.rss + code_rss + stack.rss
    rows = [
        ("Java Heap", java.private_dirty, java.rss), ("Native Heap", native.private_dirty, native.rss),
        ("Code", code, code_rss), ("Stack", stack.private_dirty, stack.rss), ("Graphics", 0, 0),
        ("Private Other", other, None), ("System", pss - private, None), ("Unknown", None, rss - known),
    ]  # fmt: skip
    lines = [f"{name + ':':>21} {_cell(first, 8)}{_cell(second, 31)}".rstrip() for name, first, second in rows]
    swap = sum(item.swap_pss for item in uses.values())
    total = f"           TOTAL PSS: {pss:8d}            TOTAL RSS: {rss:8d}       TOTAL SWAP PSS: {swap:8d}"
    return _SUMMARY_HEAD + "".join(f"{line}\n" for line in lines) + f" \n{total}\n \n"


def _cell(number: int | None, width: int) -> str:
    return " " * width if number is None else f"{number:{width}d}"


def _whole(device: VirtualPixel, processes: list[DeviceProcess]) -> str:
    memory, used = device_memory(device), []
    for process in processes:
        if figures := process_memory(process):
            used.append((process, figures))
    front = device.activities.foreground()

    def named(process: DeviceProcess) -> str:
        activities = " / activities" if front and front.pid == process.pid else ""
        return f"{process.name} (pid {process.pid}{activities})"

    def lines(sizes: list[tuple[int, DeviceProcess]]) -> str:
        ordered = sorted(sizes, key=lambda item: -item[0])
        return "".join(f"{size:>11,}K: {named(process)}\n" for size, process in ordered)

    rss = lines([(figures.rss, process) for process, figures in used])
    pss = lines([(figures.pss, process) for process, figures in used])
    total, taken, left = memory.total >> 10, memory.used >> 10, memory.free >> 10
    return (
        f"\nTotal RSS by process:\n{rss}\nTotal PSS by process:\n{pss}\n"
        f"Total RAM: {total:,}K (status normal)\n"
        f" Free RAM: {left:,}K ({0:9,}K cached pss + {0:9,}K cached kernel + {left:9,}K free)\n"
        f" Used RAM: {taken:,}K ({taken:9,}K used pss + {0:9,}K kernel)\n"
        f" Lost RAM: {0:9,}K\n"
    )
