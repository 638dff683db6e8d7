"""Text to numbers as TensorFlow Lite's RegexTokenizer says it, and as the Task Library's NLClassifier reads it.

A text ends at its first NUL and is cut where the pattern matches, what is empty is dropped, and each token is looked up
as it stands: no letter is lowered, so a vocabulary has every spelling that it means, and spellings may share a number.
The numbers are that of `<START>` if the vocabulary has it, those of the tokens that fit, `<UNKNOWN>`'s for what it
hasn't, and `<PAD>`'s up to the length.

Source: tensorflow_lite_support/cc/text/tokenizers/regex_tokenizer.cc and .../task/processor/regex_preprocessor.cc.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import StringConstraints

from harness.errors import ModelError, UsageError
from harness.models.entry import Entry, Line, Origin, Place, Word
from harness.models.families.parts import TokenizerPart
from harness.models.inspect import TensorInfo
from harness.models.metadata.texts import vocabulary_problem
from harness.models.metadata.values import RegexTokenizer

PAD, START, UNKNOWN = "<PAD>", "<START>", "<UNKNOWN>"
VOCABULARY = "vocab.txt"
"""What the vocabulary is called in a described model."""


@dataclass(frozen=True)
class RegexTokens:
    """A pattern between tokens, and the number of each token that is known. Made by `read_vocabulary`."""

    pattern: re.Pattern[str]
    numbers: Mapping[str, int]

    def cut(self, text: str) -> list[str]:
        """The tokens of a text, in its order."""
        return [token for token in self.pattern.split(text.partition("\0")[0]) if token]

    def encode(self, text: str, length: int) -> NDArray[np.int32]:
        """The numbers of a text, (length,) int32. What doesn't fit is left out at the end."""
        start = [self.numbers[START]] if START in self.numbers else []
        unknown = self.numbers[UNKNOWN]
        known = [self.numbers.get(token, unknown) for token in self.cut(text)]
        row = np.full(length, self.numbers[PAD], np.int32)
        fits = (start + known)[:length]
        row[: len(fits)] = fits
        return row

    def encode_all(self, texts: Iterable[str], length: int) -> NDArray[np.int32]:
        """The numbers of many texts, (texts, length) int32."""
        return np.stack([self.encode(text, length) for text in texts])


@lru_cache(maxsize=4)
def read_vocabulary(content: bytes, pattern: str, name: str) -> RegexTokens:
    """The tokens of a vocabulary, `token number` a line; `name` is what an error calls it.

    Raises:
        UsageError: `task.pattern` for what is no pattern, or one that has groups.
        ModelError: `task.vocabulary` for a line of another form, a token twice, or no `<PAD>` or `<UNKNOWN>`.
    """
    if problem := vocabulary_problem(content, RegexTokenizer(pattern, ())):
        raise ModelError("task.vocabulary", f"{name} {problem}", hint="write `token number` a line, UTF-8")
    pairs = (line.split() for line in content.decode().splitlines())
    return RegexTokens(compiled(pattern), {token: int(number) for token, number in pairs})


def compiled(pattern: str) -> re.Pattern[str]:
    r"""The pattern, `\w`, `\d` and `\s` of ASCII, as in RE2, which the Task Library uses. Raises UsageError `task.pattern`."""
    hint = r"give the pattern of what stands between tokens, as [^\w']+"
    try:
        found = re.compile(pattern, re.ASCII)
    except re.error as error:
        raise UsageError("task.pattern", f"'{pattern}' is no pattern", why=str(error), hint=hint) from error
    if found.groups:
        raise UsageError("task.pattern", f"'{pattern}' has groups, and none is needed", hint=hint)
    if found.match(""):
        raise UsageError("task.pattern", f"'{pattern}' matches nothing at all, so every letter is a token", hint=hint)
    return found


class RegexInput(Entry):
    """A text as the model takes it: `pattern` matches what stands between tokens, `vocabulary` numbers them."""

    name: Word = "input_text"
    description: Line
    pattern: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=500)]
    vocabulary: Origin

    def file(self, place: Place) -> bytes:
        """The vocabulary, which travels in the model. Raises as `Place.locate` and `read_vocabulary`."""
        path = place.locate(self.vocabulary)
        content = path.read_bytes()
        read_vocabulary(content, self.pattern, str(path))
        return content

    @property
    def described(self) -> TokenizerPart:
        """As a description file says it."""
        return TokenizerPart(kind="regex", pattern=self.pattern, vocabulary=VOCABULARY)

    def tensor(self, text: str, inputs: Sequence[TensorInfo], vocabulary: bytes) -> NDArray[np.int32]:
        """The input tensor, (1, tokens) int32. Raises ModelError `task.input` when the model takes something else."""
        said = ", ".join(str(tensor) for tensor in inputs)
        if len(inputs) != 1 or inputs[0].dtype != "int32" or len(inputs[0].shape) != 2 or inputs[0].shape[0] != 1:
            raise ModelError("task.input", f"the inputs are {said}, and one of int32 1×tokens is wanted")
        return read_vocabulary(vocabulary, self.pattern, VOCABULARY).encode(text, inputs[0].shape[1])[np.newaxis]
