"""Compiles the layer that gives Android's native names to this Linux: libc.so and its companions, from `bionic/`."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import DeviceUnavailable, ToolMissing

SOURCES: Final = Path(__file__).parent / "bionic"
HOST_LIBRARY: Final = "libbionic_host.so"
_HOST_PARTS: Final = (
    "addresses.c",
    "crash.c",
    "device_log.c",
    "elf.c",
    "expressions.c",
    "fortify.c",
    "jumps.S",
    "linker.c",
    "mutexes.c",
    "nativeloader.c",
    "properties.c",
    "resolve.c",
    "semaphores.c",
    "signals.c",
    "system.c",
    "variables.c",
)
_DRIVERS: Final = {
    "libEGL.so": "libEGL.so.1",
    "libGLESv2.so": "libGLESv2.so.2",
    "libGLESv3.so": "libGLESv2.so.2",
    "libOpenCL.so": "libOpenCL.so.1",
}
"""What the layer gives under a name of Android's, and whose functions those are on this host."""
_SECTIONS: Final = ("LIBC", "LIBC_N", "LIBC_O", "LIBC_P", "LIBC_Q", "LIBC_R", "LIBC_S", "LIBC_T", "LIBC_U")
_OBJECTS: Final = ("__sF", "stdin", "stdout", "stderr", "timezone", "daylight", "tzname", "environ")
_REGISTERS: Final = ("%rdi", "%rsi", "%rdx", "%rcx")
_LINE: Final = re.compile(r"(?P<name>\w+)(?:\s+(?P<section>LIBC\w*))?(?:\s+file=(?P<file>[0-3]))?(?:\s+(?P<own>own))?")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One exported name: its version node, and whether the layer answers it itself, and which argument is a stream."""

    name: str
    section: str = "LIBC"
    own: bool = False
    stream_argument: int | None = None


def read_symbols(text: str) -> tuple[Symbol, ...]:
    """Symbols of a list in the format that `symbols.txt` explains. Raises `ValueError` for a line out of that format."""
    symbols: dict[str, Symbol] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match or match["name"] in symbols or (match["section"] or "LIBC") not in _SECTIONS:
            raise ValueError(f"symbols.txt: can't read {line!r}, or the name is there twice")
        symbols[match["name"]] = Symbol(
            match["name"],
            match["section"] or "LIBC",
            own=match["own"] is not None,
            stream_argument=int(match["file"]) if match["file"] else None,
        )
    return tuple(symbols.values())


def forwards(symbols: tuple[Symbol, ...]) -> str:
    """Assembler text for `table.S`: one macro call a symbol, and the names whose addresses fill its table."""
    lines: list[str] = []
    names: list[str] = []
    for symbol in symbols:
        target = f"*bionic_{symbol.name}@GOTPCREL(%rip)"
        if not symbol.own:
            target = f"*targets + {8 * len(names)}(%rip)"
            names.append(symbol.name)
        register = "" if symbol.stream_argument is None else f", {_REGISTERS[symbol.stream_argument]}"
        lines.append(f'    NAME {symbol.name}, "{target}"{register}')
    lines += [f"    .set COUNT, {len(names)}", "    .section .rodata"]
    lines += [f'name_{index}: .string "{name}"' for index, name in enumerate(names)]
    lines += ['    .section .data.rel.ro, "aw"', "    .balign 8", "names:"]
    lines += [f"    .quad name_{index}" for index in range(len(names))]
    return "\n".join(lines) + "\n"


def version_script(symbols: tuple[Symbol, ...]) -> str:
    """A linker's version script with bionic's nodes, each later one inheriting the one before."""
    names: dict[str, list[str]] = defaultdict(list, {"LIBC": list(_OBJECTS)})
    for symbol in symbols:
        names[symbol.section].append(symbol.name)
    nodes = []
    for before, section in zip(("", *_SECTIONS), _SECTIONS, strict=False):
        body = "global: " + "; ".join(names[section]) + ";" if names[section] else ""
        nodes.append(f"{section} {{ {body} {'local: *;' if not before else ''} }} {before};".replace("  ", " "))
    return "\n".join(nodes) + "\n"


def compile_bionic(target: Path, *, jdk: Path, defines: Mapping[str, str] | None = None) -> None:
    """Compile all libraries into the folder `target`, which is made. `jdk` gives the headers of JNI.

    `defines` replaces the places of the device's files that `bionic.h` names (`PROPERTY_FILE`, `LOG_SOCKET`).

    Raises `ToolMissing` without gcc, `DeviceUnavailable` when it refuses.
    """
    target.mkdir()
    symbols = read_symbols((SOURCES / "symbols.txt").read_text())
    (target / "forwards.inc").write_text(forwards(symbols))
    (target / "versions.map").write_text(version_script(symbols))
    include = ("-I", str(target), "-I", str(jdk / "include"), "-I", str(jdk / "include" / "linux"))

    drivers = ", ".join(f'"{name}"' for name in dict.fromkeys(_DRIVERS.values()))
    texts = {"HOST_LIBRARY": f'"{HOST_LIBRARY}"', "HOST_DRIVERS": drivers}
    texts |= {name: f'"{value}"' for name, value in (defines or {}).items()}
    given = tuple(f"-D{name}={value}" for name, value in texts.items())

    def link(output: str, *rest: str) -> None:
        _gcc("-o", str(target / output), f"-Wl,-soname,{output}", *include, *given, *rest)

    # By their paths: with a -L, gcc would take the layer's libc.so for the host's own.
    host, layer = str(target / HOST_LIBRARY), str(target / "libc.so")
    versions = f"-Wl,--version-script={target / 'versions.map'}"
    link(HOST_LIBRARY, *(str(SOURCES / part) for part in _HOST_PARTS), "-Wl,--no-as-needed", "-lm")
    link("libc.so", str(SOURCES / "table.S"), versions, "-nostdlib", host)
    for empty in ("libm.so", "libdl.so"):
        link(empty, versions, "-nostdlib", "-Wl,--no-as-needed", layer)
    link("liblog.so", str(SOURCES / "liblog.c"), host)
    (target / "nativewindow.map").write_text("LIBNATIVEWINDOW { global: AHardwareBuffer_*; local: *; };\n")
    link("libnativewindow.so", str(SOURCES / "nativewindow.c"), f"-Wl,--version-script={target / 'nativewindow.map'}")
    for name, real in _DRIVERS.items():
        own = (str(SOURCES / "opencl.c"), host) if name == "libOpenCL.so" else ("-nostdlib",)
        link(name, *own, "-Wl,--no-as-needed", f"-l:{real}")
    for generated in ("forwards.inc", "versions.map", "nativewindow.map"):
        (target / generated).unlink()


def _gcc(*arguments: str) -> None:
    command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolMissing(
            "tool.gcc", "gcc isn't on PATH", hint="apt-get install gcc libc6-dev, or run script/run, which does"
        ) from None
    if done.returncode != 0:
        raise DeviceUnavailable(
            "pixel.bionic",
            "the virtual Pixel's native layer doesn't compile here",
            why=done.stderr.strip()[-2000:],
            hint="OpenGL and OpenCL come from packages libegl1 libgles2 libgl1-mesa-dri ocl-icd-libopencl1",
        )
