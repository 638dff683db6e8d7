"""TensorFlow Lite metadata: what a model is, what goes in and out, written to a copy, read back, held against the tensors."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from harness.errors import ModelError
from harness.models.embed import embed
from harness.models.flatbuffer import Buffer, Table
from harness.models.inspect import METADATA_NAME, TensorInfo, TfliteFile, archive_entries, inspect, read_bytes
from harness.models.labels import parse_labels

Kind = TypeVar("Kind", bound=IntEnum)

IDENTIFIER = b"M001"
# Everything written here has been in the schema since its first version.
PARSER_VERSION = "1.0.0"
_MAX_FILE_BYTES = 64 << 20
_NORMALIZATION, _RGB = 1, 1


class Content(IntEnum):
    """What a tensor holds; numbers of the schema's union `ContentProperties`."""

    UNKNOWN = 0
    FEATURE = 1
    IMAGE = 2


class FileKind(IntEnum):
    """What an associated file is for; numbers of the schema's `AssociatedFileType`."""

    UNKNOWN = 0
    DESCRIPTIONS = 1
    AXIS_LABELS = 2
    VALUE_LABELS = 3
    SCORE_CALIBRATION = 4
    VOCABULARY = 5


@dataclass(frozen=True)
class AssociatedFile:
    """A file that travels in the model."""

    name: str
    description: str
    kind: FileKind


@dataclass(frozen=True)
class TensorDescription:
    """What is said about one tensor.

    `mean` and `std` have one number, or one a channel, or none: `(value - mean) / std` is what a float tensor takes.
    `minimum` and `maximum` bound the tensor's own numbers.
    """

    name: str
    description: str
    content: Content = Content.UNKNOWN
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    files: tuple[AssociatedFile, ...] = ()


@dataclass(frozen=True)
class Description:
    """What is said about a model."""

    name: str
    description: str
    version: str
    author: str
    licence: str
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]

    @property
    def files(self) -> tuple[AssociatedFile, ...]:
        """Every file that a tensor names."""
        return tuple(file for tensor in (*self.inputs, *self.outputs) for file in tensor.files)


def describe(model: Path, description: Description, files: Mapping[str, bytes], target: Path) -> TfliteFile:
    """Write a copy of `model` with this description and these files to `target`; read it back and compare.

    Raises:
        ModelError: `metadata.…` naming the field and the tensor that contradict each other, as `check`;
            `metadata.not_kept` when what was read back isn't what was written; or as `inspect`.
    """
    before = inspect(model)
    check(description, before, files)
    target.write_bytes(embed(read_bytes(model), pack(description), files, model))
    after = inspect(target)
    if (after.subgraphs, after.signatures) != (before.subgraphs, before.signatures):
        raise ModelError("metadata.not_kept", f"{target}: the graph isn't that of {model} any more")
    found = read_back(after)
    _compare("", description, found, target)
    for name, content in files.items():
        if associated_file(target, name) != content:
            raise ModelError("metadata.not_kept", f"{target}: {name} reads back otherwise than it was written")
    return after


def check(description: Description, model: TfliteFile, files: Mapping[str, bytes]) -> None:
    """Hold a description against the tensors and the files.

    Raises:
        ModelError: `metadata.count`, `metadata.content`, `metadata.normalisation`, `metadata.range`,
            `metadata.labels`, `metadata.file`, each naming field and tensor.
    """
    for whose, said, tensors in (
        ("input", description.inputs, model.main.input_tensors),
        ("output", description.outputs, model.main.output_tensors),
    ):
        if len(said) != len(tensors):
            raise _contradiction("count", model, f"{len(said)} {whose}s are described, and it has {len(tensors)}")
        for index, (one, tensor) in enumerate(zip(said, tensors, strict=True)):
            _check_tensor(model, f"{whose}s[{index}] '{one.name}'", one, tensor, files)
            if whose == "input" and one.content is Content.IMAGE and tensor.dtype.startswith("float") and not one.mean:
                message = (
                    f"{whose}s[{index}] '{one.name}': no mean and std, and a float image tensor {tensor} needs them"
                )
                raise _contradiction("normalisation", model, message)
    names = [file.name for file in description.files]
    for name in (*names, *files):
        _check_name(name, model)
    if twice := {name for name in names if names.count(name) > 1}:
        raise _contradiction("file", model, f"two associated files are named '{min(twice)}'")
    if odd := set(names) ^ set(files):
        state = "named and not given" if min(odd) in names else "given and not named"
        raise _contradiction("file", model, f"associated file '{min(odd)}' is {state}")


