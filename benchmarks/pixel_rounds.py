"""What a virtual Pixel keeps of apps that were installed, run and uninstalled: nothing should grow with the rounds.

    python benchmarks/pixel_rounds.py [--rounds 100]

Each round is a real adb's install, `am instrument` and uninstall. Prints JSON: what there was after the first rounds,
which fill caches, and after the last.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from machine import machine, print_json
from pixel import family

from harness.checkout import CHECKOUT
from harness.fetch.store import cache_root
from harness.pixel import lifecycle

sys.path.insert(0, str(CHECKOUT))
from tests.tiny_apk import keystore, sign
from tests.tiny_code import probe_apks

WARM: Final = 3
DEADLINE_S: Final = 120
GROWTH_KB: Final = 3000


def adb(serial: str, *words: str) -> str:
    """What adb printed; it must succeed."""
    command = ["adb", "-s", serial, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def play(serial: str, apks: Sequence[Path]) -> None:
    """One round: install, run to its end, uninstall."""
    adb(serial, "install-multiple", *map(str, apks))
    told = adb(serial, "shell", "am", "instrument", "-w", "-r", "dev.tiny/.Probe")
    if "INSTRUMENTATION_CODE: -1" not in told:
        raise SystemExit(f"the app didn't run: {told}")
    adb(serial, "uninstall", "dev.tiny")


def counted(info: lifecycle.PixelInfo) -> dict[str, int]:
    """What the device holds now: kB resident, files, descriptors, processes, listening ports, entries of the cache."""
    status = Path(f"/proc/{info.pid}/status").read_text(encoding="ascii")
    caches = [folder for folder in cache_root().iterdir() if folder.is_dir() and folder.name != "pixel"]
    return {
        "resident_kilobytes": int(status.partition("VmRSS:")[2].split()[0]),
        "files_of_its_state": sum(len(files) for _, _, files in os.walk(info.state)),
        "folders_of_its_state": sum(len(folders) for _, folders, _ in os.walk(info.state)),
        "descriptors": len(list(Path(f"/proc/{info.pid}/fd").iterdir())),
        "threads": int(status.partition("Threads:")[2].split()[0]),
        "processes": len(family(info.pid)),
        "listening_ports": _listening(info.pid),
        "cache_entries": sum(len(list(folder.iterdir())) for folder in caches),
    }


def _listening(pid: int) -> int:
    """TCP ports that the process listens on."""
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(row[3] == "0A" and f"socket:[{row[9]}]" in inodes for row in rows)


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="rounds-"))
    info = lifecycle.start(name="rounds", owner=True, wipe=True)
    try:
        adb(info.serial, "wait-for-device")
        keys = keystore(folder / "keystore")
        apks = [sign(apk, keys) for apk in probe_apks(folder)]
        for _ in range(WARM):
            play(info.serial, apks)
        before, start = counted(info), time.monotonic()
        for _ in range(rounds):
            play(info.serial, apks)
        seconds = time.monotonic() - start
        after = counted(info)
    finally:
        lifecycle.stop(info)
        shutil.rmtree(folder)
    growth = {name: after[name] - before[name] for name in before}
    print_json(
        {
            "benchmark": "pixel_rounds",
            "machine": machine(),
            "rounds": rounds,
            "seconds_a_round": seconds / rounds,
            "after_the_first": before,
            "after_the_last": after,
            "growth": growth,
            "wanted": f"no growth, but of resident memory less than {GROWTH_KB} kB: Python's own tables double once",
        }
    )


if __name__ == "__main__":
    main()
