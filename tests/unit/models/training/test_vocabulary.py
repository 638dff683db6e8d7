"""Vocabularies out of texts."""

from __future__ import annotations

from harness.models.tasks.regex_tokens import read_vocabulary
from harness.models.training.vocabulary import vocabulary_of

TEXTS = ["It's GOOD", "it\u2019s good, so good", "so-so 10"]
BOTH = "[^\\w'\u2019]+"


def test_words_by_how_often_they_are() -> None:
    """The special tokens, then words by count and letters; rare ones are left out."""
    lines = vocabulary_of(TEXTS, BOTH, least=2).decode().split("\n")
    assert [line for line in lines if line.split(" ")[0].islower() or line.startswith("<")] == [
        "<PAD> 0",
        "<START> 1",
        "<UNKNOWN> 2",
        "good 3",
        "so 4",
        "it's 5",
        "it\u2019s 5",
    ]


def test_every_spelling_has_its_words_number() -> None:
    """Small, with a capital, in capitals, with either apostrophe: what the tokenizer looks up as it stands."""
    words = read_vocabulary(vocabulary_of(TEXTS, BOTH, least=1), BOTH, "words")
    spellings = ("it's", "It's", "IT'S", "it\u2019s", "It\u2019s", "IT\u2019S")
    assert len({words.numbers[spelling] for spelling in spellings}) == 1
    assert words.encode("GOOD so 10", 4).tolist() == [
        1,
        words.numbers["good"],
        words.numbers["So"],
        words.numbers["10"],
    ]


def test_only_what_the_pattern_keeps() -> None:
    """A pattern that parts at the one apostrophe has no use for its spellings."""
    words = read_vocabulary(vocabulary_of(TEXTS, r"[^\w']+", least=1), r"[^\w']+", "words")
    assert "it's" in words.numbers
    assert not [token for token in words.numbers if "\u2019" in token]


def test_no_texts_no_words() -> None:
    """The special tokens are there all the same."""
    assert vocabulary_of([], r"\s+", least=1) == b"<PAD> 0\n<START> 1\n<UNKNOWN> 2\n"