def pack(description: Description) -> bytes:
    """The metadata flatbuffer, through tflite-support's schema (its import takes 0.2 s)."""
    import flatbuffers  # type: ignore[import-untyped]
    from tensorflow_lite_support.metadata import metadata_schema_py_generated as schema

    def tensor(said: TensorDescription) -> Any:
        table = schema.TensorMetadataT()
        table.name, table.description = said.name, said.description
        if said.content is not Content.UNKNOWN:
            table.content = schema.ContentT()
            table.content.contentPropertiesType = int(said.content)
            image = said.content is Content.IMAGE
            table.content.contentProperties = schema.ImagePropertiesT() if image else schema.FeaturePropertiesT()
            if image:
                table.content.contentProperties.colorSpace = _RGB
        if said.mean:
            unit = schema.ProcessUnitT()
            unit.optionsType, unit.options = _NORMALIZATION, schema.NormalizationOptionsT()
            unit.options.mean, unit.options.std = list(said.mean), list(said.std)
            table.processUnits = [unit]
        if said.minimum:
            table.stats = schema.StatsT()
            table.stats.min, table.stats.max = list(said.minimum), list(said.maximum)
        table.associatedFiles = [associated(file) for file in said.files] or None
        return table

    def associated(file: AssociatedFile) -> Any:
        table = schema.AssociatedFileT()
        table.name, table.description, table.type = file.name, file.description, int(file.kind)
        return table

    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [tensor(said) for said in description.inputs]
    graph.outputTensorMetadata = [tensor(said) for said in description.outputs]
    root = schema.ModelMetadataT()
    root.name, root.description, root.version = description.name, description.description, description.version
    root.author, root.license = description.author, description.licence
    root.minParserVersion = PARSER_VERSION
    root.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(root.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def read_back(model: TfliteFile) -> Description | None:
    """What a model's own metadata says, read field by field without tflite-support; None when it has none.

    Raises:
        ModelError: `model.corrupt`.
    """
    content = model.metadata.get(METADATA_NAME)
    if content is None:
        return None
    root = Buffer(memoryview(content), f"the metadata of {model.path}").root(IDENTIFIER)
    graphs = root.tables(3)
    return Description(
        name=root.text(0),
        description=root.text(1),
        version=root.text(2),
        author=root.text(4),
        licence=root.text(5),
        inputs=tuple(_tensor(table) for table in graphs[0].tables(2)) if graphs else (),
        outputs=tuple(_tensor(table) for table in graphs[0].tables(3)) if graphs else (),
    )


def associated_file(path: Path, name: str) -> bytes:
    """The content of an associated file, by its checked name.

    Raises:
        ModelError: `metadata.file` when the name is unsafe, absent, there twice, or the file over 64 MiB.
    """
    data = read_bytes(path)
    found = [entry for entry in archive_entries(data, path) if entry.filename == name]
    whose = f"{path}: associated file '{name}'"
    if not safe_name(name) or len(found) != 1:
        why = f"it is there {len(found)} times" if safe_name(name) else "its name leads elsewhere"
        raise ModelError("metadata.file", f"{whose} can't be read", why=why)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(found[0]) as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        struct.error,
        OSError,
        ValueError,
    ) as error:
        raise ModelError("metadata.file", f"{whose} can't be read", why=str(error)) from error
    if len(content) > _MAX_FILE_BYTES:
        raise ModelError("metadata.file", f"{whose} is over {_MAX_FILE_BYTES:,} bytes")
    return content


def safe_name(name: str) -> bool:
    """Whether a file of this name stays in the folder that it is put into."""
    plain = all(part not in ("", ".", "..") for part in name.split("/"))
    return plain and name.isprintable() and not PurePosixPath(name).is_absolute() and not set(name) & set("\\:")


