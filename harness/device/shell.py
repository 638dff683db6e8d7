"""Commands on a device, over the shell-v2 protocol: stdout, stderr and exit code apart, and no end mistaken for success."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.device.base import Device
from harness.device.stream import Deadline
from harness.errors import DeviceFailed, DeviceLost
from harness.wire import SHELL_HEADER, ShellId, WireError, parse_shell_header

_FRAME_MAX = 1 << 24
_TAIL = 400


@dataclass(frozen=True, slots=True)
class Completed:
    """What a command left: its bytes and its exit code (0 to 255)."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text; bytes that aren't UTF-8 are replaced."""
        return self.stdout.decode(errors="replace")


def quote(argv: Sequence[str]) -> str:
    """One line for the device's shell that yields exactly these words: the only place where quoting is done."""
    for word in argv:
        if "\0" in word:
            raise ValueError("a word for the device's shell has a NUL byte")
    return shlex.join(argv)


def frames(
    device: Device, argv: Sequence[str], *, seconds: float, silence: float = math.inf
) -> Iterator[tuple[ShellId, bytes]]:
    """The frames of a running command as they come, the last one `EXIT` with its code in one byte.

    Raises `DeviceLost` when the stream ends before that frame, takes longer than `seconds`, or is silent for `silence` of
    them. Closing the iterator ends the command.
    """
    what = f"running `{argv[0]}` on {device.serial}"
    with device.open(f"shell,v2,raw:{quote(argv)}", what, Deadline.after(seconds, silence=silence)) as stream:
        while True:
            try:
                kind, length = parse_shell_header(stream.read_exactly(SHELL_HEADER.size))
            except WireError as error:
                raise DeviceLost("device.garbled", f"{what}: a frame that makes no sense", why=str(error)) from error
            if length > _FRAME_MAX:
                raise DeviceLost(
                    "device.garbled", f"{what}: a frame of {length} bytes", why=f"{_FRAME_MAX} are allowed"
                )
            payload = stream.read_exactly(length)
            yield kind, payload
            if kind is ShellId.EXIT:
                return


def run(device: Device, argv: Sequence[str], *, seconds: float = 30.0) -> Completed:
    """Run a command to its end; its exit code is a value, not an error.

    Raises `DeviceLost` with what it had printed when its end doesn't come.
    """
    parts: dict[ShellId, bytearray] = {ShellId.STDOUT: bytearray(), ShellId.STDERR: bytearray()}
    exit_code = 255
    try:
        for kind, payload in frames(device, argv, seconds=seconds):
            if kind is ShellId.EXIT:
                exit_code = payload[0] if payload else 255
            elif kind in parts:
                parts[kind] += payload
    except DeviceLost as error:
        printed = b"".join(parts.values()).decode(errors="replace").strip()
        if not printed:
            raise
        why = "; ".join(filter(None, (error.why, f"it had printed: {printed[-_TAIL:]}")))
        raise DeviceLost(error.code, error.what, why=why, hint=error.hint) from error
    return Completed(tuple(argv), exit_code, bytes(parts[ShellId.STDOUT]), bytes(parts[ShellId.STDERR]))


def check(device: Device, argv: Sequence[str], *, seconds: float = 30.0) -> Completed:
    """Run a command that has to succeed. Raises `DeviceFailed` with its stderr when it doesn't."""
    done = run(device, argv, seconds=seconds)
    if done.exit_code != 0:
        raise DeviceFailed(
            "device.command",
            f"`{shlex.join(argv)}` failed on {device.serial} with exit code {done.exit_code}",
            why=(done.stderr or done.stdout).decode(errors="replace").strip()[-_TAIL:],
        )
    return done
