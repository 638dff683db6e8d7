"""The machine that a benchmark ran on, and how a benchmark prints: without the one, the other says little."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """CPU, cores, memory in MiB, kernel, Python and Java version; None for what can't be found out."""
    return {
        "cpu": _after("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": _memory_mib(),
        "system": _after("/etc/os-release", "PRETTY_NAME", "="),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "java": _java(),
        "load": os.getloadavg()[0],
    }


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _after(file: str, key: str, separator: str = ":") -> str | None:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(separator)[2].strip().strip('"') for line in lines if line.startswith(key)), None)


def _memory_mib() -> int | None:
    total = _after("/proc/meminfo", "MemTotal")
    return int(total.split()[0]) // 1024 if total else None


def _java() -> str | None:
    java = shutil.which("java")
    if java is None:
        return None
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr.splitlines()
    return said[0] if said else None
