"""`harness pixel`: the virtual Pixel, started and stopped by hand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.pixel.lifecycle import PixelInfo
    from harness.pixel.status import PixelStatus

app = typer.Typer(
    help="The virtual Pixel: a device for machines that have none.", no_args_is_help=True, rich_markup_mode=None
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_GPUS = "opencl+opengl, opengl, or none"


@app.command()
def start(
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which phone, see `profiles`.  [default: what it was, or pixel_3_xl]"),
    ] = None,
    api: Annotated[int | None, typer.Option(help="API level, 34 or 35.  [default: what it was, or 34]")] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Whose state it goes on with.  [default: made of profile, API level and port]"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=16, help="How many; named ones are NAME-1, NAME-2 …")] = 1,
    gpu: Annotated[str, typer.Option(metavar="KIND", help=f"Drivers that apps find: {_GPUS}.")] = "opencl+opengl",
    port: Annotated[
        int | None,
        typer.Option(help="Even port for its console; adb listens on the next.  [default: first free from 5554]"),
    ] = None,
    wipe: Annotated[bool, typer.Option("--wipe", help="Forget what was installed and written before.")] = False,
    secure: Annotated[
        bool, typer.Option("--secure", help="Be unauthorized, as a new phone, until `authorise` tells it adb's key.")
    ] = False,
) -> None:
    """Start a virtual Pixel, or several, and leave them running.

    adb lists it as emulator-<port>.
    """
    from concurrent.futures import ThreadPoolExecutor

    from harness import console
    from harness.errors import UsageError
    from harness.pixel import lifecycle
    from harness.pixel.profile import Gpu
    from harness.pixel.states import Make

    if gpu not in list(Gpu):
        raise UsageError("pixel.gpu", f"there is no kind of GPU {gpu!r}", hint=f"one of {_GPUS}")
    make = Make(profile, api, Gpu(gpu))

    def start_one(number: int) -> PixelInfo:
        own = f"{name}-{number + 1}" if name and count > 1 else name
        own_port = port + 2 * number if port else None
        return lifecycle.start(own, own_port, owner=False, make=make, wipe=wipe, secure=secure)

    with ThreadPoolExecutor(max_workers=4) as pool:
        for started in [pool.submit(start_one, number) for number in range(count)]:
            console.show_text(started.result().serial)


@app.command()
def authorise(
    serial: Annotated[str, typer.Argument(help="Which one.")],
    key: Annotated[Path | None, typer.Argument(help="Public key of an adb.  [default: ~/.android/adbkey.pub]")] = None,
) -> None:
    """Accept an adb's key on a virtual Pixel started with --secure.

    An adb server that waits for it is served at once.
    """
    from harness import console
    from harness.pixel import lifecycle

    lifecycle.authorise(lifecycle.named(serial), key or Path.home() / ".android/adbkey.pub")
    console.say(f"{serial} accepts the key")


@app.command()
def stop(
    serials: Annotated[
        list[str] | None, typer.Argument(metavar="SERIAL…", help="Which; all when none is named.")
    ] = None,
) -> None:
    """Stop virtual Pixels and all they started.

    One that can't be stopped keeps none of the others running.
    """
    from harness import console
    from harness.errors import DeviceUnavailable
    from harness.pixel import lifecycle

    chosen = [lifecycle.named(serial) for serial in serials] if serials else lifecycle.running()
    failed: list[DeviceUnavailable] = []
    for info in chosen:
        try:
            lifecycle.stop(info)
        except DeviceUnavailable as error:
            failed.append(error)
            console.complain(error)
        else:
            console.say(f"{info.serial} stopped")
    if failed:
        raise typer.Exit(int(failed[0].exit_code))


@app.command("list")
def list_running(
    kept: Annotated[bool, typer.Option("--all", help="List kept states of those that don't run, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the virtual Pixels that run here."""
    from harness import console
    from harness.pixel import lifecycle
    from harness.pixel.states import kept_states

    found = lifecycle.running()
    up = {info.name for info in found}
    rest = [state for state in kept_states() if state.name not in up] if kept else []
    if as_json:
        documents = [_as_document(info) for info in found]
        console.show_json(documents if not kept else {"running": documents, "kept": [asdict(state) for state in rest]})
        return
    for info in found:
        gpu = "" if info.gpu == "opencl+opengl" else f"  gpu {info.gpu}"
        secure = "  secure" if info.secure else ""
        console.show_text(_line(info.serial, info.profile, info.api, info.name, f"pid {info.pid}{gpu}{secure}"))
    for state in rest:
        console.show_text(_line("not running", state.profile, state.api, state.name, f"{state.size / 1e6:.0f} MB"))
    if not (found or rest):
        console.say("none runs; `harness pixel start` starts one")


