"""What is written of a process that a signal ended: lines for the crash buffer, and a file in `/data/tombstones`.

The layout follows AOSP's debuggerd (system/core, `debuggerd/libdebuggerd/tombstone_proto_to_text.cpp`), which clients read.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from harness.pixel.packages import Package
from harness.pixel.profile import Profile

_KEPT: Final = 32
_RULE: Final = "*** " * 15 + "***"


def describe_death(package: Package, profile: Profile, pid: int, number: int, crash: Mapping[str, Any]) -> list[str]:
    """The lines of a death by signal `number`; `crash` is what the process itself left of it, if anything."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "UNKNOWN"
    thread = str(crash.get("thread") or package.name)[-15:]
    address = crash.get("fault_address", "--------")
    lines = [
        _RULE,
        f"Build fingerprint: '{profile.fingerprint}'",
        "Revision: '0'",
        f"ABI: '{package.abi or profile.abi}'",
        f"Timestamp: {time.strftime('%Y-%m-%d %H:%M:%S.000000000+0000', time.gmtime())}",
        f"Cmdline: {package.name}",
        f"pid: {pid}, tid: {pid}, name: {thread}  >>> {package.name} <<<",
        f"uid: {package.uid}",
        f"signal {number} ({name}), code {crash.get('code', '-6 (SI_TKILL)')}, fault addr {address}",
    ]
    if message := crash.get("message"):
        lines.append(f"Abort message: '{message}'")
    if frames := crash.get("frames"):
        lines += ["backtrace:", *(f"      {frame}" for frame in frames)]
    return lines


def write_tombstone(folder: Path, lines: list[str]) -> None:
    """Keep the lines in the next of the folder's 32 files, over the oldest when all are there."""
    names = [folder / f"tombstone_{number:02d}" for number in range(_KEPT)]
    free = [path for path in names if not path.exists()]
    chosen = free[0] if free else min(names, key=lambda path: path.stat().st_mtime_ns)
    fresh = chosen.with_suffix(".new")
    fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    fresh.replace(chosen)
