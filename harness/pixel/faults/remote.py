"""Faults armed from the host, over the device's console: loopback, and the user's own token."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from harness.errors import DeviceUnavailable, UsageError
from harness.pixel.emulator_console import console_token
from harness.pixel.faults.armed import Order
from harness.pixel.faults.kinds import Fault, name_of
from harness.pixel.lifecycle import PixelInfo

_LOOPBACK: Final = "127.0.0.1"
_DEADLINE_S: Final = 10.0


def arm(
    info: PixelInfo, fault: Fault, *, times: int | None = 1, after: float = 0.0, seconds: float | None = None
) -> None:
    """Arm a fault: after so many seconds, for so many (else until it is cleared), for so many operations (None: all).

    Raises `UsageError` (`pixel.fault`) with the device's reason when it can't begin, `DeviceUnavailable`
    (`pixel.console`) when the device's console doesn't answer.
    """
    send(info, *Order(fault, times, after, seconds).words())


def clear(info: PixelInfo, kind: type[Fault] | None = None) -> None:
    """End all faults of a device, or those of one kind."""
    send(info, "clear", *([name_of(kind)] if kind else []))


def armed(info: PixelInfo) -> list[str]:
    """A line for each fault that is armed."""
    return send(info, "list")


@contextmanager
def during(info: PixelInfo, fault: Fault, *, times: int | None = 1) -> Iterator[None]:
    """Arm a fault, and end it when the block ends."""
    arm(info, fault, times=times)
    try:
        yield
    finally:
        clear(info, type(fault))


def send(info: PixelInfo, *words: str) -> list[str]:
    """Say `fault WORDS…` to the console, and return what it answers before its OK."""
    if not all(word.isprintable() for word in words):
        raise UsageError("pixel.fault", f"{' '.join(words)!r} has a character that no fault's words have")
    try:
        with socket.create_connection((_LOOPBACK, info.port), _DEADLINE_S) as channel, channel.makefile("rb") as heard:
            _answer(heard)
            for line in (f"auth {console_token(Path.home())}", " ".join(("fault", *words))):
                channel.sendall(f"{line}\n".encode())
                said = _answer(heard)
            return said
    except OSError as error:
        raise DeviceUnavailable(
            "pixel.console", f"the console of {info.serial} doesn't answer", why=str(error), hint="harness pixel list"
        ) from error


def _answer(heard: io.BufferedReader) -> list[str]:
    lines: list[str] = []
    while line := heard.readline():
        text = line.decode(errors="replace").rstrip("\r\n")
        if text == "OK":
            return lines
        if text.startswith("KO: "):
            raise UsageError("pixel.fault", text.removeprefix("KO: "))
        lines.append(text)
    raise ConnectionError("it ended the session")
