"""The command `harness`: a verb a file, each thin over the rooms below."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

from harness.errors import ExitCode, HarnessError


def main() -> NoReturn:
    """Run the command line and end the process with the exit code of what happened."""
    signal.signal(signal.SIGTERM, _terminate)
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


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(int(ExitCode.TERMINATED))
