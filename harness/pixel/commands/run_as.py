"""`run-as`: a command as a debuggable app, in its data folder, where a shell can't look.

Refusals follow AOSP's `system/core/run-as/run-as.cpp`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.errors import DeviceUnavailable
from harness.pixel.app_user import namespaces_as
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


async def run(device: VirtualPixel, call: Call) -> int:
    """`run-as PACKAGE [--user UID] [COMMAND…]`."""
    if not call.arguments:
        await call.complain("run-as: usage: run-as <package-name> [--user <uid>] <command> [<args>]\n\n")
        return 1
    name, *command = call.arguments
    if command[:1] == ["--user"]:
        command = command[2:]
    package = device.packages.get(name)
    if package is None:
        await call.complain(f"run-as: unknown package: {name}\n")
        return 1
    if not package.debuggable:
        await call.complain(f"run-as: package not debuggable: {name}\n")
        return 1
    if not device.paths.exists(package.data_dir):
        await call.complain(f"run-as: couldn't stat {package.data_dir}: No such file or directory\n")
        return 1
    for stream in (call.stdin, call.stdout, call.stderr):
        os.set_blocking(stream.fd, True)  # these descriptions are ours alone, and the command doesn't expect EAGAIN
    if device.namespaces is None:
        raise DeviceUnavailable("pixel.stopped", f"{device.serial} isn't running")
    with namespaces_as(device.namespaces, package.uid) as app:
        child = device.spawn(
            command or ["/system/bin/sh"],
            call.stdin.fd,
            call.stdout.fd,
            call.stderr.fd,
            app=app,
            cwd=f"/data/data/{name}",
        )
        try:
            return await child.wait()
        finally:
            child.kill()
