"""`harness inspect`: what any `.tflite` says of itself."""

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
    from harness.models.cost import cost_of
    from harness.models.gpu_support import predict
    from harness.models.inspect import inspect as read
    from harness.models.metadata import read_back
    from harness.report.prediction import prediction_lines, prediction_row

    found = read(model)
    said = read_back(found)
    prediction = predict(model) if gpu else None
    if as_json:
        console.show_json(
            {
                "path": str(model),
                "bytes": found.size,
                "inputs": [asdict(tensor) for tensor in found.main.input_tensors],
                "outputs": [asdict(tensor) for tensor in found.main.output_tensors],
                "cost": asdict(cost_of(found)),
                "operators": found.operator_counts(),
                "signatures": [asdict(signature) for signature in found.signatures],
                "associated_files": list(found.associated_files),
                "metadata": asdict(said) if said else None,
            }
            | ({"gpu": prediction_row(prediction)} if prediction else {})
        )
        return
    lines = [
        f"{model}: {found.size:,} bytes, {len(found.main.operations)} operators, {len(found.main.tensors)} tensors",
        cost_line(cost_of(found)),
    ]
    if said:
        lines += [f"{said.name} {said.version}".strip(), f"{said.description}", f"{said.author}; {said.licence}"]
    else:
        lines.append("no metadata")
    lines += [f"input   {tensor}" for tensor in found.main.input_tensors]
    lines += [f"output  {tensor}" for tensor in found.main.output_tensors]
    for tensor in said.inputs if said else ():
        lines.append(f"        {tensor.name}: {tensor.description}; mean {list(tensor.mean)}, std {list(tensor.std)}")
    for tensor in said.outputs if said else ():
        lines.append(f"        {tensor.name}: {tensor.description}")
    lines += [f"file    {name}" for name in found.associated_files]
    lines += [f"{count:6d}  {name}" for name, count in found.operator_counts().items()]
    lines += prediction_lines(prediction) if prediction else []
    console.show_text("\n".join(lines))
