"""Teaches `builders.chat_replies` which of a list of short replies people gave in open conversations.

The data: the Chit-Chat dataset of Brigham Young University's Perception, Control and Cognition lab, 7,168 conversations
in turns of one or more texts; and `replies`, our own list: what is offered, and the spellings that count as it.

A turn is answered with one of the replies when the next turn's first text is one of its spellings, or opens with one;
the latter counts half in learning and is never measured on. A turn's last texts are the message. Of the
conversations a tenth is held out, and no setting was chosen by it: another tenth is for checking. Many people took part
in several conversations, so their ways of writing are in all three parts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.builders.chat_replies import TOKENS, build
from harness.models.keras_weights import weights_of
from harness.models.tasks.regex_tokens import read_vocabulary
from harness.models.tasks.smart_reply import OFFERED, reply_scores
from harness.models.training import Progress, Trained, half
from harness.models.training.fit import Course, Examples, fit, require_enough, seed_everything
from harness.models.training.vocabulary import vocabulary_of

CONVERSATIONS, REPLIES = "conversations", "replies"
"""The names of the data."""
PATTERN = "[^\\w'\u2019]+"
_LEAST = 3  # how often a word has to stand in what is learned
_VECTOR, _PHRASES, _WIDTH = 64, 96, 3
_OPENS = 0.5  # how much a longer reply counts that opens with one of the list
_TEXTS = 3
_LEVEL = 0.5  # what power of a reply's frequency is taken out of its score, so that rare ones are offered too
_COURSE = Course(epochs=6, batch=64, learning_rate=2e-3)
_BEFORE, _AFTER = {"oh", "ah", "aw", "well", "haha", "um", "uh"}, {"haha", "lol", "man", "dude", "bro"}
_LAUGHTER = re.compile(r"(ha)+h?|(he){2,}h?|a(ha)+h?")

Values = NDArray[Any]


@dataclass(frozen=True)
class Exchange:
    """A message and the reply that it got, by its number in the list; `whole` when the reply's text was just that."""

    message: str
    reply: int
    whole: bool


@dataclass(frozen=True)
class ReplyList:
    """What is offered, in the order of the scores, and which spellings count as which."""

    replies: tuple[str, ...]
    numbers: Mapping[str, int]

    def number(self, text: str) -> tuple[int, bool] | None:
        """The reply that a text is or opens with, and whether it is that one whole."""
        whole = self.numbers.get(plain(text))
        if whole is not None:
            return whole, True
        opening = self.numbers.get(plain(re.split(r"(?<=[.!?,])\s+|\n", text.strip())[0]))
        return None if opening is None else (opening, False)


def train(data: Mapping[str, Path], seed: int, progress: Progress, course: Course = _COURSE) -> Trained:
    """Weights as the builder takes them, in half floats, `vocab.txt` and `replies.txt`.

    Raises:
        ModelError: `training.data` for a file of another form or too few exchanges; `training.diverged`,
            `training.not_finite`.
    """
    offered = read_replies(data[REPLIES])
    conversations = read_conversations(data[CONVERSATIONS], offered)
    rng = np.random.default_rng(seed)
    held_out, checked, learned = split(conversations, rng)
    require_enough(learned, checked, held_out, course)
    vocabulary = vocabulary_of((exchange.message for exchange in learned), PATTERN, least=_LEAST)
    words = read_vocabulary(vocabulary, PATTERN, "the vocabulary")

    def examples(some: Sequence[Exchange]) -> Examples:
        inputs = words.encode_all((exchange.message for exchange in some), TOKENS)
        targets = np.array([exchange.reply for exchange in some], np.int32)
        weights = np.where([exchange.whole for exchange in some], 1.0, _OPENS).astype(np.float32)
        return Examples(inputs, targets, weights)

    seed_everything(rng)
    first = examples(learned)
    model = build(_beginnings(1 + max(words.numbers.values()), len(offered.replies), rng), batch=None)
    fit(model, "sparse_categorical_crossentropy", first, course, rng, progress, examples(checked))
    weights = weights_of(model)
    often = np.bincount(first.targets, first.weights, len(offered.replies)) + 1.0
    weights["score.bias"] = (weights["score.bias"] - _LEVEL * np.log(often / often.sum())).astype(np.float32)
    weights = half(weights)
    answers = build(weights, batch=None).predict(examples(held_out).inputs, batch_size=256, verbose=0)
    files = {"vocab.txt": vocabulary, "replies.txt": "".join(f"{reply}\n" for reply in offered.replies).encode()}
    return Trained(weights, figures(answers, held_out, offered.replies), files)


