"""The only room that prints: data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDTH_OF_A_FILE = 160


def stdout() -> Console:
    """The console for data: results, tables, JSON."""
    from rich.console import Console

    width = _WIDTH_OF_A_FILE if not sys.stdout.isatty() and "COLUMNS" not in os.environ else None
    return Console(soft_wrap=False, highlight=False, width=width)


def stderr() -> Console:
    """The console for people: progress, notes, errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def show(thing: RenderableType) -> None:
    """Print a result that the user asked for."""
    stdout().print(thing)


def show_json(value: Any) -> None:
    """Print a result as JSON, one document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def say(message: str) -> None:
    """Tell the user what goes on; `message` is plain text, never markup."""
    from rich.text import Text

    stderr().print(Text(message))


def complain(error: HarnessError) -> None:
    """Print an error: what happened, why, what to do, and its code."""
    from rich.text import Text

    text = Text()
    text.append("error", style="bold red")
    text.append(f"[{error.code}] ", style="red")
    text.append(error.what)
    if error.why:
        text.append(f"\n  why: {error.why}")
    if error.hint:
        text.append("\n  do:  ", style="bold")
        text.append(error.hint)
    stderr().print(text)


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Say what is being waited for: a spinner on a terminal, one line elsewhere."""
    from rich.text import Text

    console = stderr()
    if console.is_terminal:
        with console.status(Text(message)):
            yield
    else:
        console.print(Text(message))
        yield
