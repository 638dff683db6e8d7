"""The device that a scenario runs on: the one that is there, or a virtual Pixel for as long as the run lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.device.adb import AdbServer, choose
from harness.device.base import Device
from harness.device.lease import lease
from harness.fetch.store import cache_root
from harness.pixel import lifecycle

_READY_SECONDS = 30.0


@contextmanager
def hosted_device(serial: str | None, *, keep: bool, say: Callable[[str], None]) -> Iterator[Device]:
    """The device named, the only one there, or else a virtual Pixel, held for this process alone.

    What was started here is stopped at the end unless `keep`. Raises `NoDevice` when none can be had.
    """
    server = AdbServer.ensure()
    started: lifecycle.PixelInfo | None = None
    try:
        listed = server.devices()
        if serial is None and not listed:
            say("no device is there: starting a virtual Pixel")
            started = lifecycle.start(owner=not keep)
            server.wait_until_ready(started.serial, _READY_SECONDS)
            listed = server.devices()
        chosen = choose(listed, started.serial if started else serial)
        with lease(cache_root() / "leases", chosen):
            yield Device(server, chosen)
    finally:
        if started is not None and not keep:
            lifecycle.stop(started)
        if server.started and not keep:
            server.stop()
