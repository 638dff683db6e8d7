"""What a process leaves behind when native code ends it: read from the JVM's error file, or from the layer's own."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

JVM_REPORT: Final = "jvm_crash"
LAYER_REPORT: Final = "native_crash"
_SIGNAL: Final = re.compile(r"^#\s+(SIG[A-Z]+) \(0x[0-9a-f]+\) at pc=", re.MULTILINE)
_FAULT: Final = re.compile(r"si_addr: (0x[0-9a-f]+)")
_CODE: Final = re.compile(r"si_code: (-?\d+ \(\w+\))")
_THREAD: Final = re.compile(r'^Current thread \([^)]*\):\s+\w+ "(?P<name>[^"]*)"(?:.*\bid=(?P<tid>\d+))?', re.MULTILINE)
_NATIVE: Final = re.compile(r"^[CV]  \[(?P<library>[^\]]+?)\+0x(?P<offset>[0-9a-f]+)\](?:\s+(?P<symbol>\S+))?")
_JAVA: Final = re.compile(r"^[jJvV]\s+(?:\d+ )?(?:c\d )?(?P<method>[\w.$<>]+\([^)]*\)\S*)")
_FRAMES_MAX: Final = 64
_JAVA_MARK: Final = "[java]"


@dataclass(frozen=True, slots=True)
class NativeCrash:
    """A signal, the thread that it struck, what was said, and the frames, the innermost first, in debuggerd's form.

    `tid` is the thread's number inside the device, 0 where it isn't known; `code` is as debuggerd has it, `1 (SEGV_MAPERR)`.
    """

    signal: int
    tid: int
    thread: str
    message: str
    fault_address: str
    frames: tuple[str, ...]
    code: str = "-6 (SI_TKILL)"


def read_crash(scratch: Path) -> NativeCrash | None:
    """The report in a process' own folder, or None when it didn't die in native code.

    Where both wrote one, the layer knows the native part of the stack better, and the JVM alone the Java part.
    """
    layer, jvm = (_read(scratch / name) for name in (LAYER_REPORT, JVM_REPORT))
    if layer is None:
        return None if jvm is None else parse_jvm_report(jvm)
    crash = _from_layer(layer)
    java = [] if jvm is None else [line for line in _jvm_frames(jvm) if _JAVA_MARK in line]
    return replace(crash, frames=tuple(_numbered(crash.frames, java)))


def _read(report: Path) -> str | None:
    return report.read_text(encoding="utf-8", errors="replace") if report.is_file() else None


def _numbered(native: Sequence[str], java: Sequence[str]) -> Iterator[str]:
    yield from native
    for number, frame in enumerate(java, len(native)):
        yield f"#{number:02d} {frame.partition(' ')[2]}"


def parse_jvm_report(text: str) -> NativeCrash | None:
    """The crash in the text of a HotSpot error file; None for one that tells of no signal (out of memory, say)."""
    struck = _SIGNAL.search(text)
    if not struck:
        return None
    thread = _THREAD.search(text)
    fault = _FAULT.search(text)
    return NativeCrash(
        signal=signal.Signals[struck[1]],
        tid=int(thread["tid"] or 0) if thread else 0,
        thread=thread["name"] if thread else "",
        message="",
        fault_address=fault[1] if fault else "--------",
        frames=tuple(_jvm_frames(text)),
        code=code[1] if (code := _CODE.search(text)) else "-6 (SI_TKILL)",
    )


def _jvm_frames(text: str) -> Iterator[str]:
    _, _, rest = text.partition("Native frames:")
    lines = rest.partition("\n\n")[0].splitlines()[1:]
    _, _, java = text.partition("Java frames:")
    lines += java.partition("\n\n")[0].splitlines()[1:]
    number = 0
    for line in lines[:_FRAMES_MAX]:
        if match := _NATIVE.match(line):
            symbol = f" ({match['symbol']})" if match["symbol"] else ""
            yield f"#{number:02d} pc {int(match['offset'], 16):016x}  {match['library']}{symbol}"
        elif match := _JAVA.match(line):
            yield f"#{number:02d} pc {0:016x}  {_JAVA_MARK} {match['method']}"
        else:
            continue
        number += 1


def _from_layer(text: str) -> NativeCrash:
    said: dict[str, list[str]] = {"signal": [], "thread": [], "message": [], "frame": []}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in said:
            said[word].append(rest)
    tid, _, thread = (said["thread"] or ["0 "])[0].partition(" ")
    number, address, code = (said["signal"] or [f"{signal.SIGABRT:d} -------- -6 (SI_TKILL)"])[0].split(" ", 2)
    return NativeCrash(int(number), int(tid), thread, "\n".join(said["message"]), address, tuple(said["frame"]), code)
