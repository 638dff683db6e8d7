"""Image classification: a photo in, the probability of each label out; scored by the label that is in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from harness.models.families.image_classification import ImageClassification as Family
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import LABELS
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Kind, Resources, Score
from harness.models.tasks.forms import LabelledTask, PhotoTask
from harness.models.tasks.parts import Guess, Output, ranked

_TOP = 5


class ImageClassification(PhotoTask, LabelledTask):
    """One image goes in, one number a label comes out. A truth is the right label."""

    title: ClassVar[str] = "image in, one score a label out"
    truth_type: ClassVar[Any] = str

    family: Literal["image_classification"]
    output: Output

    def described(self, about: About, model: TfliteFile) -> Family:  # noqa: ARG002
        """In the Task Library's form."""
        return Family(
            **about.keys,
            family=self.family,
            input=self.input.described,
            labels=LABELS,
            output_name=self.output.name,
            output_description=self.output.description,
        )

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Scores."""
        return (Kind.SCORES,) * len(outputs)

    def decode(
        self,
        sample: Sample,  # noqa: ARG002
        outputs: Sequence[Array],
        tensors: Sequence[TensorInfo],
        resources: Resources,
    ) -> tuple[Guess, ...]:
        """The five surest labels, the surest first; equal scores keep the labels' order."""
        return ranked(outputs[0], tensors[0], resources.labels(), _TOP)

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """Top-1 and top-5: the share of photos whose label is first, or among the first five."""
        if not answered:
            return ()
        places = [[guess.label for guess in each.answer] for each in answered]
        first = sum(labels[:1] == [each.truth] for labels, each in zip(places, answered, strict=True))
        among = sum(each.truth in labels for labels, each in zip(places, answered, strict=True))
        count = len(answered)
        return Score("top-1", first / count, count, first), Score("top-5", among / count, count, among)

    def words(self, answer: Any) -> str:
        """The three surest."""
        return ", ".join(f"{guess.label} {guess.score:.3f}" for guess in answer[:3])
