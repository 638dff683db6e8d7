"""The console on the even port, as `adb emu` and test farms use it: one command a line, answered by OK or KO.

Source of the commands and words: Android's emulator, `android/console.c`. Its network commands are kept and told, but
the device has no network to shape. `thermal`, `memory` and `status` are this device's own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from harness.pixel.hardware import BatteryHealth, BatteryStatus, Hardware, Link, ThermalStatus

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=IntEnum)
Command = Callable[[Sequence[str]], str]
"""Takes the words after its name, and gives what is said before the OK; raises `Refused`."""

TOKEN_NAME: Final = ".emulator_console_auth_token"  # noqa: S105 - the file's name
_GREETING: Final = "Android Console: type 'help' for a list of commands\r\nOK"
_UNKNOWN: Final = "unknown command, try 'help'"
_HELP: Final = {
    "help": "print a list of commands",
    "ping": "check if the emulator is alive",
    "auth": "user authentication for the emulator console",
    "avd": "control virtual device execution",
    "power": "power related commands",
    "network": "manage network settings (kept and told: this device has no network to shape)",
    "thermal": "thermal status that apps are told (the virtual Pixel's own)",
    "memory": "memory that the device says it has (the virtual Pixel's own)",
    "status": "the device's state as a line of JSON (the virtual Pixel's own)",
    "rotate": "refused: the virtual Pixel's screen stays upright",
    "kill": "kill the emulator instance",
    "quit": "quit control session",
    "exit": "quit control session",
}
_BEFORE_AUTH: Final = ("help", "ping", "avd")
_SPEEDS: Final = {  # bits a second up and down
    "gsm": (14_400, 14_400),
    "hscsd": (14_400, 43_200),
    "gprs": (40_000, 80_000),
    "edge": (118_400, 236_800),
    "umts": (128_000, 1_920_000),
    "hsdpa": (348_000, 14_400_000),
    "lte": (58_000_000, 173_000_000),
    "evdo": (75_000, 280_000),
    "full": (0, 0),
}
_UNITS: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_LEAST_MEMORY: Final = 128 << 20
_DELAYS: Final = {"gprs": (150, 550), "edge": (80, 400), "umts": (35, 200), "none": (0, 0)}  # milliseconds


class Refused(Exception):
    """A command can't be done; the text follows `KO: `."""


def console_token(home: Path) -> str:
    """The word that `auth` asks for; made in the user's home on first use, empty when the user emptied the file.

    Of devices that start at once, one makes it, and whole: an empty word would let everybody in.
    """
    path = home / TOKEN_NAME
    if not path.exists():
        fd, fresh = tempfile.mkstemp(prefix=f"{TOKEN_NAME}.", dir=home)
        with os.fdopen(fd, "w", encoding="utf-8") as stream:
            stream.write(secrets.token_urlsafe(12))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            log.debug("another device has made %s", path)
        finally:
            Path(fresh).unlink()
    return path.read_text(encoding="utf-8").strip()


