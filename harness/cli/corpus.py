"""`harness corpus`: small models that a GPU path may compute wrongly without an error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="The must-catch corpus: models that a GPU path computes wrongly without an error, and controls.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    wrong: Annotated[bool, typer.Option("--wrong", help="Only those that some backend computes wrongly.")] = False,
) -> None:
    """List the models, and what is known of each on OpenCL, OpenGL and WebGPU."""
    from harness import console
    from harness.models.corpus import corpus
    from harness.report.corpus import render_list

    console.show(render_list([case for case in corpus() if case.must_catch or not wrong]))


@app.command("run")
def run(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.  [default: all]")] = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this backend, or all; may be repeated. webgpu is LiteRT's accelerator on this host, and needs no "
            "device.  [default: gpu-opencl, gpu-opengl]",
        ),
    ] = None,
    serial: Annotated[str | None, typer.Option("--serial", "-s", help="Device to use.")] = None,
    pixel: Annotated[bool, typer.Option("--pixel", help="Use a virtual Pixel of this run's own.")] = False,
    results: Annotated[Path | None, typer.Option(help="Folder for results.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Run the models on the CPU, on GpuDelegate over OpenCL and OpenGL, and on WebGPU, and judge each.

    Exits 1 when the delegate took other nodes than predicted, or a model met another fate than is known of it.
    """
    from harness import console
    from harness.errors import ExitCode
    from harness.models.corpus import BACKENDS
    from harness.pixel.states import Make
    from harness.report.corpus import render_results, results_document
    from harness.scenario.corpus import ON_A_DEVICE, chosen, run_corpus

    wanted = BACKENDS if "all" in (backend or ()) else tuple(backend or ON_A_DEVICE)
    with console.Progress() as progress:
        found = run_corpus(
            chosen(models or ()),
            backends=wanted,
            serial=serial,
            virtual=Make() if pixel else None,
            results=results,
            say=progress.stage,
        )
    if as_json:
        console.show_json(results_document(found))
    else:
        console.show(render_results(found))
    raise typer.Exit(int(ExitCode.FAILED if found.mispredicted or found.surprises else ExitCode.PASSED))
