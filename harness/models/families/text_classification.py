"""Text classification: text as tokens (or as it is) in, one score a class out."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from harness.models.families.base import Family, Given, Text
from harness.models.families.parts import Labelled, TokenizerPart, bert_inputs, scores_output
from harness.models.metadata.values import Content, Description, FileKind, RegexTokenizer, TensorDescription


class TextClassification(Family, Labelled):
    """With a `regex` tokenizer one input of tokens; with `bert` or `sentence_piece` three; without one, text itself."""

    title: ClassVar[str] = "text in, one score a class out"

    family: Literal["text_classification"]
    tokenizer: TokenizerPart | None = None
    input_name: Text = "input_text"
    input_description: str = ""
    output_name: Text = "probability"
    output_description: Text = "Score of each class."
    tensors: dict[Literal["ids", "mask", "segment_ids"], str] = Field(default={})

    def describe(self, given: Given) -> Description:
        """One or three inputs, one output."""
        tokenizer = self.tokenizer.describe(given, "tokenizer") if self.tokenizer else None
        whole = tokenizer is None or isinstance(tokenizer, RegexTokenizer)
        given.expect(self.family, inputs=1 if whole else 3, outputs=1)
        labels = self.label_files(given, FileKind.AXIS_LABELS)
        output = scores_output(self.output_name, self.output_description, given.outputs[0], labels)
        if tokenizer is None or isinstance(tokenizer, RegexTokenizer):
            units = (tokenizer,) if tokenizer else ()
            said = self.input_description or ("Text, as tokens." if tokenizer else "Text.")
            text = TensorDescription(self.input_name, said, Content.FEATURE, units=units)
            return self.described(given, [text], [output])
        inputs = bert_inputs(given, {str(role): name for role, name in self.tensors.items()})
        return self.described(given, inputs, [output], input_units=(tokenizer,))
