"""The must-catch corpus as a person reads it: what there is, and what a device made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.console import plain
from harness.models.corpus import BACKENDS, Case, Fate
from harness.models.corpus_rows import CorpusResults, CorpusRow

_STYLE = {
    Fate.RIGHT: "green",
    Fate.WRONG: "bold red",
    Fate.CRASHED: "bold red",
    Fate.HUNG: "bold red",
    Fate.REFUSED: "yellow",
    Fate.CPU: "",
}
_INIT = "Init: "


def render_list(cases: Sequence[Case]) -> RenderableType:
    """A row a model: what it is, and what is known of it on each backend."""
    table = _table(*BACKENDS, "what is special")
    for case in cases:
        table.add_row(case.name, *(_fate(case.fates[backend]) for backend in BACKENDS), case.about)
    return Group(table, Text(f"{len(cases)} models, {sum(case.must_catch for case in cases)} of them computed wrongly"))


def render_results(results: CorpusResults) -> RenderableType:
    """A row a model and backend, and closing lines: what is wrong where, and each kind of surprise."""
    table = _table("backend", "predicted", "taken", "apart", "verdict", "why")
    for row in results.rows:
        table.add_row(
            row.case.name,
            row.backend,
            "" if row.prediction is None else str(len(row.prediction.taken)),
            Text(f"{_or(row.taken, '?')} of {row.total}", style="" if row.as_predicted else "bold red"),
            "" if row.max_abs is None else f"{row.max_abs:.2g}",
            _fate(row.fate),
            _why(row),
        )
    closing = [Text(f"{_counts(results, backend)}; on {results.ran_on[backend]}") for backend in results.backends]
    closing += [
        Text(f"wrong without an error on {' and '.join(backends)}: {', '.join(names)}", style="bold")
        for backends, names in results.wrong.items()
    ]
    if any(row.prediction for row in results.rows):
        closing.append(Text(f"{len(results.mispredicted)} taken otherwise than predicted"))
    closing += [
        Text(f"{row.case.name} on {row.backend}: {row.fate}, and {row.case.fates[row.backend]} was known", style="red")
        for row in results.surprises
    ]
    return Group(table, *closing)


def results_document(results: CorpusResults) -> dict[str, Any]:
    """The results as JSON; a distance that is infinite or that there is none of is null, as JSON has no infinity."""
    return {
        "runs": [str(folder) for folder in results.folders],
        "ran_on": dict(results.ran_on),
        "counts": {backend: {fate: results.count(backend, fate) for fate in Fate} for backend in results.backends},
        "wrong": [{"on": list(backends), "models": list(names)} for backends, names in results.wrong.items()],
        "rows": [
            {
                "model": row.case.name,
                "backend": row.backend,
                "predicted": None if row.prediction is None else len(row.prediction.taken),
                "taken": row.taken,
                "total": row.total,
                "max_abs": row.max_abs if row.max_abs is not None and math.isfinite(row.max_abs) else None,
                "ms": row.ms,
                "verdict": row.fate,
                "known": row.case.fates[row.backend],
                "error": row.error,
            }
            for row in results.rows
        ],
    }


def _or(value: int | None, unknown: str) -> str:
    return unknown if value is None else str(value)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("model", *columns):
        table.add_column(column, no_wrap=True)
    return table


def _fate(fate: Fate) -> Text:
    return Text(fate.value, style=_STYLE[fate])


def _counts(results: CorpusResults, backend: str) -> str:
    counts = ", ".join(f"{count} {fate}" for fate in Fate if (count := results.count(backend, fate)))
    return f"{backend}: {counts}"


def _why(row: CorpusRow) -> Text:
    """The sentence of the library's text that says most: what its initialisation stopped at."""
    lines = [line for line in row.error.splitlines() if line.strip()]
    said = next((line.partition(_INIT)[2] for line in lines if _INIT in line), lines[0] if lines else "")
    if row.fate is Fate.CPU and row.prediction and row.prediction.refused:
        said = row.prediction.refused[0].reason
    return Text(plain(said))
