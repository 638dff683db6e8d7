"""Question answering by BERT: a question and a passage in, where its answer starts and ends out; scored as SQuAD is."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from harness.errors import ModelError
from harness.models.entry import Origin, Place
from harness.models.families.base import roles_of
from harness.models.families.parts import BERT_INPUTS, TokenizerPart
from harness.models.families.question_answering import OUTPUTS
from harness.models.families.question_answering import QuestionAnswering as Family
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Given, Kind, Resources, Score, Task, real
from harness.models.tasks.wordpiece import SEPARATOR, START, Piece, WordPiece, read_vocabulary
from harness.models.tensors import dequantise, quantise

VOCABULARY = "vocab.txt"
_QUESTION_PIECES = 64  # as in BERT's own SQuAD script
_ANSWER_PIECES = 30  # as there
_SPECIAL = 3  # [CLS] question [SEP] passage [SEP]
_ARTICLE = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True)
class Encoded:
    """A question and a passage as BERT takes them, each of (tokens,) int32; pieces of the passage start at `first`.

    `unread` counts the passage's last characters that didn't fit.
    """

    ids: NDArray[np.int32]
    mask: NDArray[np.int32]
    segment_ids: NDArray[np.int32]
    first: int
    pieces: tuple[Piece, ...]
    unread: int


@dataclass(frozen=True)
class Span:
    """An answer: the characters `passage[start:end]`, and how probable the model holds it, from 0 to 1."""

    text: str
    start: int
    end: int
    score: float
    unread: int = 0


def encode(words: WordPiece, question: str, passage: str, tokens: int) -> Encoded:
    """`[CLS] question [SEP] passage [SEP]` in so many tokens: the question's first 64 pieces, the passage's first that fit."""
    asked = words.cut(question)[: min(_QUESTION_PIECES, tokens - _SPECIAL - 1)]
    whole = words.cut(passage)
    pieces = whole[: tokens - _SPECIAL - len(asked)]
    separator = words.number(SEPARATOR)
    numbers = [words.number(START), *(piece.number for piece in asked), separator]
    first = len(numbers)
    numbers += [*(piece.number for piece in pieces), separator]
    ids, mask, segment_ids = np.zeros((3, tokens), np.int32)
    ids[: len(numbers)] = numbers
    mask[: len(numbers)] = 1
    segment_ids[first : len(numbers)] = 1
    unread = len(passage) - pieces[-1].end if len(pieces) < len(whole) else 0
    return Encoded(ids, mask, segment_ids, first, pieces, unread)


def spans(start: Array, end: Array, encoded: Encoded, passage: str, count: int = 1) -> tuple[Span, ...]:
    """The likeliest answers, best first, no two of the same text: the largest sums of a start's and an end's logit.

    An answer has up to 30 pieces. Its score is the softmax of its start times that of its end, over the passage.
    """
    pieces = encoded.pieces
    here = slice(encoded.first, encoded.first + len(pieces))
    starts, ends = (real(logits.reshape(-1)[here]) for logits in (start, end))
    if not (np.isfinite(starts).any() and np.isfinite(ends).any()):
        return ()
    starts, ends = _log_softmax(starts), _log_softmax(ends)
    sums = starts[:, np.newaxis] + ends[np.newaxis, :]
    places = np.arange(len(pieces))
    length = places[np.newaxis, :] - places[:, np.newaxis]
    sums[(length < 0) | (length >= _ANSWER_PIECES)] = -np.inf
    found: dict[str, Span] = {}
    for place in np.argsort(-sums, axis=None, kind="stable"):
        first, last = np.unravel_index(place, sums.shape)
        if len(found) == count or not np.isfinite(sums[first, last]):
            break
        begin, after = pieces[first].start, pieces[last].end
        text = passage[begin:after]
        found.setdefault(text, Span(text, begin, after, float(np.exp(sums[first, last])), encoded.unread))
    return tuple(found.values())


def exact(answer: str, truths: Sequence[str]) -> bool:
    """Whether an answer is one of the true ones, but for case, punctuation, articles and spaces."""
    return any(_plain(answer) == _plain(truth) for truth in truths)


def f1(answer: str, truths: Sequence[str]) -> float:
    """The harmonic mean of precision and recall of the answer's words, against the true answer where it is highest.

    Source: P. Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (2016), section 6.1.
    """

    def against(truth: str) -> float:
        said, right = _plain(answer), _plain(truth)
        if not said or not right:
            return float(said == right)
        return 2 * (Counter(said) & Counter(right)).total() / (len(said) + len(right))

    return max((against(truth) for truth in truths), default=0.0)


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max()
    logged: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return logged


def _plain(text: str) -> list[str]:
    """A text's words, lowered, without punctuation and articles: `normalize_answer` of SQuAD's own script."""
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    return _ARTICLE.sub(" ", kept).split()


@lru_cache(maxsize=2)
def _word_piece(vocabulary: bytes) -> WordPiece:
    return WordPiece(vocabulary.decode("utf-8").splitlines())


def _true_answer(said: Any) -> Any:
    """SQuAD's own form has the text in an object."""
    return said.get("text") if isinstance(said, dict) else said


