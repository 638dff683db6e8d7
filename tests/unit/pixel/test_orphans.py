"""Processes whose parents have died end with the device's process as their parent, and leave nothing."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import asyncio, subprocess, sys
from pathlib import Path
from harness.pixel.orphans import OrphanCollector

def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except FileNotFoundError:
        return None

async def main():
    OrphanCollector()
    done = subprocess.run(["sh", "-c", "sleep 0.3 >/dev/null & echo $!"], capture_output=True, text=True, check=True)
    orphan = int(done.stdout)
    adopted = state(orphan)
    assert adopted is not None and adopted[1] == str(__import__("os").getpid()), adopted
    own = await asyncio.create_subprocess_exec("sh", "-c", "exit 7")
    async with asyncio.timeout(20):
        while state(orphan) is not None:
            await asyncio.sleep(0.01)
    assert await own.wait() == 7

asyncio.run(main())
"""


def test_orphans_are_adopted_and_collected() -> None:
    """An orphan comes to this process and is gone soon after its end; exit codes of own children aren't taken away."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
