"""The names of shell services."""

from __future__ import annotations

import pytest

from harness.pixel.services.shell import ShellRequest, parse_request


@pytest.mark.parametrize(
    ("service", "request_"),
    [
        ("shell:", ShellRequest("", False, True, "dumb", True)),
        ("shell:ls -l", ShellRequest("ls -l", False, False, "dumb", True)),
        ("shell,raw:ls", ShellRequest("ls", False, False, "dumb", True)),
        ("shell,v2:", ShellRequest("", True, True, "dumb", True)),
        ("shell,v2,TERM=xterm-256color,pty:top", ShellRequest("top", True, True, "xterm-256color", True)),
        ("shell,v2,raw:echo a:b,c", ShellRequest("echo a:b,c", True, False, "dumb", True)),
        ("exec:cat", ShellRequest("cat", False, False, "dumb", False)),
    ],
)
def test_a_name_says_command_framing_terminal_and_lifetime(service: str, request_: ShellRequest) -> None:
    """Defaults as adbd's: a terminal for an interactive shell only; only `shell` ends with its client."""
    assert parse_request(service) == request_
