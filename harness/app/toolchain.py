"""The programs that building an app takes, and how they are run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BuildError, HostError, ToolMissing

_SECONDS = 600
_MOST = 6000
# Tools that live for a second or two: don't compile what runs once, don't start a collector's threads.
QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


@dataclass(frozen=True, slots=True)
class Jdk:
    """A Java development kit: its folder, and what it says of its version."""

    home: Path
    release: str

    def tool(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.home / "bin" / name)


def find_jdk() -> Jdk:
    """The JDK of `JAVA_HOME`, or the one whose `javac` is on PATH. Raises `ToolMissing` (`build.no_jdk`)."""
    home = os.environ.get("JAVA_HOME")
    javac = Path(home) / "bin" / "javac" if home else Path(shutil.which("javac") or "javac")
    if not javac.is_file():
        raise ToolMissing(
            "build.no_jdk",
            f"JAVA_HOME={home} has no bin/javac" if home else "javac is not on PATH",
            hint="apt-get install openjdk-17-jdk-headless",
        )
    root = javac.resolve().parent.parent
    release = root / "release"
    return Jdk(root, release.read_text(encoding="utf-8") if release.is_file() else str(root))


def find_apksigner() -> str:
    """Where `apksigner` is. Raises `ToolMissing` (`build.no_apksigner`)."""
    found = shutil.which("apksigner")
    if found is None:
        raise ToolMissing("build.no_apksigner", "apksigner is not on PATH", hint="apt-get install apksigner")
    return found


def run_tool(
    command: Sequence[str], *, code: str, what: str, hint: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """Run a build tool to its end and answer what it said; `environment` is added to this process' own.

    Raises `BuildError` with `code`, `what` and the tool's own words when it fails.
    """
    try:
        done = subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **environment} if environment else None,
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(code, what, why=f"{Path(command[0]).name} was still at it after {_SECONDS} s") from error
    except OSError as error:
        raise HostError(code, what, why=str(error)) from error
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0:
        raise BuildError(code, what, why=said[-_MOST:] or f"exit code {done.returncode}", hint=hint)
    return said
