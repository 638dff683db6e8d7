"""`harness devices`: who is there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer


def devices(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the devices that adb sees."""
    from harness import console
    from harness.device.adb import AdbServer
    from harness.device.base import Device
    from harness.device.identity import identify

    server = AdbServer.ensure()
    rows = []
    for listed in server.devices():
        row: dict[str, object] = {"serial": listed.serial, "state": listed.state}
        if listed.state == "device":
            row |= asdict(identify(Device(server, listed.serial)))
        rows.append(row)
    if as_json:
        console.show_json(rows)
        return
    for row in rows:
        about = f"{row['manufacturer']} {row['model']}, Android {row['release']}" if "model" in row else row["state"]
        console.show_text(f"{row['serial']}  {about}{'  (virtual)' if row.get('emulated') else ''}")
    if not rows:
        console.say("none; `harness pixel start` starts a virtual one")
