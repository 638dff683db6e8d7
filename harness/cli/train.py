"""`harness train`: the weights that were made here, made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from harness.models.training.run import TrainingRun


def train(
    model: Annotated[str, typer.Argument(help="Model of the catalogue whose card has `training:`.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for what comes out.  [default: build/trained/MODEL]")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it beside the card, over what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a model of the catalogue again.

    Fetches its data, trains with the card's seed, compares the figures on held-out data with the card's, and says what
    to pin. Exits 1 when a figure isn't the card's.
    """
    from harness import console
    from harness.checkout import BUILD
    from harness.models.catalog import load_card
    from harness.models.training.run import train_model, write

    if replace and out:
        raise UsageError("training.option", "--out and --replace name two places", hint="give one of them")
    card = load_card(model)
    with console.Bar() as bar:
        run = train_model(card, say=console.say, progress=bar)
    paths = write(run, card.folder if replace else out or BUILD / "trained" / card.id)
    if as_json:
        console.show_json(_document(run, paths))
    else:
        console.show_text("\n".join(_lines(run, paths, replaced=replace)))
    raise typer.Exit(int(ExitCode.PASSED if run.reproduced else ExitCode.FAILED))


def _document(run: TrainingRun, paths: tuple[Path, ...]) -> dict[str, Any]:
    return {
        "model": run.model,
        "seed": run.training.seed,
        "held_out_set": run.training.set_,
        "figures": [
            {"name": figure.name, "value": figure.value, "card": figure.said, "agrees": figure.agrees}
            for figure in run.figures
        ],
        "files": [
            {"path": str(path), "bytes": len(product.content), "sha256": product.sha256, "pinned": product.pinned}
            for path, product in zip(paths, run.products, strict=True)
        ],
        "reproduced": run.reproduced,
    }


def _lines(run: TrainingRun, paths: tuple[Path, ...], *, replaced: bool) -> list[str]:
    lines = [f"{run.model}, on {run.training.set_}"]
    width = max(len(figure.name) for figure in run.figures)
    for figure in run.figures:
        value = "missing" if figure.value is None else f"{figure.value:.4f}"
        said = "not in the card" if figure.said is None else f"{figure.said:.4f} in the card"
        lines.append(f"  {figure.name:{width}}  {value:>7}  {said}{'' if figure.agrees else '  <- differs'}")
    for path, product in zip(paths, run.products, strict=True):
        same = (
            "not pinned" if product.pinned is None else "as pinned" if product.pinned == product.sha256 else "another"
        )
        lines.append(f"{path}  {len(product.content):,} bytes, SHA-256 {product.sha256} ({same})")
    if not run.reproduced or any(product.pinned not in (None, product.sha256) for product in run.products):
        first = "" if replaced else "to use it: --replace, then "
        lines.append(f"{first}put these hashes and figures into model.yaml")
    return lines
