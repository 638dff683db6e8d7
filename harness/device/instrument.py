"""`am instrument`, followed live: each status as it comes, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.device.base import Device
from harness.device.shell import frames
from harness.wire import ShellId

_STATUS = "INSTRUMENTATION_STATUS: "
_STATUS_CODE = "INSTRUMENTATION_STATUS_CODE: "
_RESULT = "INSTRUMENTATION_RESULT: "
_CODE = "INSTRUMENTATION_CODE: "
RESULT_OK = -1


@dataclass(frozen=True, slots=True)
class Status:
    """What the app sent while it runs: its code and its values."""

    code: int
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finish:
    """How it ended: `RESULT_OK` (-1) when the app finished by itself; `values` has `shortMsg` and `longMsg` when it died.

    `code` is None when `am` ended without saying so (an unknown component, a killed `am`); `rest` is what it printed
    outside the protocol.
    """

    code: int | None
    values: Mapping[str, str] = field(default_factory=dict)
    rest: str = ""


def instrument(
    device: Device, component: str, arguments: Mapping[str, str], *, seconds: float, silence: float = math.inf
) -> Iterator[Status | Finish]:
    """Run an instrumentation and yield each `Status`, then one `Finish`.

    Raises `DeviceLost` when the device goes away, takes longer than `seconds`, or says nothing for `silence` of them.
    Closing the iterator ends the instrumentation.
    """
    argv = ["am", "instrument", "-w", "-r"]
    for key, value in arguments.items():
        argv += ["-e", key, value]
    parser = _Parser()
    pending = b""
    for kind, payload in frames(device, [*argv, component], seconds=seconds, silence=silence):
        if kind is ShellId.STDOUT:
            *lines, pending = (pending + payload).split(b"\n")
            for line in lines:
                if (status := parser.feed(line.decode(errors="replace"))) is not None:
                    yield status
        elif kind is ShellId.STDERR:
            parser.rest.append(payload.decode(errors="replace").rstrip("\n"))
    if pending:
        parser.feed(pending.decode(errors="replace"))
    yield parser.finish()


class _Parser:
    """Lines of `am instrument -r` into values; a value goes on over lines until the next key."""

    def __init__(self) -> None:
        self.rest: list[str] = []
        self._status: dict[str, str] = {}
        self._result: dict[str, str] = {}
        self._code: int | None = None
        self._open: tuple[dict[str, str], str] | None = None

    def feed(self, line: str) -> Status | None:
        line = line.rstrip("\r")
        for prefix, values in ((_STATUS, self._status), (_RESULT, self._result)):
            if line.startswith(prefix):
                key, _, value = line.removeprefix(prefix).partition("=")
                values[key] = value
                self._open = (values, key)
                return None
        if line.startswith(_STATUS_CODE):
            status = Status(int(line.removeprefix(_STATUS_CODE)), dict(self._status))
            self._status.clear()
            self._open = None
            return status
        if line.startswith(_CODE):
            self._code = int(line.removeprefix(_CODE))
            self._open = None
        elif self._open is not None:
            values, key = self._open
            values[key] += "\n" + line
        elif line:
            self.rest.append(line)
        return None

    def finish(self) -> Finish:
        rest = self.rest + [f"{key}={value}" for key, value in self._status.items()]
        return Finish(self._code, dict(self._result), "\n".join(rest))
