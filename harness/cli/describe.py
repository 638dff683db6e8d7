"""`harness describe`: metadata into a copy of a model, from a description file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def describe(
    model: Annotated[Path, typer.Argument(help="A .tflite file; it stays as it is.")],
    description: Annotated[Path, typer.Argument(help="A YAML file: family, name, input, labels, …")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The copy to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write metadata into a copy of a model.

    Its files go with it; the copy is read back and compared, and what its readers would refuse or misread is listed.
    """
    from harness import console
    from harness.models.families import describe_file
    from harness.models.metadata.findings import findings

    described = describe_file(model, description, out)
    found = findings(described)
    if as_json:
        console.show_json({"path": str(out), "bytes": described.size, "findings": [asdict(one) for one in found]})
        return
    console.show_text(f"{out}: {described.size:,} bytes, files: {', '.join(described.associated_files) or 'none'}")
    for one in found:
        console.show_text(f"finding [{one.code}] {one}\n        do: {one.remedy}")
