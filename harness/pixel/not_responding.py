"""What is written of an app that doesn't respond: lines for the log, and its threads' stacks in `/data/anr`.

The layout follows Android 14's `ProcessErrorStateRecord.appNotResponding` and `ActivityManagerService.dumpStackTraces`.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from harness.pixel.packages import Package
from harness.pixel.profile import Profile

_KEPT: Final = 64


def describe_anr(name: str, pid: int, top: str | None, reason: str) -> list[str]:
    """The lines for the log; `top` is the activity in front, in short."""
    load = " / ".join(f"{figure:.2f}" for figure in os.getloadavg())
    lines = [f"ANR in {name} ({top})" if top else f"ANR in {name}", f"PID: {pid}", f"Reason: {reason}"]
    if top:
        lines.append(f"Parent: {top}")
    return [*lines, f"ErrorId: {uuid.uuid4()}", "Frozen: false", f"Load: {load}"]


def write_traces(folder: Path, package: Package, profile: Profile, pid: int, reason: str, threads: str) -> Path:
    """Keep the stacks in a file named for the time, the newest 64 of them; returns its path."""
    now = datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f"Subject: {reason}\n\n"
        f"----- pid {pid} at {now:%Y-%m-%d %H:%M:%S}.{time.time_ns() % 1_000_000_000:09d}+0000 -----\n"
        f"Cmd line: {package.name}\n"
        f"Build fingerprint: '{profile.fingerprint}'\n"
        f"ABI: '{package.abi or profile.abi}'\n"
        f"\n{threads}\n----- end {pid} -----\n"
    )
    target = folder / f"anr_{now:%Y-%m-%d-%H-%M-%S}-{now.microsecond // 1000:03d}"
    fresh = target.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(target)
    for old in sorted(folder.glob("anr_*"))[:-_KEPT]:
        old.unlink()
    return target