class EmulatorConsole:
    """Serves the console's clients. `kill` is called when one asks for the device's end; `more` are commands besides."""

    def __init__(
        self,
        avd_name: str,
        token_file: Path,
        token: str,
        hardware: Hardware,
        kill: Callable[[], None],
        more: Mapping[str, Command] = MappingProxyType({}),
    ) -> None:
        self._avd_name, self._token_file, self._token = avd_name, token_file, token
        self._hardware, self._kill = hardware, kill
        self._commands: dict[str, Command] = {
            "help": _help,
            "ping": lambda _: "I am alive!",
            "avd": self._avd,
            "power": self._power,
            "network": self._network,
            "rotate": _rotate,
            "thermal": self._thermal,
            "memory": self._memory,
            **more,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands until `quit`, `kill`, a line over the reader's limit or the client's end."""
        known = not self._token
        writer.write(f"{_GREETING if known else self._demand()}\r\n".encode())
        try:
            while line := await reader.readline():
                words = line.decode("utf-8", "replace").split()
                if not words:
                    continue
                if words[0] in ("quit", "exit"):
                    break
                if words[0] == "kill" and known:
                    writer.write(b"OK: killing emulator, bye bye\r\n")
                    await writer.drain()
                    self._kill()
                    break
                try:
                    if words[0] == "auth":
                        self._check(words[1:])
                        known, answer = True, _GREETING
                    else:
                        answer = self._answer(words, known=known)
                except Refused as refusal:
                    answer = f"KO: {refusal}"
                writer.write(f"{answer}\r\n".encode())
                await writer.drain()
        except (ConnectionError, ValueError) as error:
            log.info("a console's client is dropped: %s", error)
        finally:
            writer.close()

    def _demand(self) -> str:
        return (
            "Android Console: Authentication required\r\n"
            "Android Console: type 'auth <auth_token>' to authenticate\r\n"
            f"Android Console: you can find your <auth_token> in \r\n'{self._token_file}'\r\nOK"
        )

    def _check(self, words: Sequence[str]) -> None:
        if not words:
            raise Refused("missing authentication token")
        if not secrets.compare_digest(" ".join(words).encode(), self._token.encode()):
            raise Refused("authentication token does not match ~/.emulator_console_auth_token")

    def _answer(self, words: Sequence[str], *, known: bool) -> str:
        command = self._commands.get(words[0])
        if command is None or not (known or words[0] in _BEFORE_AUTH):
            raise Refused(_UNKNOWN)
        said = command(words[1:])
        return f"{said}\r\nOK" if said else "OK"

    def _avd(self, words: Sequence[str]) -> str:
        if words == ["name"]:
            return self._avd_name
        if words == ["status"]:
            return "virtual device is running"
        raise Refused("bad sub-command: avd name and avd status are there")

    def _power(self, words: Sequence[str]) -> str:
        battery = self._hardware.now.battery
        match words:
            case ["display"]:
                return (
                    f"AC: {'online' if battery.ac else 'offline'}\r\n"
                    f"status: {_shown(battery.status)}\r\nhealth: {_shown(battery.health)}\r\n"
                    f"present: {str(battery.present).lower()}\r\ncapacity: {battery.level}"
                )
            case ["ac", "on" | "off" as state]:
                battery = replace(battery, ac=state == "on")
            case ["status", word] if (status := _named(BatteryStatus, word)) is not None:
                battery = replace(battery, status=status)
            case ["health", word] if (health := _named(BatteryHealth, word)) is not None:
                battery = replace(battery, health=health)
            case ["present", "true" | "false" as state]:
                battery = replace(battery, present=state == "true")
            case ["capacity", number] if number.isascii() and number.isdigit() and int(number) <= 100:
                battery = replace(battery, level=int(number))
            case _:
                raise Refused(
                    "usage: power display | ac on|off | status unknown|charging|discharging|not-charging|full"
                    " | health unknown|good|overheat|dead|overvoltage|failure | present true|false | capacity 0…100"
                )
        self._hardware.change(replace(self._hardware.now, battery=battery))
        return ""

    def _thermal(self, words: Sequence[str]) -> str:
        match words:
            case ["display"]:
                override = self._hardware.now.thermal_override
                hidden = "" if override is None else f" (apps are told {override.name}, by cmd thermalservice)"
                return f"status: {self._hardware.now.thermal:d} {self._hardware.now.thermal.name}{hidden}"
            case ["status", word] if (status := _thermal_status(word)) is not None:
                self._hardware.change(replace(self._hardware.now, thermal=status))
                return ""
        known = "|".join(f"{status:d}|{status.name}" for status in ThermalStatus)
        raise Refused(f"usage: thermal display | thermal status {known}")

    def _memory(self, words: Sequence[str]) -> str:
        match words:
            case ["display"]:
                return f"memory: {self._hardware.memory >> 20}M"
            case ["size", text] if (size := _bytes(text)) is not None:
                self._hardware.change(replace(self._hardware.now, memory=size))
                return ""
        raise Refused("usage: memory display | memory size BYTES, or with K, M or G behind, of at least 128M")

    def _network(self, words: Sequence[str]) -> str:
        link = self._hardware.now.link
        match words:
            case ["status"]:
                return _described(link)
            case ["speed", text]:
                upload, download = _pair(text, _SPEEDS, scale=1000)
                link = replace(link, upload_bits=upload, download_bits=download)
            case ["delay", text]:
                minimum, maximum = _pair(text, _DELAYS, scale=1)
                link = replace(link, minimum_delay_ms=minimum, maximum_delay_ms=maximum)
            case _:
                raise Refused("usage: network status | speed SPEED | speed UP:DOWN | delay DELAY | delay MIN:MAX")
        self._hardware.change(replace(self._hardware.now, link=link))
        return ""


def _help(_: Sequence[str]) -> str:
    lines = [f"    {name:<12}{what}" for name, what in _HELP.items()]
    return "Android console command help:\r\n\r\n" + "\r\n".join(lines)


def _rotate(_: Sequence[str]) -> str:
    raise Refused("the virtual Pixel's screen stays upright")


def _shown(value: BatteryStatus | BatteryHealth) -> str:
    return value.name.replace("_", "-").capitalize()


def _named(kind: type[Kind], word: str) -> Kind | None:
    return next((value for value in kind if value.name == word.replace("-", "_")), None)


def _thermal_status(word: str) -> ThermalStatus | None:
    if word.isascii() and word.isdigit() and int(word) <= max(ThermalStatus):
        return ThermalStatus(int(word))
    return _named(ThermalStatus, word)


def _bytes(text: str) -> int | None:
    """A size in bytes, or in units of 1024; None for less than Android starts with."""
    unit = _UNITS.get(text[-1:].upper(), 0)
    number = text[:-1] if unit else text
    size = int(number) * (unit or 1) if number.isascii() and number.isdigit() else 0
    return size if _LEAST_MEMORY <= size < 1 << 63 else None


def _pair(text: str, names: dict[str, tuple[int, int]], *, scale: int) -> tuple[int, int]:
    """A name, one number for both, or two with a colon between, in units of `scale`. Raises `Refused`."""
    if text in names:
        return names[text]
    numbers = text.split(":")
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise Refused(f"{text!r} is none of {', '.join(names)}, nor a number, nor two with a colon between")
    return int(numbers[0]) * scale, int(numbers[-1]) * scale


def _described(link: Link) -> str:
    def speed(bits: int) -> str:
        return f"{bits:>10} bits/s ({bits / 8192:.1f} KB/s)"

    return (
        "Current network status:\r\n"
        f"  download speed: {speed(link.download_bits)}\r\n"
        f"  upload speed:   {speed(link.upload_bits)}\r\n"
        f"  minimum latency:  {link.minimum_delay_ms} ms\r\n"
        f"  maximum latency:  {link.maximum_delay_ms} ms"
    )
