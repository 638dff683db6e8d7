"""`harness convert`: a model of the catalogue into described variants."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer


def convert(
    model: Annotated[str, typer.Argument(help="Model of the catalogue; `harness models` lists them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the .tflite files.")] = Path(),
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this variant; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Convert a model to described variants.

    Metadata is written and read back.
    """
    from harness import console
    from harness.models.catalog import load_card
    from harness.models.describe import describe_variants

    found = describe_variants(load_card(model), variant or (), say=console.say)
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for described in found:
        target = out / f"{described.model}_{described.variant}.tflite"
        shutil.copyfile(described.path, target)
        rows.append(
            {"variant": described.variant, "path": str(target), "bytes": described.bytes, "sha256": described.sha256}
        )
    if as_json:
        console.show_json(rows)
        return
    for row in rows:
        console.show_text(f"{row['path']}  {row['bytes']:,} bytes")
