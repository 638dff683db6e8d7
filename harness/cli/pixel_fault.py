"""`harness pixel fault`: have a virtual Pixel break, to see what comes of it."""

from __future__ import annotations

from textwrap import fill, indent
from typing import Annotated

import typer

from harness.pixel.faults.kinds import KINDS

_WIDTH = 72
HELP = "\n\n".join(
    (
        "Have a virtual Pixel break, as phones and cables do.",
        "KIND is `list`, `clear` (all, or one kind), or one of these; what follows is what a client sees:",
        "\b\n" + "\n".join(f"{kind.usage}\n{indent(fill(kind.sees, _WIDTH), '    ')}" for kind in KINDS.values()),
        "What breaks an operation is used up by it; what is a state lasts until it is cleared, or for --for seconds.",
    )
)


def fault(
    serial: Annotated[str, typer.Argument(help="Which virtual Pixel.")],
    kind: Annotated[str, typer.Argument(help="What breaks, or list, or clear.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="What the kind takes.")] = None,
    times: Annotated[int, typer.Option(min=1, help="So many operations; with --always all.")] = 1,
    always: Annotated[bool, typer.Option("--always", help="Every operation until it is cleared.")] = False,
    after: Annotated[float, typer.Option(min=0, help="Begin after so many seconds.")] = 0.0,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="End after so many seconds more.")] = None,
) -> None:
    """`harness pixel fault SERIAL KIND …`."""
    from harness import console
    from harness.errors import UsageError
    from harness.pixel import lifecycle
    from harness.pixel.faults import remote
    from harness.pixel.faults.kinds import parse_fault

    info = lifecycle.named(serial)
    words = arguments or []
    if kind == "list" and not words:
        lines = remote.armed(info)
        for line in lines:
            console.show_text(line)
        if not lines:
            console.say(f"{serial} has no fault armed")
    elif kind == "clear" and len(words) <= 1:
        remote.send(info, "clear", *words)
        console.say(f"{serial}: {words[0] if words else 'every fault'} cleared")
    else:
        try:
            asked = parse_fault([kind, *words])
        except ValueError as error:
            raise UsageError("pixel.fault", str(error), hint="harness pixel fault --help") from None
        remote.arm(info, asked, times=None if always else times, after=after, seconds=seconds)
        console.say(f"{serial}: {kind} armed")
