"""Which nodes the delegates took, as the library itself logged it while a cell's interpreter came up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_BEGIN = re.compile(r"^cell begin (?P<run>\S+) (?P<cell>\S+)$")
_END = re.compile(r"^cell end (?P<run>\S+) (?P<cell>\S+)$")
_TAKEN = re.compile(
    r"Replacing (?P<taken>\d+) out of (?P<total>\d+) node\(s\) with delegate \((?P<delegate>\w+)\) node, "
    r"yielding (?P<partitions>\d+) partitions"
)
_API = re.compile(r"Initialized (?P<api>OpenCL|OpenGL)-based API")
GPU_DELEGATE = "TfLiteGpuDelegateV2"
XNNPACK_DELEGATE = "TfLiteXNNPackDelegate"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one delegate took: nodes of the nodes that were there when its turn came, and the graph's partitions after."""

    delegate: str
    taken: int
    total: int
    partitions: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The delegates in the order in which they took nodes, and the GPU's API (`OpenCL`, `OpenGL` or empty)."""

    takes: tuple[Taken, ...] = ()
    api: str = ""

    def of(self, delegate: str) -> Taken | None:
        """What that delegate took, if it took anything."""
        return next((take for take in self.takes if take.delegate == delegate), None)


def observe(lines: Iterable[tuple[int, str]], run_id: str) -> Mapping[str, Coverage]:
    """Coverage of each cell whose whole bring-up is in these lines, between the app's own begin and end marks.

    A line is a process id and a message; only what the process of the begin mark says counts. A cell that lacks one of
    its marks is not in the result: what the log lost is unknown, not zero.
    """
    seen: dict[str, Coverage] = {}
    open_cells: dict[int, _Bringup] = {}
    for pid, message in lines:
        cell = open_cells.get(pid)
        if (found := _BEGIN.match(message)) and found["run"] == run_id:
            open_cells[pid] = _Bringup(found["cell"])
        elif (found := _END.match(message)) and found["run"] == run_id:
            open_cells.pop(pid, None)
            if cell is not None and cell.name == found["cell"]:
                seen[cell.name] = Coverage(tuple(cell.takes), cell.api)
        elif cell is not None:
            cell.hear(message)
    return seen


@dataclass(slots=True)
class _Bringup:
    """A cell whose interpreter is coming up, and what the library has said of it so far."""

    name: str
    takes: list[Taken] = field(default_factory=list)
    api: str = ""

    def hear(self, message: str) -> None:
        if found := _TAKEN.search(message):
            self.takes.append(
                Taken(found["delegate"], int(found["taken"]), int(found["total"]), int(found["partitions"]))
            )
        elif found := _API.search(message):
            self.api = found["api"]
