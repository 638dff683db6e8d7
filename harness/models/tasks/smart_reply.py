"""Smart reply: a message in, one score for each of a list of replies out; scored by whether one of three offered is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from harness.models.families.smart_reply import SmartReply as Family
from harness.models.inspect import TfliteFile
from harness.models.labels import Labels
from harness.models.tasks.base import About, Answered, Score
from harness.models.tasks.forms import TextTask

REPLIES = "replies.txt"
"""What the list of replies is called in a described model."""
OFFERED = 3


class SmartReply(TextTask):
    """A sample's part `message` goes in, one number a reply comes out. A truth is the reply that was given."""

    title: ClassVar[str] = "message in, one score a reply out"
    truth_type: ClassVar[Any] = str

    part: ClassVar[str] = "message"
    list_file: ClassVar[str] = REPLIES
    most: ClassVar[int] = OFFERED

    family: Literal["smart_reply"]
    replies: Labels

    @property
    def names(self) -> Labels:
        """The replies."""
        return self.replies

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
