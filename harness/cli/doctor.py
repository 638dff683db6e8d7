"""`harness doctor`: what is here, and what installs what isn't."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from harness.errors import ExitCode


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List tools, and what installs missing ones.

    Ends with 3 when one is missing.
    """
    from harness import console
    from harness.tools import survey

    findings = survey()
    if as_json:
        console.show_json([asdict(finding) for finding in findings])
    else:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("tool", "version", "for"):
            table.add_column(column)
        for finding in findings:
            version = (
                Text(finding.version, "green") if finding.version else Text(f"missing: {finding.remedy}", "bold red")
            )
            table.add_row(finding.name, version, finding.why)
        console.show(table)
    if any(finding.version is None for finding in findings):
        raise typer.Exit(int(ExitCode.TOOL_MISSING))
