"""The command `harness`: a verb a file, each thin over the rooms below."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

from harness.errors import ExitCode, HarnessError, Interrupted, Terminated


def main() -> NoReturn:
    """Run the command line and end the process with the exit code of what happened."""
    signal.signal(signal.SIGINT, _interrupt)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        from harness.cli.app import app

        app(prog_name="harness")
    except HarnessError as error:
        from harness.console import complain

        complain(error)
        sys.exit(int(error.exit_code))
    except Exception as error:
        from harness.console import confess

        confess(error)
        sys.exit(int(ExitCode.BUG))
    sys.exit(int(ExitCode.PASSED))


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted("run.interrupted", "stopped by Ctrl-C", hint="what was finished is kept")


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated("run.terminated", f"stopped by {signal.Signals(number).name}", hint="what was finished is kept")
