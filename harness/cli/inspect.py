"""`harness inspect`: what any `.tflite` says of itself, and what its readers would refuse or misread."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    gpu: Annotated[bool, typer.Option("--gpu", help="Predict which nodes GpuDelegate takes, and why not all.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a .tflite file holds.

    Tensors, operators, metadata and associated files; needs no TensorFlow.
    """
    from harness import console
    from harness.cli.convert import cost_line
    from harness.errors import ModelError
    from harness.models.cost import cost_of
    from harness.models.gpu_start import start_refusals
    from harness.models.gpu_support import predict
    from harness.models.gpu_wrong import wrong_nodes
    from harness.models.inspect import inspect as read
    from harness.models.metadata import read_back, show
    from harness.models.metadata.findings import findings
    from harness.report.prediction import node_rows, prediction_lines, prediction_row, start_lines, wrong_lines

    found = read(model)
    problems = findings(found)
    try:
        said = read_back(found)
    except ModelError:
        said = None  # it is among the findings
    prediction = predict(model) if gpu else None
    refusals, wrong = (start_refusals(model), wrong_nodes(model)) if gpu else ({}, {})
    if as_json:
        rows = show.as_json(found, said, problems) | {"cost": asdict(cost_of(found))}
        if prediction:
            more = {"refuses_to_start": refusals, "wrong": {api: node_rows(nodes) for api, nodes in wrong.items()}}
            rows |= {"gpu": prediction_row(prediction) | more}
        console.show_json(rows)
        return
    lines = [*show.as_lines(found, said, problems), f"cost    {cost_line(cost_of(found))}"]
    lines += [*prediction_lines(prediction), *start_lines(refusals), *wrong_lines(wrong)] if prediction else []
    console.show_text("\n".join(lines))
