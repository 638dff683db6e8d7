"""Question answering by BERT: question and passage as tokens in, where the answer starts and ends out."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from harness.models.families.base import Family, Given
from harness.models.families.parts import TokenizerPart, bert_inputs
from harness.models.metadata.values import Content, Description, TensorDescription

OUTPUTS = {"end_logits": ("end",), "start_logits": ("start",)}


class QuestionAnswering(Family):
    """`tensors` says which tensor is which where the names don't."""

    title: ClassVar[str] = "question and passage in, start and end of the answer out"

    family: Literal["question_answering"]
    tokenizer: TokenizerPart
    tensors: dict[Literal["ids", "mask", "segment_ids", "start_logits", "end_logits"], str] = Field(default={})

    def describe(self, given: Given) -> Description:
        """Three inputs, two outputs, each in any order, under the names by which the Task Library finds them."""
        given.expect(self.family, inputs=3, outputs=2)
        said = {str(role): name for role, name in self.tensors.items()}
        words = {"start_logits": "Where the answer starts.", "end_logits": "Where the answer ends."}
        roles = given.roles("outputs", OUTPUTS, said)
        outputs = [TensorDescription(role, f"{words[role]} One number a token.", Content.FEATURE) for role in roles]
        tokenizer = self.tokenizer.describe(given, "tokenizer")
        return self.described(given, bert_inputs(given, said), outputs, input_units=(tokenizer,))
