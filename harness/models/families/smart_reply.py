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
    Unit,
)


class SmartReply(Family):
    """`replies` has one reply a line, in the order of the output's last axis; below `threshold` none is offered."""

    title: ClassVar[str] = "message in, one score a reply out"

    family: Literal["smart_reply"]
    tokenizer: TokenizerPart
    replies: Text
    threshold: float | None = None
    input_name: Text = "message"
    input_description: Text = "The message, as tokens."
    output_name: Text = "reply"
    output_description: Text = "Score of each reply."

    def describe(self, given: Given) -> Description:
        """One input of tokens, one output."""
        given.expect(self.family, inputs=1, outputs=1)
        tokenizer = self.tokenizer.describe(given, "tokenizer")
        alone = isinstance(tokenizer, RegexTokenizer)
        units: tuple[Unit, ...] = (tokenizer,) if alone else ()
        message = TensorDescription(self.input_name, self.input_description, Content.FEATURE, units=units)
        replies = given.shelf.take(("replies",), self.replies, FileKind.AXIS_LABELS, "The replies, one a line.")
        limits: tuple[Unit, ...] = () if self.threshold is None else (ScoreThreshold(self.threshold),)
        output = scores_output(self.output_name, self.output_description, given.outputs[0], (replies,), limits)
        return self.described(given, [message], [output], input_units=() if alone else (tokenizer,))
