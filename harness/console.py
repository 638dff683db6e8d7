"""The only room that prints: data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as RichProgress
    from rich.status import Status

_WIDTH_OF_A_FILE = 160


def plain(text: str) -> str:
    """Text of a device or a file as a terminal may show it: control characters are spelt out, save line breaks."""
    return "".join(
        char if char in "\n\t" or char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


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


def show_text(text: str) -> None:
    """Print lines that the user asked for, whole however long they are; control characters are spelt out."""
    sys.stdout.write(plain(text) + "\n")


def show_json(value: Any) -> None:
    """Print a result as JSON, one document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def say(message: str) -> None:
    """Tell the user what goes on; `message` is plain text, never markup."""
    from rich.text import Text

    stderr().print(Text(plain(message)), soft_wrap=True)


def complain(error: HarnessError) -> None:
    """Print an error: what happened, why, what to do, and its code."""
    from rich.text import Text

    text = Text()
    text.append("error", style="bold red")
    text.append(f"[{error.code}] ", style="red")
    text.append(plain(error.what))
    if error.why:
        text.append(f"\n  why: {plain(error.why)}")
    if error.hint:
        text.append("\n  do:  ", style="bold")
        text.append(plain(error.hint))
    stderr().print(text, soft_wrap=True)


def confess(error: Exception) -> None:
    """Print a bug of ours whole: whoever reports it can paste it."""
    import traceback

    trace = "".join(traceback.format_exception(error))
    sys.stderr.write(
        f"{trace}\nThis is a bug of the harness, not of your model: please report it with the lines above.\n"
    )


class Progress:
    """What is being waited for: on a terminal a line that changes in place, elsewhere one line for each stage."""

    def __init__(self) -> None:
        self._console = stderr()
        self._status: Status | None = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def stage(self, message: str) -> None:
        """Say what begins now; the line stays."""
        from rich.text import Text

        self._console.print(Text(plain(message)), soft_wrap=True)
        self.detail(message)

    def detail(self, message: str) -> None:
        """Say how far it is; only a terminal shows it, and the next call replaces it."""
        from rich.text import Text

        if self._status is not None:
            self._status.update(Text(message))


class Bar:
    """How far something long is: on a terminal a bar with the time that is left, elsewhere a line a tenth of it."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = stderr()
        self._tenth = -1
        self._bar: RichProgress | None = None
        if self._console.is_terminal:
            columns = (
                BarColumn(20),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}", markup=False),
            )
            self._bar = Progress(*columns, console=self._console)
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Bar:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, message: str, done: int, of: int) -> None:
        """Say what goes on, how many steps are done, and of how many."""
        if self._bar:
            self._bar.update(self._task, description=plain(message), completed=done, total=of)
            return
        tenth = 10 * done // of if of else 0
        if tenth > self._tenth:
            self._tenth = tenth
            self._console.print(f"{done} of {of}: {plain(message)}", markup=False, soft_wrap=True)
