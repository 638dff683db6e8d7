"""Android's binary XML, read strictly: the form in which an APK carries its manifest.

Source of the layout: AOSP frameworks/base, `libs/androidfw/include/androidfw/ResourceTypes.h`. Every count and offset
is checked before use, so a hostile file ends in `BinaryXmlError` and not in a long wait or much memory.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

MAX_BYTES: Final = 4 << 20
MAX_STRINGS: Final = 1 << 17
MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 1 << 16

ANDROID: Final = "http://schemas.android.com/apk/res/android"

_XML, _STRING_POOL, _RESOURCE_MAP = 0x0003, 0x0001, 0x0180
_START_NAMESPACE, _END_NAMESPACE, _START, _END, _TEXT = 0x0100, 0x0101, 0x0102, 0x0103, 0x0104
_UTF8: Final = 1 << 8
_NONE: Final = 0xFFFFFFFF
TYPE_REFERENCE, TYPE_STRING, TYPE_FLOAT, TYPE_DEC, TYPE_HEX, TYPE_BOOL = 0x01, 0x03, 0x04, 0x10, 0x11, 0x12
_TYPE_DYNAMIC_REFERENCE: Final = 0x07

_ATTRIBUTES: Final = {
    0x01010001: "label",
    0x01010003: "name",
    0x01010006: "permission",
    0x01010007: "readPermission",
    0x01010008: "writePermission",
    0x01010009: "protectionLevel",
    0x0101000A: "permissionGroup",
    0x0101000B: "sharedUserId",
    0x0101000C: "hasCode",
    0x0101000D: "persistent",
    0x0101000E: "enabled",
    0x0101000F: "debuggable",
    0x01010010: "exported",
    0x01010011: "process",
    0x01010018: "authorities",
    0x0101001B: "grantUriPermissions",
    0x0101001C: "priority",
    0x01010021: "targetPackage",
    0x01010026: "mimeType",
    0x01010027: "scheme",
    0x01010028: "host",
    0x01010029: "port",
    0x0101002A: "path",
    0x0101002B: "pathPrefix",
    0x0101002C: "pathPattern",
    0x01010202: "targetActivity",
    0x0101020C: "minSdkVersion",
    0x0101021B: "versionCode",
    0x0101021C: "versionName",
    0x01010270: "targetSdkVersion",
    0x01010271: "maxSdkVersion",
    0x01010272: "testOnly",
    0x01010280: "allowBackup",
    0x01010281: "glEsVersion",
    0x0101028E: "required",
    0x010102B7: "installLocation",
    0x0101035A: "largeHeap",
    0x010103A9: "isolatedProcess",
    0x0101048E: "multiArch",
    0x010104EA: "extractNativeLibs",
    0x01010505: "directBootAware",
    0x01010541: "targetProcesses",
    0x01010549: "splitName",
    0x0101054B: "isolatedSplits",
    0x0101055B: "isFeatureSplit",
    0x01010576: "versionCodeMajor",
    0x01010591: "isSplitRequired",
    0x0101064D: "sharedUserMaxSdkVersion",
    0x0101064E: "requiredSplitTypes",
    0x0101064F: "splitTypes",
}
"""Android looks its own attributes up by resource id and ignores their names; these are the ones asked for here."""
_SHOWN_ONLY: Final = ("android:label",)
"""Attributes that an installer doesn't need, so their resources aren't looked up."""


class BinaryXmlError(ValueError):
    """The bytes aren't well-formed binary XML."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that stands in the resource table under this id."""

    id: int


Value = str | int | float | bool | Reference


