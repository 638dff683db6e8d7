"""The quickstart as a user runs it again: seconds by stage, what is neither work nor device, and how far outputs are apart.

    python benchmarks/quickstart.py [--runs 3]

Prints JSON. The first run fills what isn't in the cache and isn't counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import machine, print_json

CHECKOUT = Path(__file__).resolve().parents[1]
WORK = ("conversion", "building", "device start", "inference")


def run_once() -> tuple[float, dict[str, Any]]:
    """Wall-clock seconds of one `script/run`, and its results."""
    start = time.monotonic()
    done = subprocess.run(
        [str(CHECKOUT / "script/run"), "run", "scenarios/quickstart.yaml", "--json"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    wall = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"script/run ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return wall, json.loads(done.stdout)


def time_help() -> float:
    """Wall-clock seconds of `harness --help`."""
    start = time.monotonic()
    subprocess.run([str(CHECKOUT / ".venv/bin/harness"), "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def spread(values: list[float]) -> dict[str, float]:
    """Minimum, median and maximum, to milliseconds."""
    return {
        "minimum": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "maximum": round(max(values), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    first, _ = run_once()
    measured = [run_once() for _ in range(runs)]
    overheads = [wall - sum(found["seconds"].get(stage, 0.0) for stage in WORK) for wall, found in measured]
    stages = {stage: spread([found["seconds"][stage] for _, found in measured]) for stage in measured[0][1]["seconds"]}
    rows = [
        {
            "cell": row["cell"],
            "outcome": row["outcome"],
            "validity": row["validity"],
            "agreement": row["agreement"],
            "coverage": row["coverage"],
            "median_ms": spread([found["rows"][number]["latency"]["median"] for _, found in measured])
            if row["latency"]
            else None,
        }
        for number, row in enumerate(measured[-1][1]["rows"])
    ]
    print_json(
        {
            "benchmark": "quickstart",
            "machine": machine(),
            "runs": runs,
            "first_run_seconds": round(first, 3),
            "run_again_seconds": spread([wall for wall, _ in measured]),
            "neither_conversion_building_device_nor_inference_seconds": spread(overheads),
            "stages_seconds": stages,
            "help_seconds": spread([time_help() for _ in range(10)]),
            "rows": rows,
        }
    )


if __name__ == "__main__":
    main()
