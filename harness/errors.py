"""The one tree of errors: each knows its code, its exit code, whose it is, and what to do about it."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process tells its caller; scripts and CI may rely on these."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    TOOL_MISSING = 3
    BUILD_FAILED = 4
    NO_DEVICE = 5
    INSTALL_FAILED = 6
    APP_CRASHED = 7
    DEVICE_LOST = 8
    INVALID = 9
    NOTHING_TO_RUN = 10
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class Owner(StrEnum):
    """Whose failure it is: the first question of whoever reads a red run."""

    USER = "user"
    MODEL = "model"
    APP = "app"
    DEVICE = "device"
    HOST = "host"
    HARNESS = "harness"


class HarnessError(Exception):
    """Something that a person can act on: what happened, why, and what to do.

    `code` is stable and dotted (`device.lost`, `install.signature`); tests and scripts match it, never the prose.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    owner: ClassVar[Owner] = Owner.HARNESS
    transient: ClassVar[bool] = False

    def __init__(self, code: str, what: str, *, why: str = "", hint: str = "") -> None:
        self.code = code
        self.what = what
        self.why = why
        self.hint = hint
        super().__init__(": ".join(part for part in (what, why) if part))


class UsageError(HarnessError):
    """The command line or a file that the user wrote asks for what can't be."""

    exit_code = ExitCode.USAGE
    owner = Owner.USER


class ToolMissing(HarnessError):
    """A tool that this step needs isn't on the machine; the hint is the command that installs it."""

    exit_code = ExitCode.TOOL_MISSING
    owner = Owner.HOST


class HostError(HarnessError):
    """The machine that runs the harness can't do its part: no space, no network, a port taken."""

    exit_code = ExitCode.BUILD_FAILED
    owner = Owner.HOST


class DeviceUnavailable(HostError):
    """This machine can't give or reach a device: a port is taken, the sandbox isn't allowed, a server doesn't start."""

    exit_code = ExitCode.NO_DEVICE


class ModelError(HarnessError):
    """A model can't be read, converted, described or verified."""

    exit_code = ExitCode.BUILD_FAILED
    owner = Owner.MODEL


class BuildError(HarnessError):
    """The app can't be compiled, packed, aligned or signed."""

    exit_code = ExitCode.BUILD_FAILED
    owner = Owner.APP


class NoDevice(HarnessError):
    """No device, or several and none chosen."""

    exit_code = ExitCode.NO_DEVICE
    owner = Owner.DEVICE


class InstallFailed(HarnessError):
    """The device's package manager refused the APK; `code` ends in its own word for it."""

    exit_code = ExitCode.INSTALL_FAILED
    owner = Owner.APP


class AppCrashed(HarnessError):
    """The app died, threw or stopped answering in the middle of a run."""

    exit_code = ExitCode.APP_CRASHED
    owner = Owner.APP


class DeviceLost(HarnessError):
    """The device went away in the middle of an operation; what had arrived is kept."""

    exit_code = ExitCode.DEVICE_LOST
    owner = Owner.DEVICE


class DeviceInterrupted(DeviceLost):
    """The device went away in the middle of an operation, and is there again."""

    transient = True


class DeviceFailed(HarnessError):
    """The device answered, and said no: a command or a transfer failed on its side."""

    exit_code = ExitCode.DEVICE_LOST
    owner = Owner.DEVICE


class ResultsInvalid(HarnessError):
    """Results are there, but can't be trusted or compared."""

    exit_code = ExitCode.INVALID
    owner = Owner.HARNESS


class NothingToRun(HarnessError):
    """The scenario, after its filters, asks for no cell at all."""

    exit_code = ExitCode.NOTHING_TO_RUN
    owner = Owner.USER


class Interrupted(HarnessError):
    """The user asked to stop (Ctrl-C); what had been done is kept."""

    exit_code = ExitCode.INTERRUPTED
    owner = Owner.USER


class Terminated(HarnessError):
    """The system or a caller asked to stop (SIGTERM, SIGHUP); what had been done is kept."""

    exit_code = ExitCode.TERMINATED
    owner = Owner.HOST
