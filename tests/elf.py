"""What a 64-bit ELF library asks of others and gives: as much of the format as tests of the linker want."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_LOAD, _DYNAMIC = 1, 2
NEEDED, STRTAB, SYMTAB, SONAME, TEXTREL, FLAGS = 1, 5, 6, 14, 22, 30
VERSYM, VERNEED, VERNEEDNUM, GNU_HASH, HASH = 0x6FFFFFF0, 0x6FFFFFFE, 0x6FFFFFFF, 0x6FFFFEF5, 4
ANDROID_RELA: Final = 0x60000011
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM: Final = struct.Struct("<IIQQQQQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_DYNAMIC_ENTRY: Final = struct.Struct("<qQ")


@dataclass(frozen=True, slots=True)
class ElfSymbol:
    """A name of the dynamic symbol table, the version that a reference asks for, and where it stands."""

    name: str
    version: str
    defined: bool
    weak: bool


class ElfLibrary:
    """A library's bytes, read by its program headers as a linker does; section headers aren't looked at."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        head = _HEADER.unpack_from(data)
        self.machine: int = head[2]
        self.programs = [_PROGRAM.unpack_from(data, head[5] + index * head[9]) for index in range(head[10])]
        start, size = next((each[2], each[5]) for each in self.programs if each[0] == _DYNAMIC)
        self.dynamic: list[tuple[int, int]] = []
        for tag, value in _DYNAMIC_ENTRY.iter_unpack(data[start : start + size // 16 * 16]):
            if tag == 0:
                break
            self.dynamic.append((tag, value))

    @property
    def needed(self) -> tuple[str, ...]:
        """Names of the libraries that this one needs, in order."""
        return tuple(self._text(value) for tag, value in self.dynamic if tag == NEEDED)

    def value(self, wanted: int) -> int | None:
        """The dynamic section's entry of that tag."""
        return next((value for tag, value in self.dynamic if tag == wanted), None)

    @cached_property
    def symbols(self) -> tuple[ElfSymbol, ...]:
        """All dynamic symbols."""
        versions = self._needed_versions()
        table, marks = self._offset(SYMTAB), self.value(VERSYM)
        found = []
        for index in range(1, self._symbol_count()):
            name, info, _, section, _, _ = _SYMBOL.unpack_from(self.data, table + index * _SYMBOL.size)
            mark = self._half(self._file(marks) + index * 2) & 0x7FFF if marks else 0
            found.append(ElfSymbol(self._text(name), versions.get(mark, ""), section != 0, info >> 4 == 2))
        return tuple(found)

    @property
    def undefined(self) -> tuple[ElfSymbol, ...]:
        """What other libraries must give; weak names may stay without an answer."""
        return tuple(symbol for symbol in self.symbols if not symbol.defined)

    def _needed_versions(self) -> dict[int, str]:
        found: dict[int, str] = {}
        if self.value(VERNEED) is None:
            return found
        at = self._offset(VERNEED)
        for _ in range(self.value(VERNEEDNUM) or 0):
            _, count, _, first, following = struct.unpack_from("<HHIII", self.data, at)
            inner = at + first
            for _ in range(count):
                _, _, index, name, step = struct.unpack_from("<IHHII", self.data, inner)
                found[index] = self._text(name)
                inner += step
            at += following
        return found

    def _symbol_count(self) -> int:
        if (table := self.value(HASH)) is not None:
            return int(struct.unpack_from("<I", self.data, self._file(table) + 4)[0])
        at = self._offset(GNU_HASH)
        buckets, first, bloom, _ = struct.unpack_from("<IIII", self.data, at)
        start = at + 16 + bloom * 8
        highest = max(struct.unpack_from(f"<{buckets}I", self.data, start), default=0)
        if highest < first:
            return int(first)
        chain = start + buckets * 4
        while not struct.unpack_from("<I", self.data, chain + (highest - first) * 4)[0] & 1:
            highest += 1
        return int(highest) + 1

    def _offset(self, tag: int) -> int:
        value = self.value(tag)
        assert value is not None, f"no dynamic entry {tag:#x}"
        return self._file(value)

    def _file(self, address: int) -> int:
        for kind, _, offset, start, _, size, _, _ in self.programs:
            if kind == _LOAD and start <= address < start + size:
                return int(offset + address - start)
        raise ValueError(f"address {address:#x} is in no segment")

    def _half(self, at: int) -> int:
        return int(struct.unpack_from("<H", self.data, at)[0])

    def _text(self, index: int) -> str:
        start = self._offset(STRTAB) + index
        return self.data[start : self.data.index(b"\0", start)].decode()
