"""`harness models`: what the catalogue has."""

from __future__ import annotations

from typing import Annotated

import typer


def models(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the models of the catalogue."""
    from rich.table import Table

    from harness import console
    from harness.models.catalog import load_card, model_ids

    cards = [load_card(name) for name in model_ids()]
    if as_json:
        console.show_json([card.model_dump(mode="json", by_alias=True) for card in cards])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "task", "variants", "licence", "title"):
        table.add_column(column)
    for card in cards:
        table.add_row(card.id, card.task.family, " ".join(card.variants), card.licence, card.title)
    console.show(table)
