"""All verbs in one application; a verb's own imports happen when it is called."""

from __future__ import annotations

import typer

from harness.cli import (
    bisect,
    build,
    convert,
    corpus,
    describe,
    devices,
    doctor,
    inspect,
    models,
    pixel,
    run,
    train,
    validate,
)

app = typer.Typer(
    name="harness",
    help="From a trained model to a verdict on the phone: coverage, agreement and latency of GpuDelegate against the CPU.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("run")(run.run)
app.command("validate")(validate.validate)
app.command("models")(models.models)
app.command("convert")(convert.convert)
app.command("train")(train.train)
app.command("describe")(describe.describe)
app.command("inspect")(inspect.inspect)
app.command("bisect")(bisect.bisect)
app.command("build")(build.build)
app.command("devices")(devices.devices)
app.add_typer(pixel.app, name="pixel")
app.add_typer(corpus.app, name="corpus")
app.command("doctor")(doctor.doctor)
