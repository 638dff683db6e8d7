"""Any model: each tensor said in full, with all that the metadata's schema has."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from harness.models.families.base import Family, Given, Number, Part, Text
from harness.models.families.parts import COLOURS, TokenizerPart
from harness.models.metadata.values import (
    AssociatedFile,
    Audio,
    Box,
    BoxKind,
    Content,
    Coordinates,
    Description,
    FileKind,
    Image,
    ScoreCalibration,
    ScoreThreshold,
    ScoreTransformation,
    TensorDescription,
    TensorGroup,
    Unit,
)
from harness.strict_yaml import Key

_FILE_KINDS = {
    "unknown": FileKind.UNKNOWN,
    "description": FileKind.DESCRIPTIONS,
    "axis_labels": FileKind.AXIS_LABELS,
    "value_labels": FileKind.VALUE_LABELS,
    "score_calibration": FileKind.SCORE_CALIBRATION,
    "vocabulary": FileKind.VOCABULARY,
    "scann_index": FileKind.SCANN_INDEX,
}
Count = Annotated[int, Field(ge=0, lt=1 << 31)]


class FilePart(Part):
    """A file of a tensor."""

    file: Text
    kind: Literal[
        "unknown", "description", "axis_labels", "value_labels", "score_calibration", "vocabulary", "scann_index"
    ]
    description: str = ""
    locale: str = ""
    version: str = ""


class FeatureContent(Part):
    """Numbers."""

    kind: Literal["feature"]


class ImageContent(Part):
    """An image; width and height only for a tensor of free size."""

    kind: Literal["image"]
    colour_space: Literal["rgb", "grayscale"] = "rgb"
    width: Count = 0
    height: Count = 0


class BoxContent(Part):
    """Boxes."""

    kind: Literal["bounding_box"]
    index: tuple[Count, ...] = ()
    box: Literal["boundaries", "upper_left", "center"] = "boundaries"
    coordinates: Literal["ratio", "pixel"] = "ratio"


class AudioContent(Part):
    """Sound."""

    kind: Literal["audio"]
    sample_rate: Count
    channels: Count


AnyContent = Annotated[FeatureContent | ImageContent | BoxContent | AudioContent, Field(discriminator="kind")]


class CalibrationPart(Part):
    """The process unit; its parameters are a file of kind score_calibration."""

    transformation: Literal["identity", "log", "inverse_logistic"] = "identity"
    default_score: Number = 0.0


class GroupPart(Part):
    """Tensors that belong together."""

    name: Text
    tensors: list[Text]


class TensorPart(Part):
    """One tensor; `range` is the first and the last dimension of one piece of content."""

    name: Text
    description: str = ""
    dimension_names: tuple[str, ...] = ()
    content: AnyContent | None = None
    range: tuple[Count, Count] | None = None
    mean: tuple[Number, ...] = ()
    std: tuple[Number, ...] = ()
    minimum: tuple[Number, ...] = ()
    maximum: tuple[Number, ...] = ()
    calibration: CalibrationPart | None = None
    threshold: Number | None = None
    tokenizer: TokenizerPart | None = None
    files: tuple[FilePart, ...] = ()

    def describe(self, given: Given, *key: Key) -> TensorDescription:
        """What is said of the tensor; the part stands at `key`."""
        units: list[Unit] = []
        if self.calibration:
            kind = ScoreTransformation[self.calibration.transformation.upper()]
            units.append(ScoreCalibration(kind, self.calibration.default_score))
        if self.threshold is not None:
            units.append(ScoreThreshold(self.threshold))
        if self.tokenizer:
            units.append(self.tokenizer.describe(given, *key, "tokenizer"))
        content, image, box, audio = _content(self.content)
        return TensorDescription(
            self.name,
            self.description,
            content,
            mean=tuple(self.mean),
            std=tuple(self.std),
            minimum=tuple(self.minimum),
            maximum=tuple(self.maximum),
            files=tuple(_file(given, one, (*key, "files", index, "file")) for index, one in enumerate(self.files)),
            dimension_names=tuple(self.dimension_names),
            image=image,
            box=box,
            audio=audio,
            content_range=self.range,
            units=tuple(units),
        )


class General(Family):
    """Nothing is filled in, everything is checked."""

    title: ClassVar[str] = "any model, each tensor said in full"

    family: Literal["general"]
    inputs: list[TensorPart]
    outputs: list[TensorPart]
    input_groups: tuple[GroupPart, ...] = ()
    output_groups: tuple[GroupPart, ...] = ()
    tokenizer: TokenizerPart | None = None

    def describe(self, given: Given) -> Description:
        """Every tensor, in the model's order."""
        return self.described(
            given,
            [one.describe(given, "inputs", index) for index, one in enumerate(self.inputs)],
            [one.describe(given, "outputs", index) for index, one in enumerate(self.outputs)],
            input_groups=tuple(TensorGroup(one.name, tuple(one.tensors)) for one in self.input_groups),
            output_groups=tuple(TensorGroup(one.name, tuple(one.tensors)) for one in self.output_groups),
            input_units=(self.tokenizer.describe(given, "tokenizer"),) if self.tokenizer else (),
        )


def _content(said: AnyContent | None) -> tuple[Content, Image, Box, Audio]:
    image, box, audio = Image(), Box(), Audio()
    if isinstance(said, ImageContent):
        image = Image(COLOURS[said.colour_space], said.width, said.height)
    elif isinstance(said, BoxContent):
        box = Box(tuple(said.index), BoxKind[said.box.upper()], Coordinates[said.coordinates.upper()])
    elif isinstance(said, AudioContent):
        audio = Audio(said.sample_rate, said.channels)
    return Content[said.kind.upper()] if said else Content.UNKNOWN, image, box, audio


def _file(given: Given, said: FilePart, key: tuple[Key, ...]) -> AssociatedFile:
    kind = _FILE_KINDS[said.kind]
    return given.shelf.take(key, said.file, kind, said.description, locale=said.locale, version=said.version)
