"""What every task family can do: say what a model is, make its inputs of a sample, read its answer, score and draw it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from harness.errors import ModelError, UsageError
from harness.models.entry import Entry, Place, Word
from harness.models.families.base import Family
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import LABELS, parse_labels
from harness.models.samples import Sample
from harness.models.tasks.parts import ImageInput

if TYPE_CHECKING:
    from PIL import Image

Array = NDArray[Any]


class Kind(StrEnum):
    """What the numbers of an output are; how far two backends may be apart depends on it."""

    SCORES = "scores"
    LOGITS = "logits"
    BOXES = "boxes"
    KEYPOINTS = "keypoints"
    HEATMAPS = "heatmaps"
    FIELDS = "fields"
    """Numbers at every place of a grid, large everywhere, of which few are read: logits, offsets."""
    MASKS = "masks"
    CLASSES = "classes"
    IMAGES = "images"
    VECTOR = "vector"


@dataclass(frozen=True)
class Fed:
    """An input that is another model's output: what `model` answers to `sample`, its output number `output`."""

    model: str
    sample: str
    output: int = 0


Given = Array | Fed
"""An input tensor, or whose answer it is."""


@dataclass(frozen=True)
class Answered:
    """A decoded answer, and what it should have been."""

    answer: Any
    truth: Any


@dataclass(frozen=True)
class Score:
    """One figure of a task over all samples whose answer is known; `right` counts, where the figure is a share."""

    name: str
    value: float
    of: int
    right: int | None = None


@dataclass(frozen=True)
class About:
    """What a card says of a model as a whole."""

    name: str
    description: str
    version: str
    author: str
    licence: str

    @property
    def keys(self) -> Mapping[str, Any]:
        """As a description file has them."""
        return {"schema": 1, **vars(self)}


@dataclass(frozen=True)
class Resources:
    """The files that travel in a described model, beside it in `folder`."""

    folder: Path

    def read(self, name: str) -> bytes:
        """A file's content. Raises ModelError `task.file`."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise ModelError("task.file", f"the model travels without {name}", why=str(error)) from error

    def labels(self, name: str = LABELS) -> tuple[str, ...]:
        """The lines of a file. Raises ModelError as `read` and `harness.models.labels.parse_labels`."""
        return parse_labels(self.read(name), name)


class Task(Entry, ABC):
    """A family's part of a card. A family is one file here, found by being here; its class has `family` as a literal.

    Arrays are in the model's own order of tensors, of their shapes and dtypes; real numbers become a tensor's own with
    `harness.models.tensors.quantise`, and back with `dequantise`.
    """

    title: ClassVar[str]
    truth_type: ClassVar[Any]
    family: Word

    @property
    def takes(self) -> str:
        """What goes in, in a few words."""
        image = getattr(self, "input", None)
        return f"photo {image.width}×{image.height}" if isinstance(image, ImageInput) else "text"

    @abstractmethod
    def files(self, place: Place) -> Mapping[str, bytes]:
        """The files that travel in the model, by name. Raises as `harness.models.labels.read_labels`."""

    def unpinned(self) -> tuple[str, ...]:
        """Files beside the card that no hash in it pins, and that shape `files`."""
        return ()

    @property
    def judged_by_reference(self) -> bool:
        """Whether its truths are what TensorFlow answers, with the card's fp32 variant where it has one."""
        return False

    def feeders(self) -> tuple[Fed, ...]:
        """All that `prepare` and `examples` ask of other models."""
        return ()

    @abstractmethod
    def described(self, about: About, model: TfliteFile) -> Family:
        """What a description file would say of this model; it names what `files` has."""

    @abstractmethod
    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """What each output is."""

    def meant(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo]) -> tuple[Array, ...]:  # noqa: ARG002
        """The part of each output that says something, and that backends have to agree on: all of it, mostly."""
        return tuple(outputs)

    @abstractmethod
    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:
        """The input tensors for a sample.

        Raises:
            UsageError: `task.sample` for a text where a photo is needed, and the other way round; `photo.unreadable`.
            ModelError: `task.input` when the tensors aren't what the card says.
        """

    def examples(
        self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources
    ) -> Iterator[tuple[Given, ...]]:
        """What a sample gives for calibration: more than one view of it where that is right."""
        yield self.prepare(sample, inputs, resources)

    @abstractmethod
    def decode(
        self, sample: Sample, outputs: Sequence[Array], tensors: Sequence[TensorInfo], resources: Resources
    ) -> Any:
        """The answer to a sample in the task's own terms. Raises ModelError `task.output`."""

    @abstractmethod
    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """The family's figures over all answers whose truth is known, the headline first; none without any."""

    @abstractmethod
    def words(self, answer: Any) -> str:
        """An answer in one line."""

    def draw(self, sample: Sample, answer: Any) -> Image.Image | None:  # noqa: ARG002
        """A picture of the answer, for families that have one."""
        return None

    def truth(self, sample: Sample) -> Any:
        """What this family should answer to a sample, as `truth_type`; None where nobody said.

        Raises:
            UsageError: `sample.truth` when what the catalogue says isn't of that type.
        """
        said = sample.truth.get(self.family)
        if said is None:
            return None
        try:
            return TypeAdapter(self.truth_type).validate_python(said)
        except ValidationError as error:
            what = f"sample '{sample.name}': its truth for {self.family} can't be read"
            raise UsageError("sample.truth", what, why=str(error)) from error

    def photo(self, sample: Sample) -> Path:
        """The file of a photo. Raises UsageError `task.sample` for a text."""
        if not sample.is_photo:
            raise UsageError("task.sample", f"{self.family} takes photos, and sample '{sample.name}' is a text")
        return sample.path

    def text(self, sample: Sample, part: str) -> str:
        """A part of a text. Raises UsageError `task.sample` when the sample hasn't got it."""
        if part not in sample.text:
            has = ", ".join(sample.text) or "a photo"
            what = f"{self.family} takes a text with '{part}', and sample '{sample.name}' has {has}"
            raise UsageError("task.sample", what)
        return sample.text[part]


def real(numbers: Array) -> NDArray[np.float64]:
    """Numbers as floats of double precision, NaN as the least of all, so that it never wins."""
    return np.nan_to_num(numbers.astype(np.float64), nan=-np.inf)
