"""What is in a `.tflite` file, read without TensorFlow: tensors, operators, signatures, associated files."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ModelError
from harness.models.flatbuffer import Buffer, Table
from harness.models.operators import CUSTOM, OPERATORS, TENSOR_TYPES

IDENTIFIER = b"TFL3"
METADATA_NAME = "TFLITE_METADATA"
_RUNTIME_NAME = "min_runtime_version"
_MAX_BYTES = 2 << 30  # a flatbuffer's offsets don't reach further
_KNOWN = (
    (b"PK\x03\x04", "a zip archive (a .keras, .pth or .apk?)"),
    (b"\x89HDF", "an HDF5 file (a Keras .h5?)"),
    (b"version https://git-lfs", "a Git LFS pointer: the file itself was never fetched"),
    (b"<!DO", "an HTML page: a download that was answered with a web page"),
    (b"<htm", "an HTML page: a download that was answered with a web page"),
    (b"\x08", "a protocol buffer (an ONNX model or a TensorFlow graph?)"),
)


@dataclass(frozen=True)
class TensorInfo:
    """One tensor: NumPy's name of its type (`string`, `resource`, `int4` besides), its shape, its quantisation.

    real = (number - zero_point) * scale; a scale of 0.0 says that it isn't quantised, as TensorFlow Lite has it.
    `channels` counts the scales of a tensor that has one a channel; scale and zero_point are the first then.
    A dimension of -1 is free.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0
    channels: int = 0

    @property
    def quantised(self) -> bool:
        """Whether its numbers stand for others."""
        return self.scale != 0.0

    def __str__(self) -> str:
        shape = "×".join("?" if side < 0 else str(side) for side in self.shape) or "scalar"
        scale = f", scale {self.scale:.6g}, zero point {self.zero_point}" if self.quantised else ""
        return f"'{self.name}' ({self.dtype} {shape}{scale})"


@dataclass(frozen=True)
class Operation:
    """One node of the graph; `inputs` and `outputs` are numbers of tensors, -1 for one left out."""

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    custom: bool = False


@dataclass(frozen=True)
class Subgraph:
    """One graph; the first of a file is what an interpreter runs."""

    name: str
    tensors: tuple[TensorInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operations: tuple[Operation, ...]

    @property
    def input_tensors(self) -> tuple[TensorInfo, ...]:
        """What goes in, in order."""
        return tuple(self.tensors[index] for index in self.inputs)

    @property
    def output_tensors(self) -> tuple[TensorInfo, ...]:
        """What comes out, in order."""
        return tuple(self.tensors[index] for index in self.outputs)


@dataclass(frozen=True)
class Signature:
    """A named way in: names of arguments and results, each with the number of its tensor."""

    key: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True)
class TfliteFile:
    """A `.tflite` file as its own bytes describe it. `metadata` holds the raw buffers, by name."""

    path: Path
    size: int
    version: int
    description: str
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    metadata: Mapping[str, bytes] = field(repr=False)
    associated_files: tuple[str, ...]

    @property
    def main(self) -> Subgraph:
        """The graph that an interpreter runs."""
        return self.subgraphs[0]

    @property
    def min_runtime(self) -> tuple[int, ...]:
        """The oldest TensorFlow Lite that has every operator in the version used, by the converter; () when not said."""
        said = self.metadata.get(_RUNTIME_NAME, b"").rstrip(b"\0").decode("ascii", "replace")
        return tuple(int(part) for part in said.split(".")) if re.fullmatch(r"\d{1,4}(\.\d{1,4})*", said) else ()

    def operator_counts(self) -> dict[str, int]:
        """How often each operator stands in the main graph, the most frequent first."""
        counts: dict[str, int] = {}
        for operation in self.main.operations:
            counts[operation.name] = counts.get(operation.name, 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def inspect(path: Path) -> TfliteFile:
    """Read a `.tflite` file, without TensorFlow and without trusting it.

    Raises:
        ModelError: `model.unreadable`, `model.not_tflite`, `model.truncated` or `model.corrupt`, naming the file, what
            is wrong with it, and what to do.
    """
    data = read_bytes(path)
    root = open_model(data, path)
    buffers = root.tables(4)
    codes = [_operator_code(code) for code in root.tables(1)]
    subgraphs = tuple(_subgraph(table, codes, len(buffers), path) for table in root.tables(2))
    if not subgraphs:
        raise _broken(path, "it has no graph")
    metadata: dict[str, bytes] = {}
    for entry in root.tables(6):
        number = entry.integer(1, "<I")
        if number >= len(buffers):
            raise _broken(path, f"metadata '{entry.text(0)}' names buffer {number} of {len(buffers)}")
        metadata[entry.text(0)] = bytes(buffers[number].raw(0))
    return TfliteFile(
        path=path,
        size=len(data),
        version=root.integer(0, "<I"),
        description=root.text(3),
        subgraphs=subgraphs,
        signatures=tuple(_signature(table) for table in root.tables(7)),
        metadata=metadata,
        associated_files=tuple(info.filename for info in archive_entries(data, path)),
    )


def read_bytes(path: Path) -> bytes:
    """The whole file. Raises ModelError `model.unreadable`."""
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise ModelError("model.unreadable", f"{path} has {size:,} bytes", why="a .tflite file ends at 2 GiB")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            "model.unreadable", f"{path} can't be read", why=error.strerror or str(error), hint="check the path"
        ) from error


