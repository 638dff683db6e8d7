"""ADB's own formats, used from both ends: transport packets, shell-v2 frames, sync records.

Sources: AOSP packages/modules/adb, `protocol.txt`, `SYNC.TXT`, `file_sync_protocol.h` and `shell_protocol.h`.
Everything here is bytes in and values out; sockets belong to the callers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class WireError(ValueError):
    """The peer sent what the protocol doesn't allow."""


# --- transport: between an adb server and a device

VERSION_WITH_CHECKSUM: Final = 0x01000000
VERSION_WITHOUT_CHECKSUM: Final = 0x01000001
MAX_PAYLOAD: Final = 1 << 20
PACKET_HEADER: Final = struct.Struct("<6I")


class Command(IntEnum):
    """A packet's first word: four ASCII letters, little-endian."""

    SYNC = 0x434E5953
    CNXN = 0x4E584E43
    AUTH = 0x48545541
    OPEN = 0x4E45504F
    OKAY = 0x59414B4F
    CLSE = 0x45534C43
    WRTE = 0x45545257
    STLS = 0x534C5453


class Auth(IntEnum):
    """`arg0` of an AUTH packet."""

    TOKEN = 1
    SIGNATURE = 2
    RSA_PUBLIC_KEY = 3


@dataclass(frozen=True, slots=True)
class Packet:
    """One transport packet; `payload` is at most `MAX_PAYLOAD` bytes."""

    command: Command
    arg0: int
    arg1: int
    payload: bytes | bytearray | memoryview = b""


@dataclass(frozen=True, slots=True)
class PacketHeader:
    """The 24 bytes before a packet's payload."""

    command: Command
    arg0: int
    arg1: int
    length: int
    checksum: int


def pack_packet_header(packet: Packet, *, with_checksum: bool) -> bytes:
    """The bytes before a packet's payload; version 0x01000001 and later leave the checksum at zero."""
    checksum = sum(packet.payload) & 0xFFFFFFFF if with_checksum else 0
    command = int(packet.command)
    return PACKET_HEADER.pack(command, packet.arg0, packet.arg1, len(packet.payload), checksum, command ^ 0xFFFFFFFF)


def pack_packet(packet: Packet, *, with_checksum: bool) -> bytes:
    """Bytes of a whole packet."""
    return pack_packet_header(packet, with_checksum=with_checksum) + packet.payload


def parse_packet_header(data: bytes | bytearray, *, max_payload: int = MAX_PAYLOAD) -> PacketHeader:
    """The header in 24 bytes. Raises `WireError` for a wrong magic, an unknown command or an over-long payload."""
    command, arg0, arg1, length, checksum, magic = PACKET_HEADER.unpack(data)
    if command ^ 0xFFFFFFFF != magic:
        raise WireError(f"packet magic {magic:#010x} doesn't fit command {command:#010x}")
    try:
        known = Command(command)
    except ValueError:
        raise WireError(f"unknown packet command {command:#010x}") from None
    if length > max_payload:
        raise WireError(f"payload of {length} bytes in a {known.name} packet; {max_payload} are allowed")
    return PacketHeader(known, arg0, arg1, length, checksum)


_WINDOW: Final = struct.Struct("<i")


def pack_window(size: int) -> bytes:
    """Payload of an OKAY under delayed acknowledgement: the bytes that were taken."""
    return _WINDOW.pack(size)


def parse_window(payload: bytes | bytearray | memoryview) -> int:
    """The bytes that an OKAY under delayed acknowledgement says were taken. Raises `WireError` for another length."""
    if len(payload) != _WINDOW.size:
        raise WireError(f"OKAY with {len(payload)} bytes under delayed acknowledgement; {_WINDOW.size} are due")
    return int(_WINDOW.unpack(payload)[0])


# --- shell v2: inside a `shell,v2:` stream

SHELL_HEADER: Final = struct.Struct("<BI")


class ShellId(IntEnum):
    """A shell-v2 frame's first byte."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    EXIT = 3
    CLOSE_STDIN = 4
    WINDOW_SIZE = 5


def pack_shell(kind: ShellId, payload: bytes = b"") -> bytes:
    """Bytes of a shell-v2 frame: `[id:1][length:4 LE][payload]`."""
    return SHELL_HEADER.pack(kind, len(payload)) + payload


def parse_shell_header(data: bytes) -> tuple[ShellId, int]:
    """Kind and payload length of the frame that these 5 bytes begin. Raises `WireError` for an unknown kind."""
    kind, length = SHELL_HEADER.unpack(data)
    try:
        return ShellId(kind), length
    except ValueError:
        raise WireError(f"unknown shell frame {kind}") from None


# --- sync: inside a `sync:` stream

SYNC_HEADER: Final = struct.Struct("<4sI")
SYNC_DATA_MAX: Final = 64 * 1024
SYNC_PATH_MAX: Final = 1024
SYNC_STAT: Final = struct.Struct("<4sIII")
"""STAT reply: id, mode, size, mtime; all zero for a path that isn't there."""
SYNC_STAT2: Final = struct.Struct("<4sIQQIIIIQqqq")
"""STA2 and LST2 reply: id, errno, dev, ino, mode, nlink, uid, gid, size, atime, mtime, ctime."""
SYNC_DENT: Final = struct.Struct("<4sIIII")
"""LIST reply, one an entry, then a name: id, mode, size, mtime, length of the name."""
SYNC_DENT2: Final = struct.Struct("<4sIQQIIIIQqqqI")
"""LIS2 reply, one an entry, then a name: as STA2, and the length of the name."""


SYNC_SEND2: Final = struct.Struct("<4sII")
"""After the path of an SND2 request: id, mode, flags."""
SYNC_RECV2: Final = struct.Struct("<4sI")
"""After the path of an RCV2 request: id, flags."""
SYNC_DRY_RUN: Final = 1 << 31
"""Flag of SND2: the file is taken and dropped. The flags below it ask for compression."""


def pack_sync(kind: bytes, payload: bytes = b"") -> bytes:
    """Bytes of a sync request or record: four letters, payload length, payload."""
    return SYNC_HEADER.pack(kind, len(payload)) + payload


# --- host protocol: between a client and the adb server


def pack_host(service: str) -> bytes:
    """Bytes of a request to the adb server: length in four hexadecimal digits, then the service's name."""
    data = service.encode()
    if len(data) > 0xFFFF:
        raise WireError(f"service name of {len(data)} bytes; 65535 are allowed")
    return b"%04x" % len(data) + data
