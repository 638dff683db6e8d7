"""`fault …` on the device's console."""

from __future__ import annotations

from collections.abc import Sequence

from harness.pixel.emulator_console import Refused
from harness.pixel.faults.armed import Faults, parse_order


class FaultConsole:
    """Arms, lists and ends faults: `fault list`, `fault clear [KIND]`, `fault [times=N] [after=S] [for=S] KIND …`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def __call__(self, words: Sequence[str]) -> str:
        """What is answered before the OK. Raises `Refused`."""
        try:
            match words:
                case ["list"]:
                    return "\r\n".join(self._faults.listed())
                case ["clear"]:
                    self._faults.clear()
                case ["clear", name]:
                    self._faults.clear(name)
                case _:
                    self._faults.arm(parse_order(words))
        except ValueError as error:
            raise Refused(str(error)) from error
        return ""
