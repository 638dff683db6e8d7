"""Text classification: a text in, the probability of each label out; scored by the label that is in front."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from harness.models.entry import Place
from harness.models.families.text_classification import TextClassification as Family
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import LABELS, LabelFile, Labels, label_bytes
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Given, Kind, Resources, Score, Task
from harness.models.tasks.parts import Guess, Output, ranked
from harness.models.tasks.regex_tokens import VOCABULARY, RegexInput

_TOP = 5


class TextClassification(Task):
    """A sample's part `text` goes in, one number a label comes out. A truth is the right label."""

    title: ClassVar[str] = "text in, one score a label out"
    truth_type: ClassVar[Any] = str

    family: Literal["text_classification"]
    input: RegexInput
    output: Output
    labels: Labels

    def files(self, place: Place) -> Mapping[str, bytes]:
        """Labels and vocabulary."""
        return {LABELS: label_bytes(self.labels, place), VOCABULARY: self.input.file(place)}

    def unpinned(self) -> tuple[str, ...]:
        """The label file beside the card."""
        return (self.labels.file,) if isinstance(self.labels, LabelFile) else ()

    def described(self, about: About, model: TfliteFile) -> Family:  # noqa: ARG002
        """In the Task Library's form."""
        return Family(
            **about.keys,
            family=self.family,
            tokenizer=self.input.described,
            labels=LABELS,
            input_name=self.input.name,
            input_description=self.input.description,
            output_name=self.output.name,
            output_description=self.output.description,
        )

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Scores."""
        return (Kind.SCORES,) * len(outputs)

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:
        """The text's tokens, as the metadata's tokenizer has them."""
        return (self.input.tensor(self.text(sample, "text"), inputs, resources.read(VOCABULARY)),)

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
        """As `label_scores`."""
        return label_scores([(each.answer[0].label, each.truth) for each in answered])

    def words(self, answer: Any) -> str:
        """The two surest."""
        return ", ".join(f"{guess.label} {guess.score:.3f}" for guess in answer[:2])


def label_scores(pairs: Sequence[tuple[str, str]]) -> tuple[Score, ...]:
    """Accuracy, that of each class, and what always saying the most frequent truth would reach; of (said, true)."""
    if not pairs:
        return ()
    truths = Counter(truth for _, truth in pairs)
    right = Counter(truth for said, truth in pairs if said == truth)
    often, most = min(truths.items(), key=lambda item: (-item[1], item[0]))
    return (
        _share("accuracy", right.total(), len(pairs)),
        *(_share(f"accuracy of {truth}", right[truth], truths[truth]) for truth in sorted(truths)),
        _share(f"always {often}", most, len(pairs)),
    )


def _share(name: str, right: int, of: int) -> Score:
    return Score(name, right / of, of, right)