def plain(text: str) -> str:
    """A reply without what doesn't change it: case, marks, drawn-out letters, what laughs or hesitates around it."""
    words: list[str] = []
    for word in re.findall(r"[a-z0-9]+", text.lower().replace("'", "").replace("\u2019", "")):
        short = "haha" if _LAUGHTER.fullmatch(word) else re.sub(r"(.)\1+", r"\1", word)
        if words[-1:] != [short]:
            words.append(short)
    while len(words) > 1 and words[0] in _BEFORE:
        del words[0]
    while len(words) > 1 and words[-1] in _AFTER:
        del words[-1]
    return " ".join(words)


def message(texts: Sequence[str]) -> str:
    """The last texts of a turn, up to three, that fit in what the model takes; the last one in any case."""
    count = 1
    while count < min(_TEXTS, len(texts)) and len(" ".join(texts[-count - 1 :]).split()) < TOKENS:
        count += 1
    return " ".join(texts[-count:])


def read_replies(path: Path) -> ReplyList:
    """The list, `reply: spelling, spelling` a line; `#` begins a remark. Raises ModelError `training.data`."""
    replies: list[str] = []
    numbers: dict[str, int] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        reply, colon, spellings = line.partition(": ")
        if not colon or not spellings.strip():
            raise ModelError("training.data", f"{path}: line {number} isn't `reply: spelling, spelling`", why=line)
        for spelling in map(plain, spellings.split(",")):
            if numbers.setdefault(spelling, len(replies)) != len(replies):
                what = f"{path}: line {number}: '{spelling}' is a spelling of '{replies[numbers[spelling]]}', too"
                raise ModelError("training.data", what, hint="give it to one of the two")
        replies.append(reply.strip())
    if len(replies) < OFFERED:
        raise ModelError("training.data", f"{path} has {len(replies)} replies", hint=f"give at least {OFFERED}")
    return ReplyList(tuple(replies), numbers)


def read_conversations(path: Path, offered: ReplyList) -> list[list[Exchange]]:
    """The exchanges of each conversation whose reply is in the list. Raises ModelError `training.data`."""
    try:
        return [list(_exchanges(one["messages"], offered)) for _, one in sorted(json.loads(_text(path)).items())]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        hint = 'give {"id": {"messages": [[{"text": …}, …], …]}, …}, turns of texts'
        raise ModelError("training.data", f"{path} has no conversations", why=why, hint=hint) from error


def split(
    conversations: Sequence[Sequence[Exchange]], rng: np.random.Generator
) -> tuple[list[Exchange], list[Exchange], list[Exchange]]:
    """What is held out and what is checked on (whole replies in a tenth of the conversations each), and what is learned."""
    order = [conversations[index] for index in rng.permutation(len(conversations))]
    tenth = max(1, len(order) // 10)
    parts = order[:tenth], order[tenth : 2 * tenth], order[2 * tenth :]
    held_out, checked, learned = ([exchange for one in part for exchange in one] for part in parts)
    return [one for one in held_out if one.whole], [one for one in checked if one.whole], learned


def figures(answers: Values, exchanges: Sequence[Exchange], replies: Sequence[str]) -> dict[str, float]:
    """The task's own figures for these answers, (exchanges, replies)."""
    pairs = [
        ([replies[index] for index in np.argsort(-row, kind="stable")[:OFFERED]], replies[exchange.reply])
        for row, exchange in zip(answers, exchanges, strict=True)
    ]
    return {score.name: round(score.value, 4) for score in reply_scores(pairs)}


def _exchanges(turns: Any, offered: ReplyList) -> Iterator[Exchange]:
    for turn, answer in pairwise(turns):
        found = offered.number(answer[0]["text"])
        if found:
            yield Exchange(message([text["text"] for text in turn]), *found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError("training.data", f"{path} can't be read", why=str(error)) from error


def _beginnings(words: int, replies: int, rng: np.random.Generator) -> dict[str, Values]:
    return {
        "words.embeddings": rng.uniform(-0.05, 0.05, (words, _VECTOR)),
        "phrases.kernel": _glorot((1, _WIDTH, _VECTOR, _PHRASES), _WIDTH * _VECTOR, _WIDTH * _PHRASES, rng),
        "phrases.bias": np.zeros(_PHRASES),
        "score.kernel": _glorot((_PHRASES + _VECTOR, replies), _PHRASES + _VECTOR, replies, rng),
        "score.bias": np.zeros(replies),
    }


def _glorot(shape: tuple[int, ...], into: int, out: int, rng: np.random.Generator) -> Values:
    limit = math.sqrt(6 / (into + out))  # X. Glorot and Y. Bengio (2010)
    return rng.uniform(-limit, limit, shape)