def _tensor(table: Table) -> TensorDescription:
    content, stats = table.table(3), table.table(5)
    units = [unit for unit in table.tables(4) if unit.integer(0, "<B") == _NORMALIZATION]
    options = units[0].table(1) if units else None
    kind = content.integer(0, "<B") if content else 0
    return TensorDescription(
        name=table.text(0),
        description=table.text(1),
        content=_known(Content, kind),
        mean=options.floats(0) if options else (),
        std=options.floats(1) if options else (),
        minimum=stats.floats(1) if stats else (),
        maximum=stats.floats(0) if stats else (),
        files=tuple(_file(entry) for entry in table.tables(6)),
    )


def _file(table: Table) -> AssociatedFile:
    return AssociatedFile(table.text(0), table.text(1), _known(FileKind, table.integer(2, "<b")))


def _known(kinds: type[Kind], number: int) -> Kind:
    return kinds(number if number in {int(kind) for kind in kinds} else 0)


def _check_tensor(
    model: TfliteFile, field: str, said: TensorDescription, tensor: TensorInfo, files: Mapping[str, bytes]
) -> None:
    channels = tensor.shape[-1] if tensor.shape else 1
    if said.content is Content.IMAGE and (len(tensor.shape) != 4 or channels != 3):
        raise _contradiction("content", model, f"{field}: content is an RGB image, and tensor {tensor} can't hold one")
    lengths = {len(said.mean), len(said.std)}
    if lengths != {0} and (len(lengths) > 1 or not lengths <= {1, channels}):
        message = f"{field}: mean has {len(said.mean)} and std {len(said.std)} numbers for the {channels} channels of"
        raise _contradiction("normalisation", model, f"{message} tensor {tensor}; 1 or {channels} each fits")
    if not all(number > 0 for number in said.std):
        raise _contradiction(
            "normalisation", model, f"{field}: std {list(said.std)} of tensor {tensor} must be above 0"
        )
    lengths = {len(said.minimum), len(said.maximum)}
    if lengths != {0} and (len(lengths) > 1 or not lengths <= {1, channels}):
        raise _contradiction(
            "range", model, f"{field}: minimum and maximum don't fit the {channels} channels of {tensor}"
        )
    if any(low > high for low, high in zip(said.minimum, said.maximum, strict=True)):
        raise _contradiction("range", model, f"{field}: a minimum of tensor {tensor} is above its maximum")
    for file in said.files:
        if file.kind is FileKind.AXIS_LABELS and file.name in files:
            count = len(parse_labels(files[file.name], file.name))
            if count != channels:
                message = (
                    f"{field}: '{file.name}' has {count} labels, and the last axis of tensor {tensor} has {channels}"
                )
                raise _contradiction("labels", model, message)


def _check_name(name: str, model: TfliteFile) -> None:
    if not safe_name(name):
        raise _contradiction("file", model, f"associated file {name!r} has a name that leads elsewhere")


def _contradiction(kind: str, model: TfliteFile, what: str) -> ModelError:
    return ModelError(
        f"metadata.{kind}", f"{model.path}: {what}", hint="correct the model's card, or give it the model it describes"
    )


def _compare(field: str, asked: Any, found: Any, path: Path) -> None:
    if isinstance(asked, Description | TensorDescription | AssociatedFile):
        for part in fields(asked):
            name = f"{field}.{part.name}" if field else part.name
            _compare(name, getattr(asked, part.name), getattr(found, part.name, None), path)
    elif isinstance(asked, tuple) and asked and not isinstance(asked[0], float | int):
        if len(asked) != len(found or ()):
            raise _not_kept(field, asked, found, path)
        for index, one in enumerate(asked):
            _compare(f"{field}[{index}]", one, found[index], path)
    elif asked != found and (not isinstance(asked, tuple) or _as_stored(asked) != found):
        raise _not_kept(field, asked, found, path)


def _not_kept(field: str, asked: Any, found: Any, path: Path) -> ModelError:
    what = f"{path}: {field} reads back as {found!r} and was written as {asked!r}"
    return ModelError("metadata.not_kept", what)


def _as_stored(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers)
