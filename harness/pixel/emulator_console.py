"""The console on the even port, as far as `adb emu` uses it: `auth`, `help`, `avd name`, `ping`, `kill`, `quit`."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

_LINE_MAX: Final = 4096
_COMMANDS: Final = ("help", "ping", "avd", "kill", "quit", "exit")


def console_token(home: Path) -> str:
    """The word that `auth` asks for; made in the user's home on first use, empty when the user emptied the file."""
    path = home / ".emulator_console_auth_token"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    token = secrets.token_urlsafe(12)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        stream.write(token)
    return token


class EmulatorConsole:
    """One client's session. `kill` is called when the client asks for the device's end."""

    def __init__(self, avd_name: str, token_file: Path, token: str, kill: Callable[[], None]) -> None:
        self._avd_name, self._token_file, self._token, self._kill = avd_name, token_file, token, kill

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands, one a line, until `quit`, `kill` or the client's end."""
        known = not self._token
        if known:
            writer.write(b"Android Console: type 'help' for a list of commands\r\nOK\r\n")
        else:
            writer.write(
                b"Android Console: Authentication required\r\n"
                b"Android Console: type 'auth <auth_token>' to authenticate\r\n"
                b"Android Console: you can find your <auth_token> in \r\n" + f"'{self._token_file}'\r\nOK\r\n".encode()
            )
        try:
            while line := await reader.readline():
                words = line[:_LINE_MAX].decode("utf-8", "replace").split()
                if not words:
                    continue
                if words[0] in ("quit", "exit"):
                    break
                if words[0] == "auth":
                    known = known or secrets.compare_digest(" ".join(words[1:]).encode(), self._token.encode())
                    answer = "Android Console: type 'help' for a list of commands\r\nOK" if known else "KO: bad auth"
                elif words[0] == "help":
                    answer = "Android console commands:\r\n    " + "\r\n    ".join(_COMMANDS) + "\r\nOK"
                elif not known:
                    answer = "KO: unknown command, try 'help'"
                else:
                    answer = self._answer(words)
                writer.write(f"{answer}\r\n".encode())
                await writer.drain()
        except (ConnectionError, ValueError):
            return
        finally:
            writer.close()

    def _answer(self, words: list[str]) -> str:
        if words == ["avd", "name"]:
            return f"{self._avd_name}\r\nOK"
        if words == ["avd", "status"]:
            return "virtual device is running\r\nOK"
        if words == ["ping"]:
            return "I am alive!\r\nOK"
        if words == ["kill"]:
            self._kill()
            return "OK: killing emulator, bye bye"
        return "KO: unknown command, try 'help'"
