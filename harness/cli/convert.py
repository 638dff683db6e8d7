"""`harness convert`: a model of the catalogue, a file, a folder or a function into its variants."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.models.calibration import Examples
    from harness.models.facts import Facts
    from harness.models.recipe import Recipe


def convert(
    model: Annotated[
        str,
        typer.Argument(
            help="Model of the catalogue; or a .keras, .h5, .onnx or .tflite file, TensorFlow.js' model.json, "
            "a SavedModel's folder, module:function."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the .tflite files.")] = Path(),
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this variant; may be repeated.")
    ] = None,
    signature: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Signature of a SavedModel or function; may be repeated.")
    ] = None,
    tags: Annotated[str, typer.Option(help="Tags of a SavedModel's graph: a,b.")] = "",
    input_shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SHAPE", help="Shape of an input with free dimensions: name=1,224,224,3; may be repeated."
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Tensor of a model.json's or ONNX graph to give out; may be repeated."),
    ] = None,
    calibrate: Annotated[
        str,
        typer.Option(help="Real inputs for int8 and int16x8: .npz with an array an input, .npy for one; or 'noise'."),
    ] = "",
    io: Annotated[str, typer.Option(help="What integer variants take and give: float or integer (default).")] = "",
    select_ops: Annotated[bool, typer.Option("--select-ops", help="Allow TensorFlow's own operators.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Convert any model to its variants.

    Shows what each is: size, tensors, operators, cost, what GpuDelegate would take, and its distance from fp32.
    """
    from harness import console
    from harness.models.catalog import load_card, model_ids
    from harness.models.convert import convert_recipe
    from harness.models.describe import describe_variants
    from harness.models.facts import facts_of
    from harness.models.recipe import is_source, recipe_for, recipe_of

    made: list[tuple[Any, Path]] = []
    if model not in model_ids() and is_source(model):
        recipe = recipe_for(
            model,
            signatures=signature or (),
            tags=[tag.strip() for tag in tags.split(",") if tag.strip()],
            input_shapes=dict(_shape(text) for text in input_shape or ()),
            outputs=output or (),
            examples=_examples(calibrate),
            io=_io(io, calibrated=bool(calibrate)),
            select_ops=select_ops,
        )
        converted = convert_recipe(recipe, variant or recipe.variants, say=console.say)
        made = [(each.variant, each.path) for each in converted]
    else:
        card = load_card(model)
        if signature or tags or input_shape or output or calibrate or io or select_ops:
            what = f"{model} is a model of the catalogue: its card says how it is converted"
            raise UsageError("convert.option", what, hint="edit model.yaml, or name the source's file instead")
        recipe = recipe_of(card, say=console.say)
        made = [(each.variant, each.path) for each in describe_variants(card, variant or (), say=console.say)]
    rows = []
    for name, path in made:
        facts = facts_of(recipe, name, path, say=console.say)
        rows.append((place(path, out / f"{recipe.id}_{name}.tflite"), facts))
    if as_json:
        console.show_json([_row(path, facts, recipe) for path, facts in rows])
        return
    console.show_text("\n".join(line for path, facts in rows for line in _lines(path, facts, recipe)))


def place(source: Path, target: Path) -> Path:
    """Copy a file whole or not at all. Raises HostError `fetch.no_space`."""
    from harness.fetch.space import space_on_disk

    part = target.with_name(f".{target.name}.part")
    with space_on_disk(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    return target


def _row(path: Path, facts: Facts, recipe: Recipe) -> dict[str, Any]:
    from dataclasses import asdict

    from harness.report.prediction import prediction_row

    row = {"variant": facts.variant, "path": str(path), **asdict(facts), "gpu": prediction_row(facts.gpu)}
    return {**row, "calibrated_on": _calibrated_on(facts, recipe)}


def _lines(path: Path, facts: Facts, recipe: Recipe) -> list[str]:
    operators = ", ".join(f"{count} {name}" for name, count in facts.operators.items())
    lines = [f"{path}  {facts.bytes:,} bytes, {facts.tensors} tensors", f"    {cost_line(facts.cost)}"]
    lines += [f"    in  {tensor}" for tensor in facts.inputs] + [f"    out {tensor}" for tensor in facts.outputs]
    lines += [
        f"    {operators}",
        f"    GpuDelegate takes {len(facts.gpu.taken)} of {facts.gpu.total} nodes (predicted)",
    ]
    for error in facts.errors or ():
        snr = "no difference" if error.snr_db is None else f"SNR {error.snr_db:.1f} dB"
        lines.append(
            f"    '{error.name}' from fp32 on {facts.compared_on}: max {error.max_abs:.3g}, mean {error.mean_abs:.3g}, {snr}"
        )
    if calibrated := _calibrated_on(facts, recipe):
        lines.append(f"    calibrated on {calibrated}")
    if facts.select_ops:
        lines.append(f"    needs select ops in the app: {', '.join(facts.select_ops)}")
    if facts.custom_ops:
        lines.append(f"    needs custom ops in the app: {', '.join(facts.custom_ops)}")
    return lines


def cost_line(cost: Any) -> str:
    """Parameters and multiply-adds in one line."""
    missing = f" and those of {', '.join(cost.uncounted)}" if cost.uncounted else ""
    return f"{cost.parameters:,} parameters, {cost.multiply_adds:,} multiply-adds{missing}"


def _calibrated_on(facts: Facts, recipe: Recipe) -> str | None:
    from harness.models.recipe import INTEGER_VARIANTS

    return recipe.examples.name if recipe.examples and facts.variant in INTEGER_VARIANTS else None


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, equals, sides = text.rpartition("=")
    numbers = [side.strip() for side in sides.split(",")] if sides else []
    if not name or not equals or not all(side.isdecimal() and 0 < int(side) <= 1 << 24 for side in numbers):
        raise UsageError("convert.option", f"--input-shape {text} isn't name=1,224,224,3", hint="every side from 1 on")
    return name, tuple(int(side) for side in numbers)


def _io(text: str, *, calibrated: bool) -> Any:
    from harness.models.catalog import Io

    if text and not calibrated:
        raise UsageError("convert.option", "--io is for integer variants", hint="give real inputs with --calibrate")
    if text and text not in list(Io):
        raise UsageError("convert.option", f"--io is {' or '.join(Io)}, not '{text}'")
    return Io(text) if text else Io.INTEGER


def _examples(text: str) -> Examples | None:
    from harness.models.calibration import ArrayExamples, NoiseExamples

    if text == "noise":
        return NoiseExamples()
    return ArrayExamples(Path(text)) if text else None