@app.command()
def status(
    serial: Annotated[str | None, typer.Argument(help="Which one; all when none is named.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what virtual Pixels are and do: apps, memory, battery, heat."""
    from harness import console
    from harness.pixel import lifecycle
    from harness.pixel.status import ask_status

    chosen = [lifecycle.named(serial)] if serial else lifecycle.running()
    told = [(info, ask_status(info)) for info in chosen]
    if as_json:
        console.show_json([_as_document(info) | asdict(found) for info, found in told])
        return
    for info, found in told:
        console.show_text(_described(info, found))
    if not told:
        console.say("none runs; `harness pixel start` starts one")


@app.command()
def profiles(as_json: AsJson = False) -> None:
    """List the phones that a virtual Pixel can be."""
    from harness import console
    from harness.pixel.profile import APIS, PROFILES, profile_of

    found = [profile_of(name) for name in PROFILES]
    if as_json:
        names = ("name", "model", "device", "width", "height", "density", "refresh_hz", "memory", "first_api", "abis")
        console.show_json([{name: getattr(each, name) for name in names} | {"apis": APIS} for each in found])
        return
    levels = ", ".join(map(str, APIS))
    for each in found:
        console.show_text(
            f"{each.name:<11} {each.model:<11} {each.width}x{each.height}  {each.density} dpi  {each.refresh_hz:>3.0f} Hz"
            f"  {each.memory >> 30} GB  {','.join(each.abis)}  API {levels}"
        )


@app.command()
def forget(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME…", help="Whose; see `list --all`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of all that don't run.")] = False,
) -> None:
    """Remove the kept states of virtual Pixels: what was installed and written on them.

    Those of runs are named run-…; what the next run on this machine finds there saves it seconds.
    """
    from harness import console
    from harness.errors import UsageError
    from harness.pixel import lifecycle, states

    if bool(names) == everything:
        raise UsageError("pixel.forget", "whose state is to be forgotten?", hint="a name, or --all")
    up = {info.name for info in lifecycle.running()}
    chosen = [state.name for state in states.kept_states() if state.name not in up] if everything else names or []
    for name in chosen:
        states.forget(name)
        console.say(f"{name} is forgotten")


def _line(serial: str, profile: str, api: int, name: str, more: str) -> str:
    return f"{serial:<13}  {profile:<10}  API {api}  {name}  {more}"


def _as_document(info: PixelInfo) -> dict[str, object]:
    return {name: value for name, value in asdict(info).items() if name != "owner"}


def _described(info: PixelInfo, found: PixelStatus) -> str:
    power = "plugged in" if found.plugged else "on battery"
    lines = [
        f"{info.serial}  {found.model}, Android {found.release} (API {info.api}), {info.name}",
        f"  up        {found.uptime_s:.0f} s, process {info.pid}, {found.memory_kb / 1024:.0f} MB",
        f"  gpu       {info.gpu}",
        f"  memory    {found.memory / (1 << 30):.1f} GB",
        f"  battery   {found.battery_level} %, {found.battery_status.replace('_', ' ')}, {power}",
        f"  thermal   {found.thermal}",
        f"  adb       {'asks for a known key' if info.secure else 'open to every adb on this machine'}",
    ]
    for each in found.apps:
        lines.append(f"  app       {each.package}, process {each.pid}, {each.memory_kb / 1024:.0f} MB")
    return "\n".join([*lines, *([] if found.apps else ["  apps      none run"])])
