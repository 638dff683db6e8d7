"""Text classification: a text in, the probability of each label out; scored by the label that is in front."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from harness.models.families.text_classification import TextClassification as Family
from harness.models.inspect import TfliteFile
from harness.models.labels import LABELS, Labels
from harness.models.tasks.base import About, Answered, Score
from harness.models.tasks.forms import TextTask


class TextClassification(TextTask):
    """A sample's part `text` goes in, one number a label comes out. A truth is the right label."""

    title: ClassVar[str] = "text in, one score a label out"
    truth_type: ClassVar[Any] = str

    part: ClassVar[str] = "text"
    list_file: ClassVar[str] = LABELS
    most: ClassVar[int] = 5

    family: Literal["text_classification"]
    labels: Labels

    @property
    def names(self) -> Labels:
        """The labels."""
        return self.labels

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
