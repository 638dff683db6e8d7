"""`harness build`: a signed APK with a scenario's models in it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def build(
    scenario: Annotated[Path, typer.Argument(help="Scenario whose models and photos are packed.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where the APK goes.  [default: build/app.apk]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build the signed APK of a scenario.

    It carries the scenario's models, described, and its photos.
    """
    from harness import console
    from harness.checkout import BUILD
    from harness.scenario.load import load
    from harness.scenario.packing import build_app, bundle_for, describe_models, samples_of
    from harness.scenario.plan import cells_of

    loaded = load(scenario)
    cells = cells_of(loaded)
    samples = [one for each in samples_of(loaded, cells, console.say).values() for one in each]
    built = build_app(bundle_for(describe_models(cells, console.say), samples), out or BUILD / "app.apk")
    if as_json:
        console.show_json(asdict(built) | {"path": str(built.path)})
        return
    console.show_text(f"{built.path}  {built.bytes / 1e6:.1f} MB, {', '.join(built.abis)}, SHA-256 {built.sha256}")
