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
    from harness.models.samples import sample
    from harness.scenario.load import load
    from harness.scenario.packing import build_app, bundle_for, describe_models
    from harness.scenario.plan import cells_of

    loaded = load(scenario)
    samples = [sample(name, say=console.say) for name in loaded.inputs]
    built = build_app(bundle_for(describe_models(cells_of(loaded), console.say), samples), out)
    if as_json:
        console.show_json(asdict(built) | {"path": str(built.path)})
        return
    console.show_text(f"{built.path}  {built.bytes / 1e6:.1f} MB, {', '.join(built.abis)}, SHA-256 {built.sha256}")
