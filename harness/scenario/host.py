"""The device that a scenario runs on: the one that is there, or a virtual Pixel for as long as the run lasts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from harness.checkout import CHECKOUT
from harness.device.adb import AdbServer, choose
from harness.device.base import Device
from harness.device.lease import lease
from harness.fetch.store import cache_root, key_of
from harness.pixel import lifecycle
from harness.pixel.states import Make, settle_make

_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Host:
    """A device held for one run; `own` when the run started it, and may do with it what it likes."""

    device: Device
    own: bool


@contextmanager
def hosted_device(
    serial: str | None, *, virtual: Make | None, keep: bool, starting: Callable[[str], AbstractContextManager[None]]
) -> Iterator[Host]:
    """The device named, the only one there, or else a virtual Pixel, held for this process alone.

    `virtual` asks for a virtual Pixel of this run's own, and of that make, whatever else is there.

    What was started here is stopped at the end unless `keep`; `starting` frames the time that it takes. Raises
    `NoDevice` or `DeviceUnavailable` when none can be had.
    """
    pixel: lifecycle.PixelInfo | None = None
    server: AdbServer | None = None
    try:
        with starting("device: looking for one, starting a virtual Pixel if there is none"):
            server = AdbServer.ensure()
            if virtual or (serial is None and not server.devices()):
                pixel = _start_own(virtual or Make(), keep=keep)
                server.wait_until_ready(pixel.serial, _READY_SECONDS)
            chosen = choose(server.devices(), pixel.serial if pixel else serial)
        with lease(cache_root() / "leases", chosen):
            yield Host(Device(server, chosen), own=pixel is not None)
    finally:
        if pixel is not None and not keep:
            lifecycle.stop(pixel)
        if server is not None and server.started and not keep:
            server.stop()


def _start_own(make: Make, *, keep: bool) -> lifecycle.PixelInfo:
    """A virtual Pixel with the state that this checkout's runs on its like left, kernels compiled for its GPU among it.

    Runs at the same time have states of their own.
    """
    profile = settle_make(make, None, wipe=False)
    base = f"run-{key_of(str(CHECKOUT))[:8]}-{profile.name}-api{profile.sdk}"
    taken = {info.name for info in lifecycle.running()}
    name = next(name for number in itertools.count() if (name := f"{base}-{number}") not in taken)
    return lifecycle.start(name=name, owner=not keep, make=make)
