"""Smart reply: a message in, one score for each of a list of replies out."""

from __future__ import annotations

from typing import ClassVar, Literal

from harness.models.families.base import Family, Given, Text
from harness.models.families.parts import TokenizerPart, scores_output
from harness.models.metadata.values import (
    Content,
    Description,
    FileKind,
    RegexTokenizer,
    ScoreThreshold,
    TensorDescription,
)


class SmartReply(Family):
    """`replies` has one reply a line, in the order of the output's last axis; below `threshold` none is offered."""

    title: ClassVar[str] = "message in, one score a reply out"

    family: Literal["smart_reply"]
    tokenizer: TokenizerPart
    replies: Text
    threshold: float | None = None

    def describe(self, given: Given) -> Description:
        """One input of tokens, one output."""
        given.expect(self.family, inputs=1, outputs=1)
        tokenizer = self.tokenizer.describe(given, "tokenizer")
        alone = isinstance(tokenizer, RegexTokenizer)
        said = "The message, as tokens."
        message = TensorDescription("message", said, Content.FEATURE, units=(tokenizer,) if alone else ())
        replies = given.shelf.take(("replies",), self.replies, FileKind.AXIS_LABELS, "The replies, one a line.")
        units = () if self.threshold is None else (ScoreThreshold(self.threshold),)
        output = scores_output("reply", "Score of each reply.", given.outputs[0], (replies,), units)
        return self.described(given, [message], [output], input_units=() if alone else (tokenizer,))
