"""`harness run`: a scenario, from its models to a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    scenario: Annotated[Path, typer.Argument(help="Scenario file, as scenarios/quickstart.yaml.")],
    serial: Annotated[
        str | None, typer.Option("--serial", "-s", help="Device to use; needed when several are there.")
    ] = None,
    pixel: Annotated[
        bool, typer.Option("--pixel", help="Use a virtual Pixel of this run's own, whatever else is there.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="As --pixel, of this make: see `harness pixel profiles`.")
    ] = None,
    api: Annotated[int | None, typer.Option(help="As --pixel, with this API level.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave a virtual Pixel that this run started alive.")] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Uninstall the app first where another signer's or a newer one is in the way."),
    ] = False,
    results: Annotated[
        Path | None, typer.Option(help="Folder for results.  [default: results/ of the checkout]")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this model; may be repeated.")] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this variant; may be repeated.")
    ] = None,
    backend: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this backend; may be repeated.")
    ] = None,
    apk: Annotated[Path | None, typer.Option(help="Install this APK of the app instead of building one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Run a scenario to its verdict.

    Converts, builds, installs, runs on the device, compares and judges. Without a device, a virtual Pixel is started
    and stopped again.
    """
    from harness import console
    from harness.pixel.states import Make
    from harness.report.terminal import render
    from harness.scenario.run import Choice, run_scenario

    choice = Choice(models=tuple(model or ()), variants=tuple(variant or ()), backends=tuple(backend or ()), apk=apk)
    with console.Progress() as progress:
        found = run_scenario(
            scenario,
            choice,
            serial=serial,
            virtual=Make(profile, api) if pixel or profile or api else None,
            keep=keep,
            replace=replace,
            results=results,
            progress=progress,
        )
    if as_json:
        console.show_json(found.to_json())
    else:
        console.show(render(found))
    raise typer.Exit(int(found.exit_code))
