"""Parts that several families share: an image that goes in, labels, scores, tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from harness.models.families.base import Given, Number, Part, Text
from harness.models.inspect import TensorInfo
from harness.models.metadata.values import (
    AssociatedFile,
    BertTokenizer,
    ColourSpace,
    Content,
    FileKind,
    Image,
    RegexTokenizer,
    ScoreCalibration,
    ScoreThreshold,
    ScoreTransformation,
    SentencePieceTokenizer,
    TensorDescription,
    Tokenizer,
    Unit,
)
from harness.strict_yaml import Key

COLOURS = {"rgb": ColourSpace.RGB, "grayscale": ColourSpace.GRAYSCALE}
Limits = tuple[tuple[float, ...], tuple[float, ...]]


def limits(tensor: TensorInfo, low: Sequence[float], high: Sequence[float]) -> Limits:
    """Minimum and maximum in the tensor's own numbers: all that its type holds when it is quantised."""
    if tensor.quantised:
        holds = np.iinfo(tensor.dtype)
        return (float(holds.min),), (float(holds.max),)
    return tuple(low), tuple(high)


class ImageInput(Part):
    """An image that goes in; `(pixel - mean) / std` of pixels from 0 to 255, one number or one a channel."""

    name: Text = "image"
    description: str = "Image that goes in."
    mean: tuple[Number, ...] = ()
    std: tuple[Number, ...] = ()
    colour_space: Literal["rgb", "grayscale"] = "rgb"

    def describe(self, tensor: TensorInfo) -> TensorDescription:
        """What is said of this tensor."""
        pairs = list(zip(self.mean, self.std, strict=False))
        whole = pairs and all(std > 0 for _, std in pairs)
        low, high = [-mean / std for mean, std in pairs], [(255 - mean) / std for mean, std in pairs]
        minimum, maximum = limits(tensor, low, high) if whole else ((), ())
        return TensorDescription(
            self.name,
            self.description,
            Content.IMAGE,
            mean=tuple(self.mean),
            std=tuple(self.std),
            minimum=minimum,
            maximum=maximum,
            image=Image(COLOURS[self.colour_space]),
        )


class Translation(Part):
    """The same labels in another language."""

    file: Text
    locale: Text = Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")


class Labelled(Part):
    """Keys for labels."""

    labels: Text
    translations: tuple[Translation, ...] = ()

    def label_files(self, given: Given, kind: FileKind) -> tuple[AssociatedFile, ...]:
        """The label file, then its translations."""
        said = "Names of the classes, one a line."
        return (
            given.shelf.take(("labels",), self.labels, kind, said),
            *(
                given.shelf.take(("translations", index, "file"), one.file, kind, said, locale=one.locale)
                for index, one in enumerate(self.translations)
            ),
        )


class Calibration(Part):
    """Score calibration: a file of `scale,slope,offset[,min_score]` a class."""

    file: Text
    transformation: Literal["identity", "log", "inverse_logistic"] = "identity"
    default_score: Number = 0.0


class Scored(Part):
    """Keys for scores."""

    threshold: Number | None = None
    calibration: Calibration | None = None

    def score_parts(self, given: Given) -> tuple[tuple[Unit, ...], tuple[AssociatedFile, ...]]:
        """Units and files of a tensor of scores."""
        units: list[Unit] = []
        files: list[AssociatedFile] = []
        if self.calibration:
            kind = ScoreTransformation[self.calibration.transformation.upper()]
            units.append(ScoreCalibration(kind, self.calibration.default_score))
            said = "Sigmoid parameters of each class."
            key = ("calibration", "file")
            files.append(given.shelf.take(key, self.calibration.file, FileKind.SCORE_CALIBRATION, said))
        if self.threshold is not None:
            units.append(ScoreThreshold(self.threshold))
        return tuple(units), tuple(files)


class TokenizerPart(Part):
    """How text becomes numbers: `bert` (WordPiece), `sentence_piece` or `regex`."""

    kind: Literal["bert", "sentence_piece", "regex"]
    vocabulary: Text | None = None
    model: Text | None = None
    pattern: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs = {"bert": {"vocabulary"}, "sentence_piece": {"model"}, "regex": {"vocabulary", "pattern"}}[self.kind]
        given = {name for name in ("vocabulary", "model", "pattern") if getattr(self, name)}
        if absent := needs - given:
            raise ValueError(f"a {self.kind} tokenizer needs {' and '.join(sorted(absent))}")
        if more := given - needs - ({"vocabulary"} if self.kind == "sentence_piece" else set()):
            raise ValueError(f"a {self.kind} tokenizer has no {' and '.join(sorted(more))}")
        return self

    def describe(self, given: Given, *key: Key) -> Tokenizer:
        """The process unit, with its files; the part stands at `key`."""
        words: tuple[AssociatedFile, ...] = ()
        if self.vocabulary:
            said = "Vocabulary of the tokenizer."
            words = (given.shelf.take((*key, "vocabulary"), self.vocabulary, FileKind.VOCABULARY, said),)
        if self.kind == "bert":
            return BertTokenizer(words)
        if self.kind == "regex":
            return RegexTokenizer(str(self.pattern), words)
        model = given.shelf.take((*key, "model"), str(self.model), FileKind.UNKNOWN, "Model of the tokenizer.")
        return SentencePieceTokenizer((model,), words)


BERT_INPUTS = {
    "segment_ids": ("segment", "type"),
    "mask": ("mask",),
    "ids": ("ids", "word", "token"),
}


def bert_inputs(given: Given, said: dict[str, str]) -> tuple[TensorDescription, ...]:
    """The three inputs of a BERT under the names by which the Task Library finds them, in the model's order."""
    words = {
        "ids": "Numbers of the tokens.",
        "mask": "1 for a token, 0 for padding.",
        "segment_ids": "0 for the first text, 1 for the second.",
    }
    roles = given.roles("inputs", BERT_INPUTS, said)
    return tuple(TensorDescription(role, words[role], Content.FEATURE) for role in roles)


def scores_output(
    name: str, description: str, tensor: TensorInfo, files: tuple[AssociatedFile, ...], units: tuple[Unit, ...] = ()
) -> TensorDescription:
    """A tensor of one score a class, from 0 to 1."""
    low, high = limits(tensor, (0.0,), (1.0,))
    return TensorDescription(name, description, Content.FEATURE, minimum=low, maximum=high, files=files, units=units)
