"""The virtual Pixel: how soon adb lists it, what it weighs when no app runs, and what is left when it has stopped; alone,
and eight at once, which are then all put to work under the same names.

    python benchmarks/pixel.py [--runs 5]

Prints JSON. The adb server runs already, as it does on a developer's machine.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from machine import machine, print_json

from harness.checkout import CHECKOUT
from harness.device.adb import AdbServer, find_adb
from harness.pixel import lifecycle
from harness.pixel.profile import PROFILES
from harness.pixel.states import Make, forget
from harness.pixel.status import resident_kilobytes

sys.path.append(str(CHECKOUT))  # the work that devices are put to, and its APKs, are the tests'
from tests.integration.pixel.crosstalk import Worker, all_at_once, checked, mixed_up
from tests.tiny_apk import keystore, manifest, pack, sign

SECONDS = 30.0
TOGETHER = 8


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for member in found:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


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


def listed_after(server: AdbServer, port: int) -> tuple[lifecycle.PixelInfo, float]:
    """A device started on that port, and the seconds until adb lists it as `device`."""
    start = time.monotonic()
    info = lifecycle.start(name="benchmark", port=port, owner=True)
    server.wait_until_ready(info.serial, SECONDS)
    return info, time.monotonic() - start


def together(server: AdbServer) -> dict[str, Any]:
    """Eight devices, of all makes: started, idle, put to work, and stopped at once."""
    names = [f"benchmark-{number}" for number in range(TOGETHER)]

    def launch(number: int) -> lifecycle.PixelInfo:
        make = Make(PROFILES[number % len(PROFILES)])
        return lifecycle.start(name=names[number], owner=True, wipe=True, make=make)

    with ThreadPoolExecutor(TOGETHER) as pool, tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        found = list(pool.map(launch, range(TOGETHER)))
        list(pool.map(lambda info: server.wait_until_ready(info.serial, SECONDS), found))
        listed = time.monotonic() - start
        sizes = [resident_kilobytes(family(info.pid)) / 1024 for info in found]
        workers = workers_of(found, Path(folder))
        start = time.monotonic()
        wrong = mixed_up(workers, all_at_once(checked(find_adb(), os.environ), workers, Path(folder)))
        worked = time.monotonic() - start
        after = [resident_kilobytes(family(info.pid)) / 1024 for info in found]
        list(pool.map(lifecycle.stop, found))
    for name in names:
        forget(name)
    return {
        "devices": TOGETHER,
        "all_listed_as_device_seconds": listed,
        "idle_megabytes_pss": {"median": statistics.median(sizes), "maximum": max(sizes), "wanted": 60.0},
        "megabytes_pss_after_work": {"median": statistics.median(after), "maximum": max(after)},
        "work_seconds": worked,
        "mixed_up": wrong,
    }


def workers_of(found: list[lifecycle.PixelInfo], folder: Path) -> list[Worker]:
    """Each device with an APK of a package of its own."""
    keys = keystore(folder / "keys")
    workers = []
    for number, info in enumerate(found):
        package = f"dev.tiny{number}"
        apk = sign(pack(folder / f"{package}.apk", manifest(package)), keys)
        workers.append(Worker(info.serial, apk, package))
    return workers


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    server = AdbServer.ensure()
    listed, again, sizes, stopped, killed = [], [], [], [], []
    ports = range(lifecycle.FIRST_PORT, lifecycle.LAST_PORT + 1, 2)
    for turn in range(-1, 2 * runs):
        port = ports[turn % len(ports)]  # adb looks for one that it has just lost once a second only
        info, seconds = listed_after(server, port)
        size = resident_kilobytes(family(info.pid))
        ended = gone_after(kill if turn % 2 else lifecycle.stop, info)
        info, back = listed_after(server, port)
        lifecycle.stop(info)
        if turn < 0:
            continue  # compiles what isn't in the cache
        listed.append(seconds)
        again.append(back)
        sizes.append(size / 1024)
        (killed if turn % 2 else stopped).append(ended)
    forget("benchmark")
    print_json(
        {
            "benchmark": "pixel",
            "machine": machine(),
            "runs": 2 * runs,
            "listed_as_device_seconds": {"median": statistics.median(listed), "maximum": max(listed), "wanted": 1.0},
            "listed_again_on_its_port_seconds": {"median": statistics.median(again), "maximum": max(again)},
            "idle_megabytes_pss": {"median": statistics.median(sizes), "maximum": max(sizes), "wanted": 60.0},
            "all_gone_after_stop_seconds": {"median": statistics.median(stopped), "maximum": max(stopped)},
            "all_gone_after_kill_9_seconds": {"median": statistics.median(killed), "maximum": max(killed)},
            "together": together(server),
        }
    )


if __name__ == "__main__":
    main()
