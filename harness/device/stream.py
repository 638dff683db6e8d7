"""A byte stream to the adb server, or through it to a device: opened by ppadb, read and written exactly by us."""

from __future__ import annotations

import math
import socket
import struct
import time
from dataclasses import dataclass
from types import TracebackType

from ppadb.client import Client
from ppadb.connection import Connection

from harness.errors import DeviceLost, DeviceUnavailable
from harness.wire import pack_host

_STATUS_BYTES = 4
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Deadline:
    """One point in monotonic time that covers all steps of an operation, and how long it may be silent before that."""

    at: float
    seconds: float
    silence: float = math.inf

    @classmethod
    def after(cls, seconds: float, *, silence: float = math.inf) -> Deadline:
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds, seconds, silence)

    def remaining(self) -> float:
        """Seconds left; zero when it has passed."""
        return max(0.0, self.at - time.monotonic())


class ServerRefused(Exception):
    """The adb server answered FAIL; `reason` is its text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stream:
    """An open connection; every read is exact, every wait ends at the deadline, or after the silence that it allows.

    Raises `DeviceLost` when the peer goes away (`device.lost`) or stays silent (`device.silent`): an end of stream is never
    a result.
    """

    def __init__(self, connection: Connection, what: str, deadline: Deadline) -> None:
        self._socket: socket.socket = connection.socket
        # ppadb sets a linger of zero, which drops what was sent but not yet delivered when the socket is closed.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.what = what
        self.deadline = deadline

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the device ends what it runs for it."""
        self._socket.close()

    def read_some(self, limit: int = _CHUNK) -> bytes:
        """At least one byte and at most `limit`; `b""` at the end of the stream."""
        self._socket.settimeout(self._patience())
        try:
            return self._socket.recv(limit)
        except TimeoutError:
            raise self._silent() from None
        except OSError as error:
            raise self._lost(str(error)) from error

    def read_exactly(self, length: int) -> bytes:
        """Exactly `length` bytes."""
        data = bytearray()
        while len(data) < length:
            block = self.read_some(min(_CHUNK, length - len(data)))
            if not block:
                raise self._lost(f"the connection ended after {len(data)} of {length} bytes")
            data += block
        return bytes(data)

    def write(self, data: bytes) -> None:
        """All of `data`."""
        self._socket.settimeout(self._patience())
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise self._silent() from None
        except OSError as error:
            raise self._lost(str(error)) from error

    def request(self, service: str) -> None:
        """Ask for a service of the adb server. Raises `ServerRefused` with its text when it says FAIL."""
        self.write(pack_host(service))
        status = self.read_exactly(_STATUS_BYTES)
        if status == b"FAIL":
            raise ServerRefused(self.read_block().decode(errors="replace"))
        if status != b"OKAY":
            raise DeviceUnavailable(
                "adb.not_a_server",
                f"what listens on the adb port answered {status!r} to {service!r}",
                hint="another program holds the port: stop it, or set ANDROID_ADB_SERVER_PORT to a free one",
            )

    def read_block(self) -> bytes:
        """A block of the host protocol: its length in four hexadecimal digits, then its bytes."""
        digits = self.read_exactly(4)
        try:
            length = int(digits, 16)
        except ValueError:
            raise self._lost(f"the adb server sent {digits!r} where a length belongs") from None
        return self.read_exactly(length)

    def _patience(self) -> float:
        left = self.deadline.remaining()
        if left <= 0:
            raise self._silent()
        return min(left, self.deadline.silence)

    def _silent(self) -> DeviceLost:
        late = self.deadline.remaining() <= 0
        return DeviceLost(
            "device.silent",
            f"{self.what}: "
            + (f"no end within {self.deadline.seconds:g} s" if late else f"not a word for {self.deadline.silence:g} s"),
            hint="look at the device's screen and `adb devices`; what had arrived is kept",
        )

    def _lost(self, why: str) -> DeviceLost:
        return DeviceLost(
            "device.lost",
            f"{self.what}: the device went away",
            why=why,
            hint="look at the cable, the emulator and `adb devices`, then run again; what had arrived is kept",
        )


def connect(host: str, port: int, what: str, deadline: Deadline) -> Stream:
    """A connection to the adb server. Raises `ConnectionRefusedError` when nothing listens there."""
    try:
        connection = Client(host, port).create_connection(timeout=max(0.1, deadline.remaining()))
    except RuntimeError as error:  # ppadb's only error; the socket's own is its context
        if isinstance(error.__context__, OSError):
            raise ConnectionRefusedError(str(error.__context__)) from error
        raise
    return Stream(connection, what, deadline)
