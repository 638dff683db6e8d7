"""A device that was lost: whether it is there again, and still the boot that it was."""

from __future__ import annotations

from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.device.shell import check
from harness.errors import DeviceFailed, DeviceInterrupted, DeviceLost, DeviceUnavailable, NoDevice, ToolMissing

_BACK_SECONDS = 10.0
_LOSSES = ("device.lost", "device.silent", "adb.server_gone")
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


def boot_id(device: Device) -> str:
    """The name that the kernel gave itself when it started; another one after each boot."""
    return check(device, ["cat", _BOOT_ID], seconds=_BACK_SECONDS).text.strip()


def answers(device: Device) -> bool:
    """Whether it still runs commands."""
    try:
        return bool(boot_id(device))
    except (DeviceLost, DeviceFailed):
        return False


def aftermath(device: Device, boot: str, error: DeviceLost) -> DeviceLost:
    """What to say of a loss once the device had ten seconds to come back; `boot` is its `boot_id` before.

    One that is back gives a `DeviceInterrupted`: `device.rebooted` or `device.flapped`. An adb server that was killed
    is started again for it.
    """
    if error.code not in _LOSSES:
        return error
    try:
        server = AdbServer.ensure(device.server.port)
        server.wait_until_ready(device.serial, _BACK_SECONDS)
        now = boot_id(device)
    except (NoDevice, DeviceLost, DeviceFailed, DeviceUnavailable, ToolMissing) as still:
        why = "; ".join(filter(None, (error.why, f"and it did not come back: {still}")))
        return DeviceLost(error.code, error.what, why=why, hint=error.hint)
    code, found = ("device.flapped", "the same boot") if now == boot else ("device.rebooted", "after a reboot")
    why = "; ".join(filter(None, (error.why, f"it is there again, {found}")))
    return DeviceInterrupted(code, error.what, why=why, hint="run again; look at the cable if it happens often")
