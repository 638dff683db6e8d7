"""Text to numbers, as TensorFlow Lite's RegexTokenizer and the Task Library's NLClassifier have it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.models.tasks.regex_tokens import compiled, read_vocabulary

PATTERN = r"[^\w']+"
WORDS = b"<PAD> 0\n<START> 1\n<UNKNOWN> 2\ngood 3\nGood 3\nfilm 4\ndon't 5\nSTART 6\n"


def numbers(text: str, length: int = 6, words: bytes = WORDS) -> list[int]:
    return read_vocabulary(words, PATTERN, "words.txt").encode(text, length).tolist()


def as_the_task_library(text: str, length: int, words: dict[str, int], pattern: str) -> list[int]:
    """RegexTokenizer::Tokenize and RegexPreprocessor::Preprocess, step by step: find a match, keep what is before it."""
    text = text.split("\0", maxsplit=1)[0]
    tokens, last, place = [], 0, 0
    while found := re.compile(pattern, re.ASCII).search(text, place):
        if found.start() > last:
            tokens.append(text[last : found.start()])
        last = place = found.end()
    if text[last:]:
        tokens.append(text[last:])
    row = [words["<PAD>"]] * length
    at = 0
    if "<START>" in words:
        row[0], at = words["<START>"], 1
    for token in tokens[: length - at]:
        row[at] = words.get(token, words["<UNKNOWN>"])
        at += 1
    return row


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good film", [1, 3, 4, 0, 0, 0]),
        ("  Good,film!! ", [1, 3, 4, 0, 0, 0]),
        ("GOOD film", [1, 2, 4, 0, 0, 0]),  # no spelling of the vocabulary: nothing is lowered
        ("don't", [1, 5, 0, 0, 0, 0]),
        ("gut, naïve", [1, 2, 2, 2, 0, 0]),  # ï is no letter to RE2: na, ve
        ("<START> <PAD>", [1, 6, 2, 0, 0, 0]),  # a special token in a text is text
        ("good " * 9, [1, 3, 3, 3, 3, 3]),  # what doesn't fit is left out at the end
        ("", [1, 0, 0, 0, 0, 0]),
        ("?!…\x07\ud83d", [1, 0, 0, 0, 0, 0]),  # marks, control characters and half a character part tokens
        ("good\0film", [1, 3, 0, 0, 0, 0]),
        ("电影", [1, 0, 0, 0, 0, 0]),
    ],
)
def test_numbers_of_a_text(text: str, expected: list[int]) -> None:
    """`<START>`, the tokens, `<UNKNOWN>` for those the vocabulary hasn't, and `<PAD>` up to the length."""
    assert numbers(text) == expected


@given(st.text(max_size=60), st.sampled_from([PATTERN, r"\s+", "[^a-z]", "[,;]"]), st.integers(1, 9), st.booleans())
def test_the_same_as_the_task_library(text: str, pattern: str, length: int, start: bool) -> None:
    """For any text and pattern the numbers are those that its two steps give."""
    words = {"<PAD>": 0, "<UNKNOWN>": 2, "a": 3, "0": 4, "b": 5} | ({"<START>": 1} if start else {})
    content = "".join(f"{word} {number}\n" for word, number in words.items()).encode()
    found = read_vocabulary(content, pattern, "words.txt").encode(text, length)
    assert found.dtype == np.int32
    assert found.tolist() == as_the_task_library(text, length, words, pattern)


def test_a_very_long_text_takes_no_time() -> None:
    """Ten million characters are read in a second or two, and the first tokens count."""
    assert numbers("good film " * 1_000_000, 4) == [1, 3, 4, 3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<PAD> 0\n<UNKNOWN> 1\ngood\n", "has 'good' on line 3 and not `token number`"),
        (b"<PAD> 0\ngood 1\n", "has no <UNKNOWN>"),
        (b"", "has no <PAD> nor <UNKNOWN>"),
        (WORDS + b"film 9\n", "has token 'film' twice"),
        (b"<PAD> 0\n\xff\xfe 1\n", "is not UTF-8"),
        (WORDS + b"more  9\n", "has 'more  9' on line 9"),
        (b"<PAD> -1\n<UNKNOWN> 1\n", "has '<PAD> -1' on line 1"),
        (b"<PAD> 0\n<UNKNOWN> 9999999999\n", "has '<UNKNOWN> 9999999999' on line 2"),
    ],
)
def test_a_vocabulary_that_is_none(content: bytes, words: str) -> None:
    """The file is named, and the line."""
    with pytest.raises(HarnessError) as caught:
        read_vocabulary(content, PATTERN, "words.txt")
    assert caught.value.code == "task.vocabulary"
    assert f"words.txt {words}" in caught.value.what


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("[^\\w", "is no pattern"), ("(a|b)", "has groups"), (r"\s*", "matches nothing at all")],
)
def test_a_pattern_that_parts_nothing(pattern: str, words: str) -> None:
    """What can't be compiled, has groups, or matches between any two letters is refused."""
    with pytest.raises(HarnessError) as caught:
        compiled(pattern)
    assert caught.value.code == "task.pattern"
    assert words in caught.value.what
