"""`harness bisect`: the first operator that a backend computes otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bisect(
    model: Annotated[str, typer.Argument(help="A model of the catalogue, or a .tflite file.")],
    variant: Annotated[str, typer.Option(help="Which precision of a model of the catalogue.")] = "fp32",
    reference: Annotated[
        str, typer.Option(help="Backend that is right: cpu, cpu-plain, gpu, gpu-opencl, gpu-opengl.")
    ] = "cpu",
    suspect: Annotated[str, typer.Option(help="Backend that is in doubt, of the same names.")] = "gpu",
    precision_loss: Annotated[
        bool, typer.Option("--precision-loss/--no-precision-loss", help="The GPU may compute in half floats.")
    ] = True,
    photo: Annotated[
        list[str] | None, typer.Option("--input", help="Photo of the catalogue; may be repeated.  [default: chelsea]")
    ] = None,
    npy: Annotated[
        list[Path] | None,
        typer.Option("--input-npy", help="Input tensor in a .npy file; once for each input of the model, in order."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(min=1e-12, help="Share of a tensor's own range.  [default: 1e-2; 1e-4 without precision loss]"),
    ] = None,
    serial: Annotated[str | None, typer.Option("--serial", "-s", help="Device to use.")] = None,
    pixel: Annotated[bool, typer.Option("--pixel", help="Use a virtual Pixel of this run's own.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Uninstall another signer's app first.")] = False,
    results: Annotated[
        Path | None, typer.Option(help="Folder for results.  [default: results/ of the checkout]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Find the first operator whose output differs between two backends, on the device, with cut models.

    Exit code 0: they agree. 1: they don't, and the operator is named.
    """
    from harness import console
    from harness.pixel.states import Make
    from harness.report.bisection import render
    from harness.scenario import bisect as bisection
    from harness.scenario.bisect_inputs import backend, question

    with console.Progress() as progress:
        found = bisection.bisect(
            question(
                model,
                variant=variant,
                reference=backend(reference, precision_loss=precision_loss),
                suspect=backend(suspect, precision_loss=precision_loss),
                photos=tuple(photo or ()),
                npy=tuple(npy or ()),
                tolerance=tolerance,
                say=progress.stage,
            ),
            serial=serial,
            virtual=Make() if pixel else None,
            replace=replace,
            results=results,
            progress=progress,
        )
    if as_json:
        console.show_json(found.to_json())
    else:
        console.show_text(render(found))
    raise typer.Exit(int(found.exit_code))
