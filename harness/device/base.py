"""A device: a serial on an adb server, and the one way to open a service on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.device.adb import AdbServer
from harness.device.stream import Deadline, ServerRefused, Stream
from harness.errors import DeviceFailed, DeviceLost

OWN_FOLDER = PurePosixPath("/data/local/tmp/tfliteharness")
"""Where all that the harness puts on a device lies, save apps and what they write."""


@dataclass(frozen=True, slots=True)
class Device:
    """A phone, an emulator or a virtual Pixel, as adb sees it."""

    server: AdbServer
    serial: str

    def open(self, service: str, what: str, deadline: Deadline) -> Stream:
        """A stream to a service of the device (`shell,v2,raw:…`, `sync:`, `exec:…`).

        Raises `DeviceLost` when the device isn't there, `DeviceFailed` when it refuses the service.
        """
        try:
            stream = self.server.open(f"host:transport:{self.serial}", what, deadline)
        except ServerRefused as error:
            raise DeviceLost(
                "device.lost", f"{what}: {self.serial} is not there", why=error.reason, hint="look at `adb devices`"
            ) from error
        try:
            stream.request(service)
        except ServerRefused as error:
            stream.close()
            raise DeviceFailed(
                "device.refused",
                f"{what}: {self.serial} refused {service.split(':', maxsplit=1)[0]!r}",
                why=error.reason,
            ) from error
        except BaseException:
            stream.close()
            raise
        return stream