@dataclass(frozen=True, slots=True)
class Element:
    """A tag with its attributes (`android:name`, or `package` without a namespace) and the tags inside it."""

    tag: str
    attributes: dict[str, Value]
    children: list[Element] = field(default_factory=list)
    line: int = 0
    """Line in the source of the manifest, as its compiler wrote it."""

    def all(self, tag: str) -> Iterator[Element]:
        """The direct children of that tag, in order."""
        return (child for child in self.children if child.tag == tag)

    def text(self, name: str) -> str | None:
        """An attribute as text; None where it isn't there or stands in a resource table that isn't at hand."""
        value = self.attributes.get(name)
        if isinstance(value, bool):
            return str(value).lower()
        return None if value is None or isinstance(value, Reference) else str(value)

    def number(self, name: str, default: int) -> int:
        """An attribute as a whole number. Raises `BinaryXmlError` for what isn't one."""
        value = self.attributes.get(name, default)
        if isinstance(value, str) and value.isdigit():
            return int(value)
        if isinstance(value, int):
            return int(value)
        raise BinaryXmlError(f"{name} of <{self.tag}> isn't a number: {value!r}")

    def flag(self, name: str, default: bool) -> bool:
        """An attribute as true or false; `default` where it isn't there or isn't a truth value."""
        value = self.attributes.get(name)
        if isinstance(value, str):
            return value == "true"
        return bool(value) if isinstance(value, int) else default


Lookup = Callable[[int], Value | None]
"""Finds the value of a resource id, or None."""


def parse(data: bytes, lookup: Lookup | None = None) -> Element:
    """The root element of a binary XML document, its references to resources replaced by what `lookup` finds.

    Raises `BinaryXmlError`.
    """
    if len(data) > MAX_BYTES:
        raise BinaryXmlError(f"{len(data)} bytes; {MAX_BYTES} are allowed")
    try:
        return _Parser(data, lookup).document()
    except (struct.error, IndexError) as error:
        raise BinaryXmlError(f"a chunk ends too early: {error}") from None


def chunks(data: bytes | memoryview, offset: int, limit: int) -> Iterator[tuple[int, int, int, int]]:
    """Kind, size of the header, start and end of each chunk between two offsets. Raises `BinaryXmlError`."""
    while offset + 8 <= limit:
        kind, header, size = struct.unpack_from("<HHI", data, offset)
        if header < 8 or size < header or offset + size > limit:
            raise BinaryXmlError(f"chunk {kind:#06x} at {offset} has an impossible size")
        yield kind, header, offset, offset + size
        offset += size


