"""A run's results as a person reads them in a terminal: a row a cell, and a reason for whatever isn't a clean pass."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.console import plain
from harness.results.document import AgreementRow, Outcome, Row, RunResults, Validity

_DELEGATE = {"TfLiteGpuDelegateV2": "GPU", "TfLiteXNNPackDelegate": "XNNPACK"}
_STYLE = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.ERROR: "bold red", Outcome.SKIP: "yellow"}
_MEGABYTE = 1_000_000
_MOST_REASONS = 12


def render(results: RunResults) -> RenderableType:
    """Title, device, table, and a closing line with the counts."""
    parts: list[RenderableType] = [_heading(results)]
    if results.rows:
        parts.append(_table(results))
        if any(row.issues for row in results.rows):
            parts.append(_reasons(results))
    if results.attempts:
        parts.append(_attempts(results))
    if results.failure is not None:
        parts.append(_failure(results))
    parts.append(_closing(results))
    return Group(*parts)


def _heading(results: RunResults) -> Text:
    text = Text(results.title or results.scenario, style="bold")
    if device := results.device:
        text.append(
            f"\n{device.manufacturer} {device.model}, Android {device.release} ({device.serial})", style="not bold"
        )
        if device.emulated:
            text.append(
                ", virtual: it shows coverage and agreement; its latency isn't a phone's", style="not bold yellow"
            )
    return text


def _table(results: RunResults) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    several = len({row.model for row in results.rows}) > 1
    for column in (["model"] if several else []) + ["variant", "backend"]:
        table.add_column(column, no_wrap=True)
    table.add_column("nodes taken", no_wrap=True)
    table.add_column("apart / allowed", no_wrap=True)
    table.add_column("score", no_wrap=True)
    table.add_column("median ms", justify="right", no_wrap=True)
    table.add_column("p90 ms", justify="right", no_wrap=True)
    table.add_column("whose ms", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    previous: tuple[str, str] | None = None
    for row in results.rows:
        group = (row.model, row.variant)
        if previous is not None and group != previous:
            table.add_row()
        names = ([row.model] if several else []) + [row.variant]
        table.add_row(
            *(names if group != previous else [""] * len(names)),
            row.backend,
            _coverage(row),
            _agreement(row.worst),
            str(row.scores[0]) if row.scores else "-",
            f"{row.latency.median:.1f}" if row.latency else "-",
            _p90(row),
            row.latency_of.split(",")[0] if row.latency else "-",
            f"{row.model_bytes / _MEGABYTE:.1f}",
            _verdict(row),
        )
        previous = group
    return table


def _coverage(row: Row) -> str:
    if row.coverage is None:
        return "unknown"
    if not row.coverage:
        return "none"
    return ", ".join(
        f"{_DELEGATE.get(take.delegate, take.delegate)} {take.taken}/{take.total}" for take in row.coverage
    )


def _agreement(agreement: AgreementRow | None) -> str:
    if agreement is None:
        return "-"
    if agreement.allowed_steps is not None:
        return f"{agreement.steps} / {agreement.allowed_steps} steps of {agreement.against}"
    if agreement.allowed_differing is not None:
        return f"{agreement.differing:.1%} / {agreement.allowed_differing:.0%} of {agreement.against}"
    if agreement.allowed_mean_abs is not None:
        return f"mean {agreement.mean_abs:.1e} / {agreement.allowed_mean_abs:.2g} of {agreement.against}"
    return f"{agreement.max_abs:.1e} / {agreement.allowed_max_abs:.2g} of {agreement.against}"


def _p90(row: Row) -> str:
    if row.latency is None:
        return "-"
    return f"{row.latency.p90:.1f}" if row.latency.p90 is not None else f"n={row.latency.count}"


def _verdict(row: Row) -> Text:
    word = "invalid" if row.outcome is Outcome.SKIP else row.outcome.value
    text = Text(word, style=_STYLE[row.outcome])
    if row.validity is Validity.DEGRADED:
        text.append(" (degraded)", style="yellow")
    if row.issues:
        text.append(f" {row.issues[0].code}", style="not bold default")
    return text


def _reasons(results: RunResults) -> Text:
    """Each finding once, whole, under the rows that it is about."""
    several = len({row.model for row in results.rows}) > 1
    about: dict[tuple[str, str], list[str]] = {}
    for row in results.rows:
        for issue in row.issues:
            about.setdefault((issue.code, issue.text), []).append(
                " ".join([row.model] * several + [row.variant, row.backend])
            )
    known = {row.issues[0].code: row.known for row in results.rows if row.known}
    text = Text()
    for (code, reason), rows in list(about.items())[:_MOST_REASONS]:
        text.append(f"\n{code}", style="bold")
        text.append(f"  {', '.join(rows)}", style="dim")
        text.append("\n  " + plain(reason.strip()).replace("\n", "\n  "))
        if code in known:
            text.append(f"\n  known: {known[code]}", style="yellow")
    if len(about) > _MOST_REASONS:
        text.append(f"\n… and {len(about) - _MOST_REASONS} more findings in results.json", style="dim")
    return text


def _attempts(results: RunResults) -> Text:
    text = Text()
    for number, failure in enumerate(results.attempts, 1):
        text.append(f"\nattempt {number} broke [{failure.code}, owner: {failure.owner}] ", style="bold yellow")
        text.append(plain(failure.what))
        text.append(f"\n{plain(failure.why)}; its records are in attempts/{number}", style="dim")
    return text


def _failure(results: RunResults) -> Text:
    text = Text()
    if failure := results.failure:
        text.append(f"\nincomplete [{failure.code}, owner: {failure.owner}] ", style="bold red")
        text.append(plain(failure.what))
        if failure.why:
            text.append(f"\n{plain(failure.why)}", style="dim")
        if failure.hint:
            text.append(f"\ndo: {failure.hint}")
    return text


def _closing(results: RunResults) -> Text:
    counts: dict[str, int] = {}
    for row in results.rows:
        word = "invalid" if row.outcome is Outcome.SKIP else row.outcome.value
        if row.known:
            word = f"known {word}"
        counts[word] = counts.get(word, 0) + 1
    said = ", ".join(f"{count} {word}" for word, count in counts.items()) or "no cell ran"
    seconds = ", ".join(f"{stage} {spent:.1f}" for stage, spent in results.seconds.items())
    return Text(f"\n{said}. Seconds: {seconds}. Run {results.run_id}, exit code {int(results.exit_code)}.")
