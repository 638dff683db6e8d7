"""Vocabularies for a regex tokenizer, out of texts: every spelling that is meant, so that nothing need be lowered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from harness.models.tasks.regex_tokens import PAD, START, UNKNOWN, compiled

_APOSTROPHES = ("'", "\u2019")  # typewriters', and the one that many phones set in its place


def vocabulary_of(texts: Iterable[str], pattern: str, *, least: int) -> bytes:
    """A vocabulary file, `token number` a line, of the words that stand at least `least` times in these texts.

    `<PAD>` is 0, `<START>` 1, `<UNKNOWN>` 2; words follow by how often they are, then by letters. A word is given as
    `film`, `Film` and `FILM`, all of one number, and with either apostrophe that the pattern keeps.
    """
    between = compiled(pattern)
    marks = [mark for mark in _APOSTROPHES if not between.search(mark)]
    counts = Counter(_plain(token) for text in texts for token in between.split(text) if token)
    kept = sorted((word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word))
    lines = [f"{token} {number}" for number, token in enumerate((PAD, START, UNKNOWN))]
    lines += [f"{said} {number}" for number, word in enumerate(kept, len(lines)) for said in _spellings(word, marks)]
    return "".join(f"{line}\n" for line in lines).encode()


def _plain(token: str) -> str:
    return token.replace(_APOSTROPHES[1], _APOSTROPHES[0]).lower()


def _spellings(word: str, marks: list[str]) -> Iterator[str]:
    cases = (word, word[:1].upper() + word[1:], word.upper())
    yield from dict.fromkeys(case.replace(_APOSTROPHES[0], mark) for mark in marks or [""] for case in cases)
