"""What TensorFlow Lite's metadata can say of a model, as plain values; the numbers are those of its schema 1.5.0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum


class Content(IntEnum):
    """What a tensor holds; numbers of the schema's union `ContentProperties`."""

    UNKNOWN = 0
    FEATURE = 1
    IMAGE = 2
    BOUNDING_BOX = 3
    AUDIO = 4


class FileKind(IntEnum):
    """What an associated file is for; numbers of the schema's `AssociatedFileType`."""

    UNKNOWN = 0
    DESCRIPTIONS = 1
    AXIS_LABELS = 2
    VALUE_LABELS = 3
    SCORE_CALIBRATION = 4
    VOCABULARY = 5
    SCANN_INDEX = 6


class ColourSpace(IntEnum):
    """Of an image; the schema's `ColorSpaceType`."""

    UNKNOWN = 0
    RGB = 1
    GRAYSCALE = 2


class BoxKind(IntEnum):
    """What the four numbers of a box are; the schema's `BoundingBoxType`."""

    UNKNOWN = 0
    BOUNDARIES = 1
    UPPER_LEFT = 2
    CENTER = 3


class Coordinates(IntEnum):
    """What the numbers of a box count; the schema's `CoordinateType`."""

    RATIO = 0
    PIXEL = 1


class ScoreTransformation(IntEnum):
    """What is done to a score before it is calibrated; the schema's `ScoreTransformationType`."""

    IDENTITY = 0
    LOG = 1
    INVERSE_LOGISTIC = 2


@dataclass(frozen=True)
class AssociatedFile:
    """A file that travels in the model; `locale` is a tag as `en` or `en-US`."""

    name: str
    description: str
    kind: FileKind
    locale: str = ""
    version: str = ""


@dataclass(frozen=True)
class Image:
    """Of an image tensor; width and height in pixels for a tensor of free size, 0 when its own shape says them."""

    colour_space: ColourSpace = ColourSpace.RGB
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Box:
    """Of a tensor of boxes; `index` is the place of each of the kind's four numbers, none for the kind's own order."""

    index: tuple[int, ...] = ()
    kind: BoxKind = BoxKind.BOUNDARIES
    coordinates: Coordinates = Coordinates.RATIO


@dataclass(frozen=True)
class Audio:
    """Of a tensor of sound: samples a second, and channels."""

    sample_rate: int = 0
    channels: int = 0


@dataclass(frozen=True)
class ScoreCalibration:
    """Scores go through a sigmoid a class, of which a file (kind SCORE_CALIBRATION) has the parameters."""

    transformation: ScoreTransformation = ScoreTransformation.IDENTITY
    default_score: float = 0.0


@dataclass(frozen=True)
class ScoreThreshold:
    """Results below it are left out."""

    threshold: float


@dataclass(frozen=True)
class BertTokenizer:
    """WordPiece, one token a line."""

    vocabulary: tuple[AssociatedFile, ...]


@dataclass(frozen=True)
class SentencePieceTokenizer:
    """A SentencePiece model, and its vocabulary when it has one apart."""

    model: tuple[AssociatedFile, ...]
    vocabulary: tuple[AssociatedFile, ...] = ()


@dataclass(frozen=True)
class RegexTokenizer:
    """Text is split where `pattern` matches; the vocabulary has `token number` a line."""

    pattern: str
    vocabulary: tuple[AssociatedFile, ...]


@dataclass(frozen=True)
class UnknownUnit:
    """A process unit of a newer schema, by the number of its kind."""

    number: int


Tokenizer = BertTokenizer | SentencePieceTokenizer | RegexTokenizer
Unit = ScoreCalibration | ScoreThreshold | Tokenizer | UnknownUnit


@dataclass(frozen=True)
class TensorDescription:
    """What is said about one tensor.

    `mean` and `std` have one number, or one a channel, or none: `(value - mean) / std` is what a float tensor takes.
    `minimum` and `maximum` bound the tensor's own numbers. `image`, `box` and `audio` count when `content` says so.
    `content_range` has the first and the last dimension that one piece of content takes; None is all but the first.
    """

    name: str
    description: str
    content: Content = Content.UNKNOWN
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    files: tuple[AssociatedFile, ...] = ()
    dimension_names: tuple[str, ...] = ()
    image: Image = Image()
    box: Box = Box()
    audio: Audio = Audio()
    content_range: tuple[int, int] | None = None
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True)
class TensorGroup:
    """Tensors that belong together, by their names."""

    name: str
    tensors: tuple[str, ...]


@dataclass(frozen=True)
class CustomMetadata:
    """An entry of the writer's own."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Description:
    """What is said about a model.

    Units here work on all inputs or outputs together, as a BERT tokenizer does. `parser_version` is read, and computed
    when written: it follows from the fields.
    """

    name: str
    description: str
    version: str
    author: str
    licence: str
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]
    model_files: tuple[AssociatedFile, ...] = ()
    graph_files: tuple[AssociatedFile, ...] = ()
    input_units: tuple[Unit, ...] = ()
    output_units: tuple[Unit, ...] = ()
    input_groups: tuple[TensorGroup, ...] = ()
    output_groups: tuple[TensorGroup, ...] = ()
    custom: tuple[CustomMetadata, ...] = ()
    parser_version: str = field(default="", compare=False)

    @property
    def files(self) -> tuple[AssociatedFile, ...]:
        """Every file that is named anywhere, in order."""
        return tuple(file for _, files in self.file_lists() for file in files)

    def tensors(self) -> Iterator[tuple[str, TensorDescription]]:
        """Each tensor with the name of its field, as `inputs[0] 'image'`."""
        for whose, tensors in (("inputs", self.inputs), ("outputs", self.outputs)):
            for index, tensor in enumerate(tensors):
                yield f"{whose}[{index}] '{tensor.name}'", tensor

    def file_lists(self) -> Iterator[tuple[str, tuple[AssociatedFile, ...]]]:
        """Each list of files with the name of its field."""
        for field_name, tensor in self.tensors():
            yield field_name, tensor.files
            for unit in tensor.units:
                yield f"{field_name} tokenizer", tokenizer_files(unit)
        for unit in (*self.input_units, *self.output_units):
            yield "the model's tokenizer", tokenizer_files(unit)
        yield "the model's files", self.model_files
        yield "the graph's files", self.graph_files


def tokenizer_files(unit: Unit) -> tuple[AssociatedFile, ...]:
    """The files of a tokenizer; none of another unit."""
    if isinstance(unit, SentencePieceTokenizer):
        return (*unit.model, *unit.vocabulary)
    return unit.vocabulary if isinstance(unit, BertTokenizer | RegexTokenizer) else ()
