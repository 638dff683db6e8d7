"""Smart reply: a message in, one score for each of a list of replies out; scored by whether one of three offered is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from harness.models.entry import Place
from harness.models.families.smart_reply import SmartReply as Family
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import LabelFile, Labels, label_bytes
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Given, Kind, Resources, Score, Task
from harness.models.tasks.parts import Guess, Output, ranked
from harness.models.tasks.regex_tokens import VOCABULARY, RegexInput

REPLIES = "replies.txt"
"""What the list of replies is called in a described model."""
OFFERED = 3


class SmartReply(Task):
    """A sample's part `message` goes in, one number a reply comes out. A truth is the reply that was given."""

    title: ClassVar[str] = "message in, one score a reply out"
    truth_type: ClassVar[Any] = str

    family: Literal["smart_reply"]
    input: RegexInput
    output: Output
    replies: Labels

    def files(self, place: Place) -> Mapping[str, bytes]:
        """Replies and vocabulary."""
        return {REPLIES: label_bytes(self.replies, place), VOCABULARY: self.input.file(place)}

    def unpinned(self) -> tuple[str, ...]:
        """The list of replies beside the card."""
        return (self.replies.file,) if isinstance(self.replies, LabelFile) else ()

    def described(self, about: About, model: TfliteFile) -> Family:  # noqa: ARG002
        """As a description file of this family says it."""
        return Family(
            **about.keys,
            family=self.family,
            tokenizer=self.input.described,
            replies=REPLIES,
            input_name=self.input.name,
            input_description=self.input.description,
            output_name=self.output.name,
            output_description=self.output.description,
        )

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Scores."""
        return (Kind.SCORES,) * len(outputs)

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:
        """The message's tokens, as the metadata's tokenizer has them."""
        return (self.input.tensor(self.text(sample, "message"), inputs, resources.read(VOCABULARY)),)

    def decode(
        self,
        sample: Sample,  # noqa: ARG002
        outputs: Sequence[Array],
        tensors: Sequence[TensorInfo],
        resources: Resources,
    ) -> tuple[Guess, ...]:
        """The three replies to offer, the surest first; equal scores keep the list's order."""
        return ranked(outputs[0], tensors[0], resources.labels(REPLIES), OFFERED)

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """As `reply_scores`."""
        return reply_scores([([guess.label for guess in each.answer], each.truth) for each in answered])

    def words(self, answer: Any) -> str:
        """The replies."""
        return " / ".join(f"{guess.label} {guess.score:.3f}" for guess in answer)


def reply_scores(pairs: Sequence[tuple[Sequence[str], str]]) -> tuple[Score, ...]:
    """Of (replies offered, the one given), each with what always offering the most frequent replies would reach.

    Top-3, top-1, and top-3 with every reply counting alike, however often it was given: the mean over the replies.
    """
    if not pairs:
        return ()
    given = Counter(truth for _, truth in pairs)
    most = [count for _, count in given.most_common(OFFERED)]
    among = Counter(truth for offered, truth in pairs if truth in offered[:OFFERED])
    first = sum(offered[:1] == [truth] for offered, truth in pairs)
    of = len(pairs)
    return (
        Score("top-3", among.total() / of, of, among.total()),
        Score("top-3, always the same", sum(most) / of, of, sum(most)),
        Score("top-1", first / of, of, first),
        Score("top-1, always the same", most[0] / of, of, most[0]),
        Score("top-3, each reply alike", sum(among[truth] / count for truth, count in given.items()) / len(given), of),
        Score("top-3, each reply alike, always the same", min(OFFERED, len(given)) / len(given), of),
    )
