"""The catalogue as a person reads it: a row a model, or one model whole."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.models.catalog import ModelCard
from harness.models.measured import Measured, MeasuredVariant
from harness.models.provenance import origins

_MEGABYTE = 1_000_000


def listing(cards: Sequence[ModelCard], measured: Measured | None) -> RenderableType:
    """A row a model: its first variant's size and figures; what it isn't good at stands below."""
    table = _table("model", "task", "takes", "variants", "MB", "measured", "licence", "weights")
    for card in cards:
        first = _first(card, measured)
        table.add_row(
            card.id,
            card.task.family.replace("_", " "),
            card.task.takes,
            " ".join(card.variants),
            f"{first.bytes / _MEGABYTE:.1f}" if first else "-",
            _figures(card, first),
            card.licence,
            "; ".join(origins(card)),
        )
    parts: list[RenderableType] = [table]
    weak = [Text.assemble((f"{card.id}  ", "bold"), card.caveat) for card in cards if card.caveat]
    if weak:
        parts += [Text("\nWhat to know first", style="bold"), *weak]
    return Group(*parts, *_source(measured))


def portrait(card: ModelCard, measured: Measured | None) -> RenderableType:
    """All that is known of one model."""
    head = Text.assemble((card.title, "bold"), f"  {card.description}")
    lines = [f"takes    {card.task.takes}", f"licence  {card.licence}", f"author   {card.author}"]
    lines += [f"weights  {origin}" for origin in origins(card)]
    if card.training:
        lines.append(f"held out {_held_out(card)}")
    if card.caveat:
        lines.append(f"caveat   {card.caveat}")
    table = _table("variant", "MB", "backend", "median ms", "nodes taken", "of what is allowed", "scores", "verdict")
    for variant, found in (measured.models.get(card.id, {}) if measured else {}).items():
        for place, (name, seen) in enumerate(found.backends.items()):
            first = place == 0
            table.add_row(
                variant if first else "",
                f"{found.bytes / _MEGABYTE:.1f}" if first else "",
                name,
                f"{seen.ms:.1f}" if seen.ms is not None else "-",
                f"{seen.taken}/{seen.total}" if seen.taken is not None else "-",
                f"{seen.apart:.0%}" if seen.apart is not None else "-",
                ", ".join(map(str, found.scores)) if first else "",
                f"{seen.outcome} {seen.reason}".strip(),
            )
    parts: list[RenderableType] = [head, Text("\n".join(lines))]
    if table.row_count:
        parts += [Text(), table]
    return Group(*parts, *_source(measured))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in ("MB", "median ms") else "left")
    return table


def _first(card: ModelCard, measured: Measured | None) -> MeasuredVariant | None:
    found = measured.models.get(card.id, {}) if measured else {}
    return found.get(card.variants[0])


def _figures(card: ModelCard, first: MeasuredVariant | None) -> str:
    """The headline: on held-out data where we trained, otherwise on the samples that the zoo runs."""
    if card.training:
        name, value = next(iter(card.training.held_out.items()))
        return f"{name} {value:.3g} held out"
    return str(first.scores[0]) if first and first.scores else "-"


def _held_out(card: ModelCard) -> str:
    if card.training is None:
        return ""
    figures = ", ".join(f"{name} {value:.3g}" for name, value in card.training.held_out.items())
    return f"{figures} on {card.training.set_}"


def _source(measured: Measured | None) -> list[RenderableType]:
    if measured is None:
        return []
    return [Text(f"\nMeasured on {measured.date}, {measured.device}; whose milliseconds: {measured.latency_of}", "dim")]
