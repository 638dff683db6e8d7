"""A device that was lost: whether it is there again, and still the boot that it was."""

from __future__ import annotations

from harness.device.adb import AdbServer
from harness.device.base import Device
from harness.device.shell import check, frames
from harness.errors import DeviceFailed, DeviceInterrupted, DeviceLost, DeviceUnavailable, NoDevice, ToolMissing
from harness.wire import ShellId

_BACK_SECONDS = 10.0
_LOSSES = ("device.lost", "device.silent", "adb.server_gone")
_STAGES = {
    "sys.boot_completed": '[ "$(getprop sys.boot_completed)" = 1 ]',
    "the boot animation's end": '[ "$(getprop init.svc.bootanim)" != running ]',
    "the package service": "pm path android >/dev/null 2>&1",
    "/data/local/tmp to be writable": "[ -w /data/local/tmp ]",
}
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


def wait_until_booted(device: Device, seconds: float) -> None:
    """Return when Android is up: booted, its animation over, its package service there, `/data/local/tmp` writable.

    The device itself waits, and says each stage that it reaches. Raises `NoDevice` (`device.not_booted`) with the one that
    it didn't.
    """
    script = "; ".join(f"until {test}; do sleep 0.2; done; echo" for test in _STAGES.values())
    reached = 0
    try:
        for kind, payload in frames(device, ["sh", "-c", script], seconds=seconds):
            reached += payload.count(b"\n") if kind is ShellId.STDOUT else 0
    except DeviceLost as error:
        if error.code != "device.silent":
            raise
        raise NoDevice(
            "device.not_booted",
            f"{device.serial} is not up after {seconds:g} s",
            why=f"it waits for {list(_STAGES)[min(reached, len(_STAGES) - 1)]}",
            hint="look at its screen; `adb reboot` if it hangs",
        ) from error


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
        wait_until_booted(device, _BACK_SECONDS)
        now = boot_id(device)
    except (NoDevice, DeviceLost, DeviceFailed, DeviceUnavailable, ToolMissing) as still:
        why = "; ".join(filter(None, (error.why, f"and it did not come back: {still}")))
        return DeviceLost(error.code, error.what, why=why, hint=error.hint)
    code, found = ("device.flapped", "the same boot") if now == boot else ("device.rebooted", "after a reboot")
    why = "; ".join(filter(None, (error.why, f"it is there again, {found}")))
    return DeviceInterrupted(code, error.what, why=why, hint="run again; look at the cable if it happens often")
