"""`harness models`: what the catalogue has, where it comes from, and how good it was found to be."""

from __future__ import annotations

from typing import Annotated

import typer


def models(
    model: Annotated[str | None, typer.Argument(help="Only this one, with all that was measured of it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models of the catalogue.

    Says size, licence, input, where the weights come from, and what was measured.
    """
    from harness import console
    from harness.models.catalog import load_card, model_ids
    from harness.models.measured import read_measured
    from harness.models.provenance import origins
    from harness.report.catalogue import listing, portrait

    cards = [load_card(name) for name in ([model] if model else model_ids())]
    measured = read_measured()
    if as_json:
        of = measured.models if measured else {}
        rows = [
            card.model_dump(mode="json", by_alias=True)
            | {
                "origins": origins(card),
                "measured": {k: v.model_dump(mode="json") for k, v in of.get(card.id, {}).items()},
            }
            for card in cards
        ]
        console.show_json(rows)
        return
    console.show(portrait(cards[0], measured) if model else listing(cards, measured))
