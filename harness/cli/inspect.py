"""`harness inspect`: what any `.tflite` says of itself, and what its readers would refuse or misread."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a .tflite file holds.

    Tensors, operators, metadata and associated files; needs no TensorFlow.
    """
    from harness import console
    from harness.errors import ModelError
    from harness.models.inspect import inspect as read
    from harness.models.metadata import read_back, show
    from harness.models.metadata.findings import findings

    found = read(model)
    problems = findings(found)
    try:
        said = read_back(found)
    except ModelError:
        said = None  # it is among the findings
    if as_json:
        console.show_json(show.as_json(found, said, problems))
    else:
        console.show_text("\n".join(show.as_lines(found, said, problems)))
