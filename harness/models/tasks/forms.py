"""Tasks of one form: a photo goes in; a list of names travels along; a text goes in and a score for each name comes out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from harness.models.entry import Place
from harness.models.inspect import TensorInfo
from harness.models.labels import LABELS, LabelFile, Labels, label_bytes
from harness.models.photos import read_photo
from harness.models.samples import Sample
from harness.models.tasks.base import Array, Given, Kind, Resources, Task
from harness.models.tasks.parts import Guess, ImageInput, Output, ranked
from harness.models.tasks.regex_tokens import VOCABULARY, RegexInput


class PhotoTask(Task):
    """A photo is all that goes in."""

    input: ImageInput

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:  # noqa: ARG002
        """The photo at the card's size, normalised."""
        return (self.input.tensor(read_photo(self.photo(sample)), inputs[0]),)

    def examples(
        self,
        sample: Sample,
        inputs: Sequence[TensorInfo],
        resources: Resources,  # noqa: ARG002
    ) -> Iterator[tuple[Given, ...]]:
        """Ten views of a photo."""
        for tensor in self.input.views(read_photo(self.photo(sample)), inputs[0]):
            yield (tensor,)


class LabelledTask(Task):
    """A list of labels travels in the model."""

    labels: Labels

    def files(self, place: Place) -> Mapping[str, bytes]:
        """The labels."""
        return {LABELS: label_bytes(self.labels, place)}

    def unpinned(self) -> tuple[str, ...]:
        """The label file beside the card."""
        return _beside(self.labels)


class TextTask(Task):
    """A text goes in, one number for each of a list of names comes out.

    `part` is the sample's part that goes in, `list_file` what the list is called in a described model, `most` how many of
    its names an answer has.
    """

    part: ClassVar[str]
    list_file: ClassVar[str]
    most: ClassVar[int]

    input: RegexInput
    output: Output

    @property
    @abstractmethod
    def names(self) -> Labels:
        """The list, one name for each number that comes out."""

    def files(self, place: Place) -> Mapping[str, bytes]:
        """The list of names, and the vocabulary."""
        return {self.list_file: label_bytes(self.names, place), VOCABULARY: self.input.file(place)}

    def unpinned(self) -> tuple[str, ...]:
        """The list of names beside the card."""
        return _beside(self.names)

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Scores."""
        return (Kind.SCORES,) * len(outputs)

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:
        """The text's tokens, as the metadata's tokenizer has them."""
        return (self.input.tensor(self.text(sample, self.part), inputs, resources.read(VOCABULARY)),)

    def decode(
        self,
        sample: Sample,  # noqa: ARG002
        outputs: Sequence[Array],
        tensors: Sequence[TensorInfo],
        resources: Resources,
    ) -> tuple[Guess, ...]:
        """The surest names, the surest first; equal scores keep the list's order."""
        return ranked(outputs[0], tensors[0], resources.labels(self.list_file), self.most)


def _beside(labels: Labels) -> tuple[str, ...]:
    return (labels.file,) if isinstance(labels, LabelFile) else ()
