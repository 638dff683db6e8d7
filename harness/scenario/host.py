"""The device that a scenario runs on: the one that is there, or a virtual Pixel for as long as the run lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from harness.device.adb import AdbServer, choose
from harness.device.base import Device
from harness.device.lease import lease
from harness.fetch.store import cache_root
from harness.pixel import lifecycle

_READY_SECONDS = 30.0


@contextmanager
def hosted_device(
    serial: str | None, *, virtual: bool, keep: bool, starting: Callable[[str], AbstractContextManager[None]]
) -> Iterator[Device]:
    """The device named, the only one there, or else a virtual Pixel, held for this process alone.

    `virtual` asks for a virtual Pixel of this run's own whatever else is there.
    What was started here is stopped at the end unless `keep`; `starting` frames the time that it takes. Raises
    `NoDevice` when none can be had.
    """
    pixel: lifecycle.PixelInfo | None = None
    server: AdbServer | None = None
    try:
        with starting("device: looking for one, starting a virtual Pixel if there is none"):
            server = AdbServer.ensure()
            if virtual or (serial is None and not server.devices()):
                pixel = lifecycle.start(owner=not keep)
                server.wait_until_ready(pixel.serial, _READY_SECONDS)
            chosen = choose(server.devices(), pixel.serial if pixel else serial)
        with lease(cache_root() / "leases", chosen):
            yield Device(server, chosen)
    finally:
        if pixel is not None and not keep:
            lifecycle.stop(pixel)
        if server is not None and server.started and not keep:
            server.stop()
