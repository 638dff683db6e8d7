"""Puts metadata and associated files into the bytes of a `.tflite`, without touching what is there.

The usual way unpacks the whole model and packs it again, which drops what its schema doesn't know. Offsets of a flatbuffer
are relative, so here the model stays as it is, moved by a multiple of 64 bytes (which keeps its alignment), and a new
root before it points into it.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from harness.errors import ModelError
from harness.models.flatbuffer import Buffer, Table
from harness.models.inspect import IDENTIFIER, METADATA_NAME, archive_entries, open_model

_ROOT_FIELDS = 8  # fields of `Model` in TensorFlow 2.19's schema.fbs
_VERSION, _BUFFERS, _METADATA = 0, 4, 6
_ALIGN = 64  # a cache line: more than any kernel asks for
_EPOCH = (1980, 1, 1, 0, 0, 0)


def embed(model: bytes, metadata: bytes, files: Mapping[str, bytes], path: Path) -> bytes:
    """The model with this metadata buffer and these associated files, in place of any that it had.

    `path` stands for the model in errors. Equal arguments give equal bytes.

    Raises:
        ModelError: `model.corrupt` and its kin; `metadata.schema` for a model that a newer schema wrote.
    """
    entries = archive_entries(model, path)
    if entries:
        model = model[: min(entry.header_offset for entry in entries)]
    packed = _with_metadata(model, metadata, path)
    if not files:
        return packed
    stream = io.BytesIO(packed)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return stream.getvalue()


def _with_metadata(model: bytes, metadata: bytes, path: Path) -> bytes:
    root = open_model(model, path)
    if any(root.place(number) for number in range(_ROOT_FIELDS, root.field_count)):
        raise ModelError(
            "metadata.schema",
            f"{path} has parts that are newer than TensorFlow 2.19's schema",
            hint="convert it with TensorFlow 2.19, or describe it with the tool that made it",
        )
    buffers = root.tables(_BUFFERS)
    if any(buffer.integer(1, "<Q") > 1 for buffer in buffers):
        raise ModelError("metadata.schema", f"{path} keeps weights behind the model, as files over 2 GiB do")
    entries = root.tables(_METADATA)
    old = next((entry for entry in entries if entry.text(0) == METADATA_NAME), None)
    number = len(buffers) if old is None else old.integer(1, "<I")
    if old is not None and number >= len(buffers):
        raise Buffer(memoryview(model), str(path)).corrupt(old.at, "its metadata names no buffer of it")

    layout = _Layout()
    root_at = layout.table([4] * _ROOT_FIELDS)
    buffers_at = layout.vector(len(buffers) + (old is None))
    entries_at = layout.vector(len(entries) + (old is None))
    buffer_at = layout.table([4])
    entry_at = layout.table([4, 4])
    name_at = layout.block(METADATA_NAME.encode() + b"\0", length=len(METADATA_NAME))
    data_at = layout.block(metadata, align=16)
    shift = layout.close(_ALIGN)

    layout.point(0, root_at)
    layout.put(4, IDENTIFIER)
    _copy_root(layout, root, root_at, shift, {_BUFFERS: buffers_at, _METADATA: entries_at})
    layout.point(buffer_at + 4, data_at)
    targets = [buffer.at + shift for buffer in buffers]
    targets[number:] = [buffer_at, *targets[number + 1 :]]
    layout.points(buffers_at, targets)
    named = [entry.at + shift for entry in entries]
    layout.point(entry_at + 4, name_at)
    layout.put(entry_at + 8, struct.pack("<I", number))
    if old is None:
        named.append(entry_at)
    layout.points(entries_at, named)
    return bytes(layout.content) + model


def _copy_root(layout: _Layout, root: Table, root_at: int, shift: int, replaced: Mapping[int, int]) -> None:
    for number in range(_ROOT_FIELDS):
        here = root_at + 4 + 4 * number
        if number == _VERSION:
            layout.put(here, struct.pack("<I", root.integer(number, "<I")))
            continue
        target = root.target(number)
        if number in replaced:
            layout.point(here, replaced[number])
        elif target is not None:
            layout.point(here, target + shift)
        else:
            layout.drop(root_at, number)


class _Layout:
    """Lays out the head of a flatbuffer: first every place, what points before what is pointed at; then the offsets."""

    def __init__(self) -> None:
        self.content = bytearray(8)

    def table(self, sizes: list[int]) -> int:
        """A table with all of its fields (4 bytes each) and its own vtable before it."""
        self._pad(4)
        vtable = len(self.content)
        offsets = [4 + sum(sizes[:index]) for index in range(len(sizes))]
        self.content += struct.pack(f"<{2 + len(sizes)}H", 4 + 2 * len(sizes), 4 + sum(sizes), *offsets)
        self._pad(4)
        at = len(self.content)
        self.content += struct.pack("<i", at - vtable) + bytes(sum(sizes))
        return at

    def drop(self, table: int, number: int) -> None:
        """Leave a field of a table out."""
        vtable = table - struct.unpack_from("<i", self.content, table)[0]
        struct.pack_into("<H", self.content, vtable + 4 + 2 * number, 0)

    def vector(self, count: int) -> int:
        """A vector of offsets."""
        self._pad(4)
        at = len(self.content)
        self.content += struct.pack("<I", count) + bytes(4 * count)
        return at

    def block(self, content: bytes, *, align: int = 4, length: int | None = None) -> int:
        """A vector of bytes whose first is aligned; `length` says less than there is, for a string's zero."""
        self._pad(4)
        while (len(self.content) + 4) % align:
            self.content += bytes(4)
        at = len(self.content)
        self.content += struct.pack("<I", len(content) if length is None else length) + content
        return at

    def close(self, align: int) -> int:
        """Fill up to the alignment of what follows; its size."""
        self._pad(align)
        return len(self.content)

    def point(self, at: int, target: int) -> None:
        """An offset at `at` that leads to `target`, which stands behind it."""
        struct.pack_into("<I", self.content, at, target - at)

    def points(self, vector: int, targets: list[int]) -> None:
        """The offsets of a vector."""
        for index, target in enumerate(targets):
            self.point(vector + 4 + 4 * index, target)

    def put(self, at: int, content: bytes) -> None:
        """Bytes at a place."""
        self.content[at : at + len(content)] = content

    def _pad(self, align: int) -> None:
        self.content += bytes(-len(self.content) % align)
