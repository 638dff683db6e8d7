"""`harness pixel`: the virtual Pixel, started and stopped by hand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import pixel_fault

app = typer.Typer(
    help="The virtual Pixel: a device for machines that have none.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def start(
    port: Annotated[
        int | None,
        typer.Option(help="Even port for its console; adb listens on the next.  [default: first free from 5554]"),
    ] = None,
    wipe: Annotated[bool, typer.Option("--wipe", help="Forget what was installed and written before.")] = False,
    secure: Annotated[
        bool, typer.Option("--secure", help="Be unauthorized, as a new phone, until `authorise` tells it adb's key.")
    ] = False,
) -> None:
    """Start a virtual Pixel and leave it running.

    adb lists it as emulator-<port>.
    """
    from harness import console
    from harness.pixel import lifecycle

    console.show_text(lifecycle.start(port=port, owner=False, wipe=wipe, secure=secure).serial)


app.command("fault", help=pixel_fault.HELP)(pixel_fault.fault)


@app.command()
def authorise(
    serial: Annotated[str, typer.Argument(help="Which one.")],
    key: Annotated[Path | None, typer.Argument(help="Public key of an adb.  [default: ~/.android/adbkey.pub]")] = None,
) -> None:
    """Accept an adb's key on a virtual Pixel started with --secure.

    An adb server that waits for it is served at once.
    """
    from harness import console
    from harness.errors import NoDevice
    from harness.pixel import lifecycle

    chosen = next((info for info in lifecycle.running() if info.serial == serial), None)
    if chosen is None:
        raise NoDevice("pixel.unknown", f"no virtual Pixel {serial} runs here", hint="harness pixel list")
    lifecycle.authorise(chosen, key or Path.home() / ".android/adbkey.pub")
    console.say(f"{serial} accepts the key")


@app.command()
def stop(serial: Annotated[str | None, typer.Argument(help="Which one; all when none is named.")] = None) -> None:
    """Stop a virtual Pixel and all it started."""
    from harness import console
    from harness.errors import NoDevice
    from harness.pixel import lifecycle

    chosen = [info for info in lifecycle.running() if serial in (None, info.serial)]
    if serial is not None and not chosen:
        raise NoDevice("pixel.unknown", f"no virtual Pixel {serial} runs here", hint="harness pixel list")
    for info in chosen:
        lifecycle.stop(info)
        console.say(f"{info.serial} stopped")


@app.command("list")
def list_running(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the virtual Pixels that run here."""
    from harness import console
    from harness.pixel import lifecycle

    found = lifecycle.running()
    if as_json:
        console.show_json([asdict(info) for info in found])
        return
    for info in found:
        console.show_text(f"{info.serial}  pid {info.pid}")
    if not found:
        console.say("none runs; `harness pixel start` starts one")
