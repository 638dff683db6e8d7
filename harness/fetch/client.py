"""A registry's own client, run to fetch one distribution; what it says when it can't, told as an error."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError, UsageError
from harness.fetch.pin import PackageFile

DEADLINE_S = 1800.0
_LAST_LINES = 8
_NO_SPACE = re.compile(r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT", re.I)
_NO_NETWORK = re.compile(
    r"name resolution|Temporary failure resolving|Network is unreachable|Connection (?:refused|reset|timed out)"
    r"|Could(?:n't| not) connect",
    re.I,
)


@dataclass(frozen=True)
class Client:
    """How a registry names packages, and what its client says of those it can't get, beside what all of them say."""

    name: str
    package: re.Pattern[str]
    version: re.Pattern[str]
    no_network: re.Pattern[str]
    not_found: re.Pattern[str]
    configured_by: str

    def require_names(self, file: PackageFile) -> None:
        """Raises UsageError `fetch.bad_name` for what this client could take for an option, a folder or a URL."""
        for kind, text, grammar in (
            ("package", file.package, self.package),
            ("version", file.version, self.version),
            ("distribution", file.distribution, re.compile(r"[A-Za-z0-9][^/\\\s]*")),
        ):
            if not grammar.fullmatch(text):
                what = f"{text!r} is no {kind} that {self.name} knows"
                raise UsageError("fetch.bad_name", what, hint="correct it where the file is pinned")

    def run(self, command: Sequence[str], file: PackageFile, folder: Path) -> str | None:
        """Run the client in `folder`; answers None when it did its work, and otherwise all that it said.

        Raises:
            HostError: `fetch.timeout`.
        """
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "LC_ALL": "C.UTF-8"},  # its words are read
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=DEADLINE_S,
                check=False,
                text=True,
                errors="replace",
            )
        except subprocess.TimeoutExpired as error:
            why = f"{self.name} took over {DEADLINE_S:.0f} s"
            raise HostError("fetch.timeout", _what(file), why=why, hint="try again") from error
        return None if done.returncode == 0 else re.sub(r"//[^/@\s]+@", "//***@", done.stdout)  # addresses: passwords

    def refusal(self, file: PackageFile, said: str, *, not_found_hint: str, more: str = "") -> HostError:
        """The error for what the client said; `more` is what else is known of a distribution that isn't there."""
        what = _what(file)
        last = "\n".join([line for line in said.splitlines() if line.strip()][-_LAST_LINES:])
        if _NO_SPACE.search(said):
            hint = "free some space in the temporary folder and the cache"
            return HostError("fetch.no_space", what, why=last, hint=hint)
        if _NO_NETWORK.search(said) or self.no_network.search(said):
            return HostError("fetch.no_network", what, why=last, hint=f"check the network, and {self.configured_by}")
        if self.not_found.search(said):
            why = f"{last}\n{more}" if more else last
            return HostError("fetch.not_found", what, why=why, hint=not_found_hint)
        return HostError("fetch.failed", what, why=last, hint=f"run the same '{self.name}' by hand")


def _what(file: PackageFile) -> str:
    return f"{file.package} {file.version} can't be fetched"
