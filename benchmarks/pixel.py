"""The virtual Pixel: how soon adb lists it, what it weighs when no app runs, and what is left when it has stopped.

    python benchmarks/pixel.py [--runs 5]

Prints JSON. The adb server runs already, as it does on a developer's machine.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from machine import machine, print_json

from harness.device.adb import AdbServer
from harness.pixel import lifecycle

SECONDS = 30.0


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for member in found:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def resident_kilobytes(pids: list[int]) -> int:
    """Proportional set size of these processes together, in kB: shared pages count once."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone_after(end: Callable[[lifecycle.PixelInfo], None], info: lifecycle.PixelInfo) -> float:
    """Seconds until nothing of a device is alive, from the moment that `end` is called."""
    pids = family(info.pid)
    start = time.monotonic()
    end(info)
    while left := [pid for pid in pids if alive(pid)]:
        if time.monotonic() - start > SECONDS:
            raise SystemExit(f"still alive: {left}")
        time.sleep(0.005)
    return time.monotonic() - start


def kill(info: lifecycle.PixelInfo) -> None:
    """kill -9 of the device's own process."""
    os.kill(info.pid, signal.SIGKILL)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    server = AdbServer.ensure()
    listed, sizes, stopped, killed = [], [], [], []
    for turn in range(-1, 2 * runs):
        start = time.monotonic()
        info = lifecycle.start(name="benchmark", owner=True)
        server.wait_until_ready(info.serial, SECONDS)
        seconds = time.monotonic() - start
        size = resident_kilobytes(family(info.pid))
        ended = gone_after(kill if turn % 2 else lifecycle.stop, info)
        if turn < 0:
            continue  # compiles what isn't in the cache
        listed.append(seconds)
        sizes.append(size / 1024)
        (killed if turn % 2 else stopped).append(ended)
    print_json(
        {
            "benchmark": "pixel",
            "machine": machine(),
            "runs": 2 * runs,
            "listed_as_device_seconds": {"median": statistics.median(listed), "maximum": max(listed), "wanted": 2.0},
            "idle_megabytes_pss": {"median": statistics.median(sizes), "maximum": max(sizes), "wanted": 80.0},
            "all_gone_after_stop_seconds": {"median": statistics.median(stopped), "maximum": max(stopped)},
            "all_gone_after_kill_9_seconds": {"median": statistics.median(killed), "maximum": max(killed)},
        }
    )


if __name__ == "__main__":
    main()
