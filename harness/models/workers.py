"""Conversion in several processes, as many as cores and memory allow: each puts what it makes into the cache."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.models.catalog import Variant
    from harness.models.recipe import Recipe

_BYTES_EACH = 3 << 30  # TensorFlow, a model and its converter's copies of it
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True)
class Job:
    """Variants that one process is to make of one recipe."""

    recipe: Recipe
    variants: tuple[Variant, ...]


def warm(jobs: Sequence[Job], say: Callable[[str], None]) -> None:
    """Convert into the cache, and wait for all. What fails there is left to be made, and told, by who asks for it next.

    Does nothing where there is room for one process only.
    """
    count = min(len(jobs), worker_count())
    if count < 2:
        return
    running: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(count) as pool:
        try:
            list(pool.map(lambda job: _work(job, running, say), jobs))
        except BaseException:  # Ctrl-C, too: whoever waits no longer wants none of it
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.kill()
            raise


def worker_count() -> int:
    """How many conversions may run at once here."""
    return max(1, min(len(os.sched_getaffinity(0)), _available_bytes() // _BYTES_EACH))


def _work(job: Job, running: list[subprocess.Popen[bytes]], say: Callable[[str], None]) -> None:
    command = [sys.executable, "-m", __name__]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        running.append(process)
        if process.stdin and process.stdout:
            with process.stdin as stdin:
                pickle.dump(job, stdin)
            for line in process.stdout:
                say(line.decode("utf-8", "replace").rstrip("\n"))


def _available_bytes() -> int:
    for line in _MEMORY.read_text(encoding="ascii").splitlines() if _MEMORY.exists() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return _BYTES_EACH


def _main() -> None:
    from harness.errors import HarnessError
    from harness.models.convert import convert_recipe

    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    # TensorFlow writes to both streams of its process: what is meant for people goes another way.
    with os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8") as people:
        try:
            convert_recipe(job.recipe, job.variants, say=lambda message: print(message, file=people))
        except HarnessError:
            sys.exit(1)


if __name__ == "__main__":
    _main()
