"""`harness validate`: a scenario, read and expanded without touching a device."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def validate(
    scenario: Annotated[Path | None, typer.Argument(help="Scenario file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of scenario files, for editors.")
    ] = False,
) -> None:
    """Check a scenario without a device."""
    from harness import console
    from harness.errors import UsageError
    from harness.models.catalog import load_card
    from harness.scenario.load import load
    from harness.scenario.plan import cells_of
    from harness.scenario.schema import Scenario

    if schema:
        console.show_json(Scenario.model_json_schema())
        return
    if scenario is None:
        raise UsageError(
            "validate.nothing", "no scenario file was named", hint="harness validate scenarios/quickstart.yaml"
        )
    loaded = load(scenario)
    for choice in loaded.models:
        load_card(choice.model)
    cells = cells_of(loaded)
    if as_json:
        console.show_json([{"cell": cell.id, "rule": cell.rule.model_dump(mode="json")} for cell in cells])
        return
    for cell in cells:
        rule = cell.rule
        limit = f"{rule.max_steps} steps" if rule.max_steps is not None else ""
        limit = f"{rule.max_abs:g}" if rule.max_abs is not None else limit or f"what {cell.variant} allows"
        console.show_text(f"{cell.id}: {cell.warmup}+{cell.rounds} inferences, within {limit} of {rule.against}")