class QuestionAnswering(Task):
    """A text's `question` and `passage` go in. A truth is a list of true answers, as texts or as SQuAD has them.

    `tensors` says which tensor is which where the names don't; `vocabulary` is a `vocab.txt` or a `tokenizer.json`.
    """

    title: ClassVar[str] = "question and passage in, the answer's place in the passage out"
    truth_type: ClassVar[Any] = tuple[Annotated[str, BeforeValidator(_true_answer)], ...]

    family: Literal["question_answering"]
    vocabulary: Origin
    tensors: dict[Literal["ids", "mask", "segment_ids", "start_logits", "end_logits"], str] = Field(default={})

    def files(self, place: Place) -> Mapping[str, bytes]:
        """The vocabulary, one piece a line."""
        return {VOCABULARY: "".join(f"{piece}\n" for piece in read_vocabulary(place.locate(self.vocabulary))).encode()}

    def described(self, about: About, model: TfliteFile) -> Family:  # noqa: ARG002
        """In the Task Library's form."""
        tokenizer = TokenizerPart(kind="bert", vocabulary=VOCABULARY)
        return Family(**about.keys, family=self.family, tokenizer=tokenizer, tensors=self.tensors)

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Logits."""
        return (Kind.LOGITS,) * len(outputs)

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:
        """Numbers of pieces, mask and segments, each (1, tokens)."""
        roles = self._roles("inputs", inputs, BERT_INPUTS)
        encoded = self._encoded(sample, inputs[0].shape[-1], resources)
        return tuple(
            quantise(getattr(encoded, role)[np.newaxis], tensor) for role, tensor in zip(roles, inputs, strict=True)
        )

    def decode(
        self, sample: Sample, outputs: Sequence[Array], tensors: Sequence[TensorInfo], resources: Resources
    ) -> tuple[Span, ...]:
        """The three likeliest answers, the likeliest first."""
        roles = self._roles("outputs", tensors, OUTPUTS)
        logits = {
            role: dequantise(output, tensor) for role, output, tensor in zip(roles, outputs, tensors, strict=True)
        }
        if outputs[0].size != outputs[1].size:
            raise ModelError("task.output", f"outputs {tensors[0]} and {tensors[1]} aren't of as many tokens")
        encoded = self._encoded(sample, outputs[0].size, resources)
        passage = self.text(sample, "passage")
        return spans(logits["start_logits"], logits["end_logits"], encoded, passage, 3)

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """Exact match and F1, as SQuAD has them: the mean over the questions."""
        if not answered:
            return ()
        said = [(each.answer[0].text if each.answer else "", each.truth) for each in answered]
        right = sum(exact(answer, truths) for answer, truths in said)
        count = len(said)
        mean = sum(f1(answer, truths) for answer, truths in said) / count
        return Score("exact match", right / count, count, right), Score("F1", mean, count)

    def words(self, answer: Any) -> str:
        """The likeliest answer, and how much of the passage wasn't read."""
        if not answer:
            return "no answer"
        best: Span = answer[0]
        unread = f", the last {best.unread:,} characters not read" if best.unread else ""
        return f"“{' '.join(best.text.split())}” {best.score:.3f}{unread}"

    def _roles(self, whose: str, tensors: Sequence[TensorInfo], words: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        if len(tensors) != len(words):
            named = ", ".join(str(tensor) for tensor in tensors)
            what = f"question answering has {len(words)} {whose}, and the model has {len(tensors)}"
            raise ModelError(f"task.{whose.removesuffix('s')}", what, why=named)
        said = {str(role): name for role, name in self.tensors.items()}
        return roles_of([(tensor.name,) for tensor in tensors], words, said, whose)

    def _encoded(self, sample: Sample, tokens: int, resources: Resources) -> Encoded:
        words = _word_piece(resources.read(VOCABULARY))
        return encode(words, self.text(sample, "question"), self.text(sample, "passage"), tokens)
