"""The tools of other people that the harness stands on: what each is for, where it is, and what installs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_SECONDS = 20
_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*|\bR\d+\b")
_LIBRARY_FOLDERS = ("/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program on PATH: what the harness needs it for, the Debian package that has it, and how to ask its version."""

    name: str
    why: str
    package: str
    version: tuple[str, ...] = ("--version",)


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library that is loaded by name, or a file that announces one."""

    name: str
    why: str
    package: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A tool's version, or None and the command that installs it."""

    name: str
    why: str
    version: str | None
    remedy: str


PROGRAMS = (
    Tool("adb", "talks to phones, emulators and the virtual Pixel", "adb"),
    Tool("javac", "compiles the app", "openjdk-17-jdk-headless"),
    Tool("java", "runs D8, apksigner and the virtual Pixel's apps", "openjdk-17-jdk-headless"),
    Tool("mvn", "fetches Android and TensorFlow Lite artifacts", "maven"),
    Tool("apksigner", "signs APKs and checks signatures", "apksigner"),
    Tool("gcc", "compiles the virtual Pixel's bionic layer", "gcc libc6-dev"),
    Tool("bwrap", "gives the virtual Pixel a root of its own", "bubblewrap"),
    Tool("mksh", "the virtual Pixel's shell", "mksh", ("-c", "echo $KSH_VERSION")),
    Tool("toybox", "the virtual Pixel's commands", "toybox"),
)
LIBRARIES = (
    Library("libusb-1.0.so.0", "tflite-support links to it", "libusb-1.0-0"),
    Library("libEGL.so.1", "OpenGL ES of the virtual Pixel", "libegl1"),
    Library("libGLESv2.so.2", "OpenGL ES of the virtual Pixel", "libgles2"),
    Library("swrast_dri.so", "OpenGL ES of the virtual Pixel, in software", "libgl1-mesa-dri"),
    Library("libOpenCL.so.1", "OpenCL of the virtual Pixel", "ocl-icd-libopencl1"),
    Library("libpocl.so.2", "OpenCL of the virtual Pixel, in software", "pocl-opencl-icd"),
)
DISTRIBUTIONS = (
    ("tensorflow", "converts models, and is the reference"),
    ("tflite-support", "reads and writes metadata"),
    ("pure-python-adb", "opens connections to the adb server"),
)


def survey() -> tuple[Finding, ...]:
    """Look for every tool; nothing is raised, what is missing has no version."""
    findings = [_program(tool) for tool in PROGRAMS]
    findings += [_library(library) for library in LIBRARIES]
    findings += [_distribution(name, why) for name, why in DISTRIBUTIONS]
    findings.append(_namespaces())
    return tuple(findings)


def _program(tool: Tool) -> Finding:
    path = shutil.which(tool.name)
    version = _ask([path, *tool.version]) if path else None
    return Finding(tool.name, tool.why, version, f"apt-get install {tool.package}")


def _ask(argv: list[str]) -> str | None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    found = _VERSION.search(done.stdout + done.stderr)
    return found.group(0) if found else "there"


def _library(library: Library) -> Finding:
    places = (f"{library.name}*", f"*/{library.name}*", f"*/dri/{library.name}")
    found = next((path for folder in _LIBRARY_FOLDERS for place in places for path in Path(folder).glob(place)), None)
    version = found.resolve().name if found else None
    return Finding(library.name, library.why, version, f"apt-get install {library.package}")


def _distribution(name: str, why: str) -> Finding:
    try:
        version: str | None = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = None
    return Finding(name, why, version, "script/run, or uv pip sync script/requirements.lock")


def _namespaces() -> Finding:
    name, why = "namespaces", "bubblewrap needs them for the virtual Pixel's root"
    remedy = (
        "sysctl kernel.unprivileged_userns_clone=1 (or kernel.apparmor_restrict_unprivileged_userns=0), or run as root"
    )
    path = shutil.which("bwrap")
    if path is None:
        return Finding(name, why, None, "apt-get install bubblewrap")
    argv = [path, "--ro-bind", "/", "/", "--unshare-all", "--dev", "/dev", "true"]
    return Finding(name, why, "allowed" if _ask(argv) else None, remedy)
