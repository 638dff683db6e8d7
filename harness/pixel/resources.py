"""`resources.arsc`, as far as a package manager reads it: one value by its id, in the default configuration.

Source of the layout: AOSP frameworks/base, `libs/androidfw/include/androidfw/ResourceTypes.h`.
"""

from __future__ import annotations

import struct
from typing import Final

from harness.pixel.axml import TYPE_STRING, BinaryXmlError, Reference, StringPool, Value, chunks, typed_value

MAX_BYTES: Final = 64 << 20
_TABLE, _STRING_POOL, _PACKAGE, _TYPE = 0x0002, 0x0001, 0x0200, 0x0201
_SPARSE, _SHORT_OFFSETS = 0x01, 0x02
_COMPLEX, _COMPACT = 0x0001, 0x0008
_NO_ENTRY: Final = 0xFFFFFFFF
_BUDGET: Final = 2_000_000
"""Steps that the look-ups of one table may take together: a real app's need thousands."""
_LONGEST_CONFIGURATION: Final = 128
_LONGEST_CHAIN: Final = 20
"""References to references that Android follows before it gives up."""


class ResourceTable:
    """A resource table. A damaged one, and an id that it lacks, answer None."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._strings: StringPool | None = None
        self._types: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._budget = _BUDGET
        if len(data) > MAX_BYTES:
            return
        try:
            kind, header, size = struct.unpack_from("<HHI", data)
            if kind != _TABLE or size > len(data):
                return
            for kind, first, start, end in chunks(data, header, size):
                if kind == _STRING_POOL and self._strings is None:
                    self._strings = StringPool(data, start, end)
                elif kind == _PACKAGE:
                    (number,) = struct.unpack_from("<I", data, start + 8)
                    self._index(number, start + first, end)
        except (BinaryXmlError, struct.error, IndexError):
            self._types = {}

    def __call__(self, resource: int) -> Value | None:
        """The value of a resource id, references followed."""
        try:
            for _ in range(_LONGEST_CHAIN):
                value = self._find(resource)
                if not isinstance(value, Reference):
                    return value
                resource = value.id
        except (BinaryXmlError, struct.error, IndexError):
            pass  # a table that lies answers as one that lacks the id
        return None

    def _index(self, package: int, first: int, limit: int) -> None:
        for kind, header, start, _ in chunks(self._data, first, limit):
            self._spend(1)
            if kind == _TYPE:
                self._types.setdefault((package, self._data[start + 8]), []).append((header, start))

    def _spend(self, steps: int) -> None:
        self._budget -= steps
        if self._budget < 0:
            raise BinaryXmlError("a resource table without end")

    def _find(self, resource: int) -> Value | None:
        found: Value | None = None
        for header, start in self._types.get((resource >> 24, resource >> 16 & 0xFF), ()):
            self._spend(1)
            value = self._entry(start, header, resource & 0xFFFF)
            if value is None:
                continue
            (length,) = struct.unpack_from("<I", self._data, start + 20)
            if not any(self._data[start + 24 : start + 20 + min(length, _LONGEST_CONFIGURATION)]):
                return value
            found = value if found is None else found
        return found

    def _entry(self, start: int, header: int, entry: int) -> Value | None:
        flags, _, count, entries = struct.unpack_from("<BHII", self._data, start + 9)
        offset = self._offset(start + header, flags, count, entry)
        if offset is None:
            return None
        place = start + entries + offset
        size, kind, _ = struct.unpack_from("<HHI", self._data, place)
        if kind & _COMPLEX and not kind & _COMPACT:
            return None
        if kind & _COMPACT:
            (data,) = struct.unpack_from("<I", self._data, place + 4)
            value_type = kind >> 8
        else:
            _, _, value_type, data = struct.unpack_from("<HBBI", self._data, place + size)
        if value_type == TYPE_STRING:
            return self._strings[data] if self._strings else None
        return typed_value(value_type, data)

    def _offset(self, place: int, flags: int, count: int, entry: int) -> int | None:
        """Where an entry stands, counted from the first."""
        if flags & _SPARSE:
            for index in range(min(count, 0x10000)):
                self._spend(1)
                number, offset = struct.unpack_from("<HH", self._data, place + 4 * index)
                if number == entry:
                    return int(offset) * 4
            return None
        if entry >= count:
            return None
        if flags & _SHORT_OFFSETS:
            (short,) = struct.unpack_from("<H", self._data, place + 2 * entry)
            return None if short == 0xFFFF else int(short) * 4
        (offset,) = struct.unpack_from("<I", self._data, place + 4 * entry)
        return None if offset == _NO_ENTRY else int(offset)
