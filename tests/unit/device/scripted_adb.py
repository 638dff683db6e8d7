"""An adb server that plays a script: what a real one can't be brought to do on demand.

It speaks the host protocol on loopback, takes one service name at a time and answers with the bytes that the script
gives, split as the script says. It leaves out everything else: no devices behind it, no transports, no keys.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

Play = Callable[[socket.socket, str], bool]
"""Answers one service on this connection; False closes the connection afterwards."""


class ScriptedAdb:
    """Runs on a free port from `with` to its end; `services` is what clients asked for, in order."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.services: list[str] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> ScriptedAdb:
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while service := _read_service(connection):
                self.services.append(service)
                if not self._play(connection, service):
                    return


def _read_service(connection: socket.socket) -> str:
    try:
        digits = connection.recv(4, socket.MSG_WAITALL)
        return connection.recv(int(digits, 16), socket.MSG_WAITALL).decode() if len(digits) == 4 else ""
    except (OSError, ValueError):
        return ""


def block(data: bytes) -> bytes:
    """A block of the host protocol."""
    return b"%04x" % len(data) + data
