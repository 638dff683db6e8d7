"""The least that adb can push to and pull from: a device that keeps no byte, checks nothing and knows one file.

    python benchmarks/adb_end.py BYTES

Prints its port, serves one adb server on it (`adb connect 127.0.0.1:PORT`), and ends with it. It is the yardstick of
`pixel_transfer.py`: what is lost against it is the virtual Pixel's own doing.
"""

from __future__ import annotations

import itertools
import socket
import stat
import struct
import sys

from harness import wire
from harness.wire import Command, Packet

RECORDS = 15
"""DATA records in a packet: as many as fit the largest."""
RECORD = wire.SYNC_DATA_MAX
BANNER = b"device::ro.product.name=end;features=shell_v2,stat_v2,ls_v2"


class End:
    """One connection; `size` is that of the file that can be pulled."""

    def __init__(self, connection: socket.socket, size: int) -> None:
        self.connection, self.size = connection, size
        self.room = bytearray(wire.MAX_PAYLOAD)
        self.numbers = itertools.count(1)
        self.requests: dict[int, Requests] = {}

    def take(self, size: int) -> memoryview:
        """Exactly so many bytes, valid until the next call."""
        view = memoryview(self.room)[:size]
        done = 0
        while done < size:
            count = self.connection.recv_into(view[done:])
            if not count:
                raise EOFError
            done += count
        return view

    def send(self, command: Command, arg0: int, arg1: int, payload: bytes | memoryview = b"") -> None:
        """A packet."""
        packet = Packet(command, arg0, arg1, payload)
        self.connection.sendmsg([wire.pack_packet_header(packet, with_checksum=False), payload])

    def serve(self) -> None:
        """Until the server goes."""
        while True:
            header = wire.parse_packet_header(bytes(self.take(wire.PACKET_HEADER.size)))
            payload = self.take(header.length)
            if header.command is Command.CNXN:
                self.send(Command.CNXN, wire.VERSION_WITHOUT_CHECKSUM, wire.MAX_PAYLOAD, BANNER)
            elif header.command is Command.OPEN:
                local = next(self.numbers)
                self.requests[local] = Requests(self.size)
                self.send(Command.OKAY, local, header.arg0)
            elif header.command is Command.WRTE:
                self.send(Command.OKAY, header.arg1, header.arg0)
                requests = self.requests[header.arg1]
                for answer in requests.read(payload):
                    self.answer(header.arg1, header.arg0, answer)
                if requests.ended:
                    self.send(Command.CLSE, header.arg1, header.arg0)
            elif header.command is Command.OKAY:
                self.answer(header.arg1, header.arg0, next(self.requests[header.arg1].file, b""))

    def answer(self, local: int, remote: int, data: bytes | memoryview) -> None:
        """Write, if there is anything to."""
        if data:
            self.send(Command.WRTE, local, remote, data)


class Requests:
    """The sync requests of one stream, answered."""

    def __init__(self, size: int) -> None:
        self.size, self.skip, self.held = size, 0, b""
        self.ended = False
        self.file: itertools.chain[bytes | memoryview] = itertools.chain()

    def read(self, payload: memoryview) -> list[bytes | memoryview]:
        """Answers to what has come; DATA is passed over without a look."""
        answers: list[bytes | memoryview] = []
        while payload:
            if self.skip:
                step = min(self.skip, len(payload))
                self.skip -= step
                payload = payload[step:]
                continue
            need = 8 - len(self.held)
            self.held += bytes(payload[:need])
            payload = payload[need:]
            if len(self.held) == 8:
                kind, length = wire.SYNC_HEADER.unpack(self.held)
                self.held = b""
                self.skip = 0 if kind in (b"DONE", b"QUIT") else length
                self.ended = kind == b"QUIT"
                answers += self.answers(kind)
        return answers

    def answers(self, kind: bytes) -> list[bytes | memoryview]:
        """What a request is answered with."""
        if kind == b"DONE":
            return [wire.pack_sync(b"OKAY")]
        if kind in (b"STA2", b"LST2"):
            return [wire.SYNC_STAT2.pack(kind, 0, 1, 1, stat.S_IFREG | 0o644, 1, 0, 0, self.size, 0, 0, 0)]
        if kind == b"STAT":
            return [wire.SYNC_STAT.pack(kind, stat.S_IFREG | 0o644, self.size, 0)]
        if kind == b"RECV":
            blocks, rest = divmod(self.size, RECORDS * RECORD)
            block = memoryview(struct.pack("<4sI", b"DATA", RECORD).ljust(8 + RECORD, b"x") * RECORDS)
            tail = b"".join(
                wire.pack_sync(b"DATA", bytes(min(RECORD, rest - start))) for start in range(0, rest, RECORD)
            )
            self.file = itertools.chain(itertools.repeat(block, blocks), [tail, wire.pack_sync(b"DONE")])
            return [next(self.file)]
        return []


def main() -> None:
    """Listen, say where, and serve."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            End(connection, int(sys.argv[1])).serve()
        except EOFError:
            return


if __name__ == "__main__":
    main()
