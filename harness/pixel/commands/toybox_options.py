"""Options of toybox' commands, and its words for wrong ones."""

from __future__ import annotations

import getopt
from collections.abc import Sequence

from harness.pixel.control import Call


class OptionRefused(ValueError):
    """A word that the command doesn't take; the message is what is printed after the command's name, and the code 1."""


def read_options(call: Call, short: str, long: Sequence[str] = ()) -> tuple[list[tuple[str, str]], list[str]]:
    """The options of a call, each with its value, and the other words. Raises `OptionRefused`."""
    try:
        return getopt.gnu_getopt(list(call.arguments), short, long)
    except getopt.GetoptError as error:
        dashes = "-" if len(error.opt) == 1 else "--"
        missing = "requires argument" in error.msg
        what = f"Missing argument to {dashes}{error.opt}" if missing else f"Unknown option '{error.opt}'"
        raise OptionRefused(f'{what} (see "{call.name} --help")') from None
