"""Install sessions: APKs that are written one by one and installed together."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from harness.pixel.delivery import InstallOptions

_HIGHEST: Final = 0x7FFFFFFE
_MOST: Final = 1024
"""Sessions that one caller may have open (`PackageInstallerService.MAX_ACTIVE_SESSIONS_WITH_PERMISSION`)."""


@dataclass(frozen=True, slots=True)
class InstallSession:
    """An open session; `folder` is the host's, `shown` the same folder as refusals name it."""

    number: int
    folder: Path
    shown: str
    options: InstallOptions

    def files(self) -> list[Path]:
        """What was written into it, by name."""
        return sorted(self.folder.iterdir())


class TooManySessions(Exception):
    """No more sessions can be opened."""


class UnknownSession(Exception):
    """There is no session of that number."""


class Sessions:
    """The open sessions of one device; none outlives it."""

    def __init__(self, state: Path) -> None:
        self._staging = state / "staging"
        shutil.rmtree(self._staging, ignore_errors=True)
        self._staging.mkdir()
        self._open: dict[int, InstallSession] = {}

    def create(self, options: InstallOptions) -> InstallSession:
        """A new session. Raises `TooManySessions`."""
        if len(self._open) >= _MOST:
            raise TooManySessions
        number = 1 + secrets.randbelow(_HIGHEST)
        name = f"vmdl{number}.tmp"
        folder = self._staging / name
        folder.mkdir()
        session = self._open[number] = InstallSession(number, folder, f"/data/app/{name}", options)
        return session

    def get(self, number: int) -> InstallSession:
        """The session of that number. Raises `UnknownSession`."""
        try:
            return self._open[number]
        except KeyError:
            raise UnknownSession from None

    def listed(self) -> list[InstallSession]:
        """All that are open, by number."""
        return [self._open[number] for number in sorted(self._open)]

    def change(self, session: InstallSession, **values: Any) -> None:
        """Set options of an open session."""
        self._open[session.number] = replace(session, options=replace(session.options, **values))

    def close(self, session: InstallSession) -> None:
        """End a session; what was written into it goes."""
        self._open.pop(session.number, None)
        shutil.rmtree(session.folder, ignore_errors=True)
