"""What a model's own metadata says, read field by field without tflite-support, and without trusting it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import TypeVar

from harness.errors import ModelError
from harness.models.flatbuffer import Buffer, Table
from harness.models.inspect import METADATA_NAME, TfliteFile
from harness.models.metadata.pack import (
    BERT,
    CALIBRATION,
    IDENTIFIER,
    NORMALIZATION,
    REGEX,
    SENTENCE_PIECE,
    THRESHOLD,
)
from harness.models.metadata.values import (
    AssociatedFile,
    Audio,
    BertTokenizer,
    Box,
    BoxKind,
    ColourSpace,
    Content,
    Coordinates,
    CustomMetadata,
    Description,
    FileKind,
    Image,
    RegexTokenizer,
    ScoreCalibration,
    ScoreThreshold,
    ScoreTransformation,
    SentencePieceTokenizer,
    TensorDescription,
    TensorGroup,
    Unit,
    UnknownUnit,
)

Kind = TypeVar("Kind", bound=IntEnum)


def read_back(model: TfliteFile) -> Description | None:
    """What a model's own metadata says; None when it has none.

    Numbers that the schema doesn't know become the kind's zero.

    Raises:
        ModelError: `model.corrupt`, or `metadata.schema` for metadata of a schema that isn't M001.
    """
    content = model.metadata.get(METADATA_NAME)
    if content is None:
        return None
    if content[4:8] != IDENTIFIER and re.fullmatch(rb"M\d{3}", content[4:8]):
        raise ModelError(
            "metadata.schema",
            f"the metadata of {model.path} is of schema {content[4:8].decode()}, and {IDENTIFIER.decode()} is known here",
            hint="read it with the tool that wrote it, or describe the model anew with `harness describe`",
        )
    root = Buffer(memoryview(content), f"the metadata of {model.path}").root(IDENTIFIER)
    graph = next(iter(root.tables(3)), None)
    return Description(
        name=root.text(0),
        description=root.text(1),
        version=root.text(2),
        author=root.text(4),
        licence=root.text(5),
        inputs=tuple(_tensor(table) for table in graph.tables(2)) if graph else (),
        outputs=tuple(_tensor(table) for table in graph.tables(3)) if graph else (),
        model_files=_files(root, 6),
        graph_files=_files(graph, 4) if graph else (),
        input_units=tuple(_unit(table) for table in graph.tables(5)) if graph else (),
        output_units=tuple(_unit(table) for table in graph.tables(6)) if graph else (),
        input_groups=_groups(graph, 7) if graph else (),
        output_groups=_groups(graph, 8) if graph else (),
        custom=tuple(CustomMetadata(one.text(0), bytes(one.raw(1))) for one in graph.tables(9)) if graph else (),
        parser_version=root.text(7),
    )


def _tensor(table: Table) -> TensorDescription:
    content, stats = table.table(3), table.table(5)
    units = table.tables(4)
    normalisation = next((unit for unit in units if unit.integer(0, "<B") == NORMALIZATION), None)
    options = normalisation.table(1) if normalisation else None
    kind = _known(Content, content.integer(0, "<B")) if content else Content.UNKNOWN
    properties = content.table(1) if content else None
    limits = content.table(2) if content else None
    return TensorDescription(
        name=table.text(0),
        description=table.text(1),
        content=kind,
        mean=options.floats(0) if options else (),
        std=options.floats(1) if options else (),
        minimum=stats.floats(1) if stats else (),
        maximum=stats.floats(0) if stats else (),
        files=_files(table, 6),
        dimension_names=table.texts(2),
        image=_image(properties) if kind is Content.IMAGE and properties else Image(),
        box=_box(properties) if kind is Content.BOUNDING_BOX and properties else Box(),
        audio=_audio(properties) if kind is Content.AUDIO and properties else Audio(),
        content_range=(limits.integer(0, "<i"), limits.integer(1, "<i")) if limits else None,
        units=tuple(_unit(unit) for unit in units if unit is not normalisation),
    )


def _image(table: Table) -> Image:
    size = table.table(1)
    colour_space = _known(ColourSpace, table.integer(0, "<b"))
    return Image(colour_space, size.integer(0, "<I") if size else 0, size.integer(1, "<I") if size else 0)


def _box(table: Table) -> Box:
    kind = _known(BoxKind, table.integer(1, "<b"))
    return Box(table.integers(0, "I"), kind, _known(Coordinates, table.integer(2, "<b")))


def _audio(table: Table) -> Audio:
    return Audio(table.integer(0, "<I"), table.integer(1, "<I"))


def _unit(unit: Table) -> Unit:
    kind, options = unit.integer(0, "<B"), unit.table(1)
    read = _UNITS.get(kind)
    return read(options) if read and options else UnknownUnit(kind)


def _files(table: Table, number: int) -> tuple[AssociatedFile, ...]:
    return tuple(
        AssociatedFile(
            one.text(0), one.text(1), _known(FileKind, one.integer(2, "<b")), locale=one.text(3), version=one.text(4)
        )
        for one in table.tables(number)
    )


def _groups(graph: Table, number: int) -> tuple[TensorGroup, ...]:
    return tuple(TensorGroup(one.text(0), one.texts(1)) for one in graph.tables(number))


def _known(kinds: type[Kind], number: int) -> Kind:
    return kinds(number if number in {int(kind) for kind in kinds} else 0)


_UNITS: Mapping[int, Callable[[Table], Unit]] = {
    CALIBRATION: lambda table: ScoreCalibration(_known(ScoreTransformation, table.integer(0, "<b")), table.real(1)),
    THRESHOLD: lambda table: ScoreThreshold(table.real(0)),
    BERT: lambda table: BertTokenizer(_files(table, 0)),
    SENTENCE_PIECE: lambda table: SentencePieceTokenizer(_files(table, 0), _files(table, 1)),
    REGEX: lambda table: RegexTokenizer(table.text(0), _files(table, 1)),
}
