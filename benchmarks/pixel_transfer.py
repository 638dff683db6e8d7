"""The virtual Pixel: how fast adb pushes and pulls, against the least that it can talk to (`adb_end.py`).

    python benchmarks/pixel_transfer.py [--megabytes 200] [--runs 5] [--adb PROGRAM]

Prints JSON. The two take turns; a turn's fraction is the Pixel's rate over the yardstick's of the same turn, and a rate
counts all of the client's time, as its user waits for it. The yardstick writes no file: the Pixel does.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine, print_json

from harness.pixel import lifecycle

WANTED = 0.8
REMOTE = "/data/local/tmp/transfer"
SECONDS = 120.0


class Adb:
    """An adb with a server of its own."""

    def __init__(self, program: str, port: int, home: Path) -> None:
        self.program = program
        self.environment = os.environ | {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": str(home)}

    def __call__(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        command = [self.program, *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True, timeout=SECONDS
        ).stdout

    def rate(self, *arguments: str, megabytes: float) -> float:
        """MB a second of a transfer."""
        start = time.monotonic()
        self(*arguments)
        return megabytes / (time.monotonic() - start)


def measure(adb: Adb, serials: dict[str, str], file: Path, back: Path, runs: int) -> dict[str, object]:
    """Rates of both ends, by direction, and what fraction of the yardstick's the Pixel reaches."""
    megabytes = file.stat().st_size / 1e6
    ways = {"push": ("push", str(file), REMOTE), "pull": ("pull", REMOTE, str(back))}
    rates: dict[str, dict[str, list[float]]] = {way: {name: [] for name in serials} for way in ways}
    for turn in range(-1, runs):
        for way, arguments in ways.items():
            for name, serial in serials.items():
                rate = adb.rate("-s", serial, *arguments, megabytes=megabytes)
                if turn >= 0:  # the first is for caches
                    rates[way][name].append(rate)
                if (way, name) == ("pull", "pixel") and digest(back) != digest(file):
                    raise SystemExit("what was pulled isn't what was pushed")
    return {
        way: {
            "pixel_megabytes_a_second": statistics.median(found["pixel"]),
            "yardstick_megabytes_a_second": statistics.median(found["yardstick"]),
            "fraction": statistics.median(a / b for a, b in zip(found["pixel"], found["yardstick"], strict=True)),
            "wanted": WANTED,
        }
        for way, found in rates.items()
    }


def digest(file: Path) -> str:
    """SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--adb", default="adb")
    parser.add_argument("--port", type=int, default=6137, help="for the adb server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file, back = Path(folder, "file"), Path(folder, "back")
        file.write_bytes(secrets.token_bytes(options.megabytes * 1_000_000))
        adb = Adb(options.adb, options.port, Path(folder))
        os.environ["ANDROID_ADB_SERVER_PORT"] = str(options.port)
        command = [sys.executable, str(Path(__file__).with_name("adb_end.py")), str(file.stat().st_size)]
        adb("start-server")
        info = lifecycle.start(name="benchmark", owner=True, wipe=True)
        yardstick = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert yardstick.stdout is not None
            end = f"127.0.0.1:{int(yardstick.stdout.readline())}"
            adb("connect", end)
            for serial in (end, info.serial):
                adb("-s", serial, "wait-for-device")
            found = measure(adb, {"yardstick": end, "pixel": info.serial}, file, back, options.runs)
            version = adb("version").splitlines()[1]
        finally:
            lifecycle.stop(info)
            adb("kill-server")
            yardstick.kill()
            yardstick.communicate()
    print_json(
        {
            "benchmark": "pixel_transfer",
            "machine": machine(),
            "adb": version,
            "megabytes": options.megabytes,
            "runs": options.runs,
            **found,
        }
    )


if __name__ == "__main__":
    main()
