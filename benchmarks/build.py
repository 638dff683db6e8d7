"""How long building the app takes: unchanged, with one model changed, and from clean sources.

    python benchmarks/build.py [--runs 5]

Prints JSON. Each build is a process of its own, as `harness build` is, and puts six models of 66 MB in all into the
APK; their bytes are random, as building doesn't look into them. The cache is the benchmark's own; artifacts are taken
from the user's, so no run waits for the network.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import machine, print_json

CHECKOUT = Path(__file__).resolve().parents[1]
PROJECT = CHECKOUT / "android_app"
MEGABYTES = {"fp32": 18, "fp16": 9, "int8": 6}
MODELS = ("first", "second")


def write_models(folder: Path) -> None:
    """Files that begin like a `.tflite`."""
    generator = random.Random(7)  # noqa: S311 - bytes to be packed, not to be guessed
    for model in MODELS:
        for variant, megabytes in MEGABYTES.items():
            data = b"\x1c\0\0\0TFL3" + generator.randbytes(megabytes << 20)
            (folder / f"{model}.{variant}").write_bytes(data)


def build_once(folder: Path) -> None:
    """One build, in this process."""
    from harness.app.bundle import Model, Variant, bundle_of
    from harness.app.direct import build_apk

    models = [
        Model(
            model, model, "image_classification", tuple(Variant(name, folder / f"{model}.{name}") for name in MEGABYTES)
        )
        for model in MODELS
    ]
    build_apk(bundle_of(models), PROJECT, folder / "app.apk", keystore=folder / "debug.keystore")


def time_build(folder: Path, cache: Path) -> float:
    """Wall-clock seconds of one build, in a process of its own."""
    start = time.monotonic()
    subprocess.run(
        [sys.executable, __file__, "--build", str(folder)], env={**os.environ, "HARNESS_CACHE": str(cache)}, check=True
    )
    return round(time.monotonic() - start, 3)


def new_cache(folder: Path, artifacts: Path, number: int) -> Path:
    """An empty cache that knows the artifacts."""
    cache = folder / f"cache-{number}"
    cache.mkdir()
    (cache / "maven").symlink_to(artifacts)
    return cache


def summary(seconds: list[float]) -> dict[str, Any]:
    """All values, in the order measured, and their least, median and greatest."""
    return {
        "seconds": seconds,
        "minimum": min(seconds),
        "median": statistics.median(seconds),
        "maximum": max(seconds),
    }


def measure(runs: int) -> dict[str, Any]:
    """The three kinds of build, one after the other in each run."""
    from harness.app.versions import pinned, read_versions
    from harness.fetch.maven import resolve
    from harness.fetch.store import cache_root

    resolve(pinned(PROJECT, read_versions(PROJECT)).all)
    clean, unchanged, changed = [], [], []
    with tempfile.TemporaryDirectory(prefix="build-benchmark-") as name:
        folder = Path(name)
        write_models(folder)
        for number in range(runs):
            cache = new_cache(folder, cache_root() / "maven", number)
            clean.append(time_build(folder, cache))
            unchanged.append(time_build(folder, cache))
            with (folder / "first.fp32").open("ab") as stream:
                stream.write(bytes([number]))
            changed.append(time_build(folder, cache))
            size = (folder / "app.apk").stat().st_size
    return {
        "apk_bytes": size,
        "clean": summary(clean),
        "unchanged": summary(unchanged),
        "one_model_changed": summary(changed),
    }


def main() -> None:
    """Measure and print, or be one of the builds that are measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        build_once(arguments.build)
    else:
        print_json({"benchmark": "build", "machine": machine(), **measure(arguments.runs)})


if __name__ == "__main__":
    main()
