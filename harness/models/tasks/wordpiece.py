"""BERT's uncased WordPiece: from text to numbers of pieces, each with its place in the text.

Source: J. Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding" (2018), and
the rules of its published tokenizer: control characters dropped, accents stripped, letters lowered, words cut at white
space, around punctuation and around CJK characters, then the longest known piece taken from the left.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.errors import ModelError

PAD, UNKNOWN, START, SEPARATOR = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
_LONGEST_WORD = 100  # characters; a longer one is unknown
_CONTINUED = "##"
_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: its number in the vocabulary, and the characters `text[start:end]` that it stands for."""

    number: int
    start: int
    end: int


_Character = tuple[str, int]  # as the vocabulary has it, and its place in the text


class WordPiece:
    """A vocabulary, one piece a number, and the cutting of texts into its pieces."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Raises ModelError `task.vocabulary` when it hasn't the four special pieces."""
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        absent = [piece for piece in (PAD, UNKNOWN, START, SEPARATOR) if piece not in self._numbers]
        if absent:
            raise ModelError(
                "task.vocabulary",
                f"the vocabulary of {len(vocabulary):,} pieces has no {', '.join(absent)}",
                hint="give BERT's vocab.txt, one piece a line",
            )
        self._cut_word = lru_cache(maxsize=1 << 16)(self._pieces_of)
        self._cut_text = lru_cache(maxsize=16)(self._pieces_in)  # a passage is mostly asked of several times

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, piece: str) -> int:
        """The number of a piece, or of the unknown one."""
        return self._numbers.get(piece, self._numbers[UNKNOWN])

    def cut(self, text: str) -> tuple[Piece, ...]:
        """The pieces of a text, in its order. `[SEP]` and the like in a text are text, never the special pieces."""
        return self._cut_text(text)

    def _pieces_in(self, text: str) -> tuple[Piece, ...]:
        return tuple(
            Piece(number, word[first][1], word[after - 1][1] + 1)
            for word in _words(text)
            for number, first, after in self._cut_word("".join(character for character, _ in word))
        )

    def _pieces_of(self, word: str) -> tuple[tuple[int, int, int], ...]:
        """Numbers of a word's pieces with their places in the word."""
        unknown = ((self._numbers[UNKNOWN], 0, len(word)),)
        if len(word) > _LONGEST_WORD:
            return unknown
        found: list[tuple[int, int, int]] = []
        first = 0
        while first < len(word):
            prefix = _CONTINUED if first else ""
            after = len(word)
            while after > first and prefix + word[first:after] not in self._numbers:
                after -= 1
            if after == first:
                return unknown
            found.append((self._numbers[prefix + word[first:after]], first, after))
            first = after
        return tuple(found)


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The pieces in the order of their numbers: out of a `vocab.txt`, or of the `tokenizer.json` of a WordPiece model.

    Raises:
        ModelError: `task.vocabulary` when the file is neither, or its numbers have gaps.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".json":
            return tuple(text.splitlines())
        numbers: dict[str, int] = json.loads(text)["model"]["vocab"]
        pieces = sorted(numbers, key=numbers.__getitem__)
        if [numbers[piece] for piece in pieces] != list(range(len(pieces))):
            raise ValueError("its numbers have gaps")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            "task.vocabulary",
            f"{path} can't be read as a vocabulary",
            why=f"{type(error).__name__}: {error}",
            hint="give a vocab.txt, one piece a line, or the tokenizer.json of a WordPiece model",
        ) from error
    return tuple(pieces)


def _words(text: str) -> Iterator[list[_Character]]:
    word: list[_Character] = []
    for place, original in enumerate(text):
        if _dropped(original):
            continue
        if original.isspace():
            if word:
                yield word
            word = []
            continue
        for character in _normal(original):
            if _alone(character):
                if word:
                    yield word
                yield [(character, place)]
                word = []
            else:
                word.append((character, place))
    if word:
        yield word


@lru_cache(maxsize=1 << 12)
def _normal(character: str) -> str:
    """Without accents, lowered: one character or several."""
    bare = "".join(each for each in unicodedata.normalize("NFD", character) if unicodedata.category(each) != "Mn")
    return bare.lower()


@lru_cache(maxsize=1 << 12)
def _dropped(character: str) -> bool:
    if character in "\t\n\r":
        return False
    return character == "\ufffd" or unicodedata.category(character).startswith("C")


@lru_cache(maxsize=1 << 12)
def _alone(character: str) -> bool:
    """Whether it is a word by itself: punctuation, every ASCII sign, a CJK character."""
    code = ord(character)
    if any(first <= code <= last for first, last in _CJK):
        return True
    if code < 128:
        return not character.isalnum()
    return unicodedata.category(character).startswith("P")