class StringPool:
    """The strings of one pool chunk, decoded when asked for. Raises `BinaryXmlError` and what `struct` raises."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        count, _styles, flags, strings, _ = struct.unpack_from("<5I", data, start + 8)
        if count > MAX_STRINGS or 28 + 4 * count > end - start or strings > end - start:
            raise BinaryXmlError(f"a string pool of {count} strings doesn't fit its chunk")
        self._offsets = struct.unpack_from(f"<{count}I", data, start + 28)
        self._pool = data[start + strings : end]
        self._read = _utf8_string if flags & _UTF8 else _utf16_string

    def __getitem__(self, index: int) -> str:
        return self._read(self._pool, self._offsets[index])

    def all(self) -> Sequence[str]:
        """Every string, together no longer than a document may be."""
        texts: list[str] = []
        total = 0
        for offset in self._offsets:
            texts.append(self._read(self._pool, offset))
            total += len(texts[-1])
            if total > MAX_BYTES:
                raise BinaryXmlError("the strings overlap each other")
        return texts


class _Parser:
    def __init__(self, data: bytes, lookup: Lookup | None) -> None:
        self._data, self._lookup = data, lookup
        self._strings: Sequence[str] = ()
        self._resources: tuple[int, ...] = ()

    def document(self) -> Element:
        kind, first, size = struct.unpack_from("<HHI", self._data)
        if kind != _XML or not 8 <= first <= size <= len(self._data):
            raise BinaryXmlError("this isn't binary XML")
        stack: list[Element] = []
        root: Element | None = None
        count = 0
        for kind, header, start, end in chunks(self._data, first, size):
            if kind == _STRING_POOL:
                self._strings = StringPool(self._data, start, end).all()
            elif kind == _RESOURCE_MAP:
                self._resources = struct.unpack_from(f"<{(end - start - header) // 4}I", self._data, start + header)
            elif kind == _START:
                element = self._element(start, header, end)
                count += 1
                if len(stack) >= MAX_DEPTH or count > MAX_ELEMENTS:
                    raise BinaryXmlError("too many elements, or too deep")
                if stack:
                    stack[-1].children.append(element)
                elif root is not None:
                    raise BinaryXmlError("two root elements")
                else:
                    root = element
                stack.append(element)
            elif kind == _END:
                if not stack:
                    raise BinaryXmlError("an end without a start")
                stack.pop()
        if root is None or stack:
            raise BinaryXmlError("no root element, or one that doesn't end")
        return root

    def _string(self, index: int) -> str | None:
        return None if index == _NONE else self._strings[index]

    def _element(self, start: int, header: int, end: int) -> Element:
        (line,) = struct.unpack_from("<I", self._data, start + 8)
        offset = start + header
        _, name, first, size, count = struct.unpack_from("<IIHHH", self._data, offset)
        tag = self._string(name)
        if not tag or (count and size < 20) or offset + first + size * count > end:
            raise BinaryXmlError("an element without a name, or with more attributes than it has room for")
        attributes: dict[str, Value] = {}
        for index in range(count):
            place = offset + first + size * index
            space, name, raw, _, _, kind, value = struct.unpack_from("<IIIHBBI", self._data, place)
            key = self._attribute_name(space, name)
            if key in attributes:
                raise BinaryXmlError(f"<{tag}> has two attributes {key}")
            found = self._value(kind, value, raw)
            if isinstance(found, Reference) and self._lookup and key not in _SHOWN_ONLY:
                resolved = self._lookup(found.id)
                found = found if resolved is None else resolved
            attributes[key] = found
        return Element(tag, attributes, line=line)

    def _attribute_name(self, space: int, name: int) -> str:
        if space == _NONE:
            return self._string(name) or ""
        if name < len(self._resources) and (known := _ATTRIBUTES.get(self._resources[name])):
            return f"android:{known}"
        namespace = self._string(space)
        return f"{'android' if namespace == ANDROID else namespace}:{self._string(name)}"

    def _value(self, kind: int, value: int, raw: int) -> Value:
        if kind == TYPE_STRING:
            return self._string(value) or ""
        typed = typed_value(kind, value)
        return self._string(raw) or value if typed is None else typed


def typed_value(kind: int, value: int) -> Value | None:
    """A value of Android's `Res_value` that isn't a string; None for dimensions, fractions, colours and the like."""
    if kind in (TYPE_REFERENCE, _TYPE_DYNAMIC_REFERENCE):
        return Reference(value)
    if kind == TYPE_BOOL:
        return value != 0
    if kind == TYPE_FLOAT:
        return float(struct.unpack("<f", struct.pack("<I", value))[0])
    if kind in (TYPE_DEC, TYPE_HEX):
        return value - (1 << 32) if kind == TYPE_DEC and value >= 1 << 31 else value
    return None


def _utf8_string(pool: bytes, offset: int) -> str:
    _, offset = _length8(pool, offset)
    size, offset = _length8(pool, offset)
    if offset + size > len(pool):
        raise BinaryXmlError("a string is longer than its pool")
    return pool[offset : offset + size].decode("utf-8", "replace")


def _length8(pool: bytes, offset: int) -> tuple[int, int]:
    first = pool[offset]
    return ((first & 0x7F) << 8 | pool[offset + 1], offset + 2) if first & 0x80 else (first, offset + 1)


def _utf16_string(pool: bytes, offset: int) -> str:
    (size,) = struct.unpack_from("<H", pool, offset)
    offset += 2
    if size & 0x8000:
        size = (size & 0x7FFF) << 16 | int(struct.unpack_from("<H", pool, offset)[0])
        offset += 2
    if offset + 2 * size > len(pool):
        raise BinaryXmlError("a string is longer than its pool")
    return pool[offset : offset + 2 * size].decode("utf-16-le", "replace")
