"""What an app's memory is for, from `/proc/PID/smaps` and where its JVM puts things.

HotSpot puts a heap of less than 4 GiB with compressed references below that address, its shared and compressed classes
from 0x800000000 on, and compiled code into anonymous memory that can be executed; its other anonymous memory, and that
of the app's own libraries, can't be told apart, and counts as native.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from harness.pixel.process_table import DeviceProcess

_MAPPING: Final = re.compile(r"([0-9a-f]+)-[0-9a-f]+ (\S{4}) \S+ \S+ \d+\s*(.*)")
_HEAP_END: Final = 1 << 32
_CLASSES: Final = range(0x8_0000_0000, 0x8_0000_0000 + (2 << 30))


class Kind(StrEnum):
    """The rows of `dumpsys meminfo`, by Android's names."""

    native = "Native Heap"
    dalvik = "Dalvik Heap"
    dalvik_other = "Dalvik Other"
    stack = "Stack"
    so = ".so mmap"
    jar = ".jar mmap"
    apk = ".apk mmap"
    ttf = ".ttf mmap"
    other = "Other mmap"
    unknown = "Unknown"


@dataclass(slots=True)
class MemoryUse:
    """Sums over mappings, in kB; `size` is what is reserved and may be written."""

    size: int = 0
    rss: int = 0
    pss: int = 0
    private_dirty: int = 0
    private_clean: int = 0
    swap_pss: int = 0

    @property
    def private(self) -> int:
        """What ends with the process."""
        return self.private_dirty + self.private_clean

    def add(self, other: MemoryUse) -> None:
        """Count another's in."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def memory_map(process: DeviceProcess) -> dict[Kind, MemoryUse]:
    """A process' memory by kind; nothing when it has ended."""
    try:
        text = (process.folder / "smaps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return parse_smaps(text.splitlines())


def parse_smaps(lines: Iterable[str]) -> dict[Kind, MemoryUse]:
    """The sums by kind of the lines of an `smaps` file."""
    found: dict[Kind, MemoryUse] = {}
    use, writable = MemoryUse(), False
    for line in lines:
        if match := _MAPPING.match(line):
            use, writable = found.setdefault(_kind(int(match[1], 16), match[2], match[3]), MemoryUse()), "w" in match[2]
            continue
        name, _, rest = line.partition(":")
        attribute = _FIGURES.get(name)
        if attribute and (attribute != "size" or writable):
            setattr(use, attribute, getattr(use, attribute) + int(rest.split()[0]))
    return {kind: use for kind, use in found.items() if use.rss or use.swap_pss}


_FIGURES: Final = {
    "Size": "size", "Rss": "rss", "Pss": "pss", "Private_Dirty": "private_dirty", "Private_Clean": "private_clean",
    "SwapPss": "swap_pss",
}  # fmt: skip
_ENDINGS: Final = {
    ".jar": Kind.jar,
    "/modules": Kind.jar,
    ".jsa": Kind.dalvik_other,
    ".apk": Kind.apk,
    ".ttf": Kind.ttf,
}


def _kind(start: int, rights: str, name: str) -> Kind:
    if start in _CLASSES:
        return Kind.dalvik_other
    if name.startswith("/"):
        by_ending = (kind for ending, kind in _ENDINGS.items() if name.endswith(ending))
        return Kind.so if ".so" in name else next(by_ending, Kind.other)
    if start < _HEAP_END:
        return Kind.dalvik
    if name.startswith("["):
        return {"[heap]": Kind.native, "[stack]": Kind.stack}.get(name, Kind.unknown)
    return Kind.dalvik_other if "x" in rights else Kind.native
