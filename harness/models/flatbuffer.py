"""A reader of FlatBuffers that checks every step: a hostile file is told, never followed outside of its bytes.

Written from the format's own description ("FlatBuffers Internals"): little-endian; a table starts with a signed offset
back to its vtable; strings, vectors and tables are reached by unsigned offsets forward.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from harness.errors import ModelError

# Tables may share parts, so a small file can describe a huge tree; no honest file names more items than it has bytes.
_ITEMS_PER_BYTE = 4


@dataclass
class Buffer:
    """The bytes of one flatbuffer, and what to call it in an error."""

    data: memoryview
    name: str
    _left: int = field(init=False)

    def __post_init__(self) -> None:
        self._left = _ITEMS_PER_BYTE * len(self.data) + 1024

    def root(self, identifier: bytes) -> Table:
        """The root table; the identifier was checked by whoever knows what the file should be.

        Raises:
            ModelError: `model.corrupt`, here and from every reading below it.
        """
        if bytes(self.data[4:8]) != identifier:
            raise self.corrupt(4, f"its identifier is {bytes(self.data[4:8])!r} and not {identifier!r}")
        return Table(self, self.forward(0))

    def number(self, kind: str, at: int) -> int | float:
        """The number of `struct` kind (`<i`, `<f`, …) at this byte."""
        try:
            return struct.unpack_from(kind, self.data, at)[0]  # type: ignore[no-any-return]
        except struct.error:
            raise self.corrupt(at, "it ends there") from None

    def integer(self, kind: str, at: int) -> int:
        """A number that is whole."""
        return int(self.number(kind, at))

    def forward(self, at: int) -> int:
        """Where the unsigned offset at this byte leads."""
        target = at + self.integer("<I", at)
        if target == at or target >= len(self.data):
            raise self.corrupt(at, "an offset leads out of it")
        return target

    def span(self, at: int, size: int) -> tuple[int, int]:
        """First byte and count of the vector at `at`, whose items have `size` bytes."""
        count = self.integer("<I", at)
        if at + 4 + count * size > len(self.data):
            raise self.corrupt(at, f"a list of {count} items goes over its end")
        self._left -= count
        if self._left < 0:
            raise self.corrupt(at, "its lists overlap")
        return at + 4, count

    def corrupt(self, at: int, why: str) -> ModelError:
        """An error that names the file and the byte."""
        return ModelError(
            "model.corrupt",
            f"{self.name} is damaged at byte {at:,} of {len(self.data):,}",
            why=why,
            hint="fetch or convert it again; a file that was cut or edited reads like this",
        )


class Table:
    """One table; fields are named by their number in the schema, from 0 (a union counts as two)."""

    __slots__ = ("_buffer", "_fields", "_vtable", "at")

    def __init__(self, buffer: Buffer, at: int) -> None:
        self._buffer = buffer
        self.at = at
        self._vtable = at - buffer.integer("<i", at)
        if not 0 <= self._vtable < len(buffer.data):
            raise buffer.corrupt(at, "a table's layout lies outside of it")
        self._fields = (buffer.integer("<H", self._vtable) - 4) // 2

    @property
    def field_count(self) -> int:
        """How many fields the writer's schema knew."""
        return self._fields

    def place(self, number: int) -> int | None:
        """The byte where field `number` stands, or None when the file leaves it out."""
        if number >= self._fields:
            return None
        offset = self._buffer.integer("<H", self._vtable + 4 + 2 * number)
        return self.at + offset if offset else None

    def integer(self, number: int, kind: str, default: int = 0) -> int:
        """A whole number of `struct` kind `kind`."""
        at = self.place(number)
        return default if at is None else self._buffer.integer(kind, at)

    def real(self, number: int, default: float = 0.0) -> float:
        """A 32-bit float."""
        at = self.place(number)
        return default if at is None else float(self._buffer.number("<f", at))

    def target(self, number: int) -> int | None:
        """The byte where the string, vector or table of field `number` starts."""
        at = self.place(number)
        return None if at is None else self._buffer.forward(at)

    def text(self, number: int) -> str:
        """A string; empty when left out, and bytes that aren't UTF-8 shown as U+FFFD."""
        at = self.target(number)
        return "" if at is None else self._text_at(at)

    def _text_at(self, at: int) -> str:
        start, count = self._buffer.span(at, 1)
        return bytes(self._buffer.data[start : start + count]).decode("utf-8", "replace")

    def table(self, number: int) -> Table | None:
        """A table, or None."""
        at = self.target(number)
        return None if at is None else Table(self._buffer, at)

    def tables(self, number: int) -> list[Table]:
        """A vector of tables."""
        at = self.target(number)
        if at is None:
            return []
        start, count = self._buffer.span(at, 4)
        return [Table(self._buffer, self._buffer.forward(start + 4 * index)) for index in range(count)]

    def texts(self, number: int) -> tuple[str, ...]:
        """A vector of strings."""
        at = self.target(number)
        if at is None:
            return ()
        start, count = self._buffer.span(at, 4)
        return tuple(self._text_at(self._buffer.forward(start + 4 * index)) for index in range(count))

    def integers(self, number: int, kind: str) -> tuple[int, ...]:
        """A vector of whole numbers of `struct` kind `kind`, one letter."""
        return self._numbers(number, kind)

    def floats(self, number: int) -> tuple[float, ...]:
        """A vector of 32-bit floats."""
        return self._numbers(number, "f")

    def _numbers(self, number: int, kind: str) -> tuple[int, ...]:
        at = self.target(number)
        if at is None:
            return ()
        start, count = self._buffer.span(at, struct.calcsize(f"<{kind}"))
        return struct.unpack_from(f"<{count}{kind}", self._buffer.data, start)

    def raw(self, number: int) -> memoryview:
        """A vector of bytes, in place."""
        at = self.target(number)
        if at is None:
            return memoryview(b"")
        start, count = self._buffer.span(at, 1)
        return self._buffer.data[start : start + count]