def open_model(data: bytes, path: Path) -> Table:
    """The root table of a model. Raises ModelError `model.not_tflite`, `model.truncated` or `model.corrupt`."""
    hint = "give a file that TensorFlow's converter wrote, or fetch it again"
    if len(data) < 8:
        raise ModelError(
            "model.truncated", f"{path} has only {len(data)} bytes", why="no model is that short", hint=hint
        )
    if data[4:8] != IDENTIFIER:
        guess = next((f"; it looks like {what}" for start, what in _KNOWN if data.startswith(start)), "")
        why = f"bytes 4 to 8 are {data[4:8]!r} and not {IDENTIFIER!r}{guess}"
        raise ModelError("model.not_tflite", f"{path} is not a TensorFlow Lite model", why=why, hint=hint)
    start = struct.unpack_from("<I", data)[0]
    if start + 4 > len(data):
        why = f"its root should stand at byte {start:,}, and it has {len(data):,}"
        raise ModelError("model.truncated", f"{path} is cut short", why=why, hint=hint)
    try:
        return Buffer(memoryview(data), str(path)).root(IDENTIFIER)
    except struct.error as error:
        raise _broken(path, str(error)) from error


def archive_entries(data: bytes, path: Path) -> list[zipfile.ZipInfo]:
    """The associated files: a zip archive behind the model, or none. Raises ModelError `model.corrupt`."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OSError) as error:
        raise _broken(path, f"its associated files can't be listed: {error}") from error


def _operator_code(code: Table) -> tuple[str, int, bool]:
    # Numbers up to 127 stand in the old byte, later ones in the newer field; the larger of the two holds.
    number = max(code.integer(0, "<b"), code.integer(3, "<i"))
    version = code.integer(2, "<i", 1)
    if number == CUSTOM:
        return code.text(1) or "CUSTOM", version, True
    return OPERATORS[number] if 0 <= number < len(OPERATORS) else f"BUILTIN_{number}", version, False


def _subgraph(table: Table, codes: list[tuple[str, int, bool]], buffers: int, path: Path) -> Subgraph:
    tensors = tuple(_tensor(tensor, buffers, path) for tensor in table.tables(0))

    def known(numbers: tuple[int, ...], whose: str, least: int = 0) -> tuple[int, ...]:
        for number in numbers:
            if not least <= number < len(tensors):
                raise _broken(path, f"{whose} names tensor {number} of {len(tensors)}")
        return numbers

    operations = []
    for index, operator in enumerate(table.tables(3)):
        code = operator.integer(0, "<I")
        if code >= len(codes):
            raise _broken(path, f"operation {index} names operator {code} of {len(codes)}")
        name, version, custom = codes[code]
        whose = f"operation {index} ({name})"
        inputs = known(operator.integers(1, "i"), whose, -1)
        operations.append(
            Operation(index, name, version, inputs, known(operator.integers(2, "i"), whose, -1), custom=custom)
        )
    return Subgraph(
        name=table.text(4),
        tensors=tensors,
        inputs=known(table.integers(1, "i"), "the list of inputs"),
        outputs=known(table.integers(2, "i"), "the list of outputs"),
        operations=tuple(operations),
    )


def _tensor(table: Table, buffers: int, path: Path) -> TensorInfo:
    name = table.text(3)
    kind = table.integer(1, "<b")
    if not 0 <= kind < len(TENSOR_TYPES):
        raise _broken(path, f"tensor '{name}' is of type {kind}, which is not known here")
    if table.integer(2, "<I") >= max(buffers, 1):
        raise _broken(path, f"tensor '{name}' names buffer {table.integer(2, '<I')} of {buffers}")
    shape = table.integers(7, "i") or table.integers(0, "i")
    quantisation = table.table(4)
    if quantisation is None:
        return TensorInfo(name, TENSOR_TYPES[kind], shape)
    scales, zero_points = quantisation.floats(2), quantisation.integers(3, "q")
    return TensorInfo(
        name=name,
        dtype=TENSOR_TYPES[kind],
        shape=shape,
        scale=scales[0] if scales else 0.0,
        zero_point=zero_points[0] if scales and zero_points else 0,
        channels=len(scales) if len(scales) > 1 else 0,
    )


def _signature(table: Table) -> Signature:
    def names(number: int) -> dict[str, int]:
        return {entry.text(0): entry.integer(1, "<I") for entry in table.tables(number)}

    return Signature(table.text(2), table.integer(4, "<I"), names(0), names(1))


def _broken(path: Path, why: str) -> ModelError:
    return ModelError("model.corrupt", f"{path} is damaged", why=why, hint="fetch or convert it again")
