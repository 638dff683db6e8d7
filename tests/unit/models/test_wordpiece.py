"""BERT's pieces, and their places in the text."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.models.tasks.wordpiece import WordPiece, read_vocabulary

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
PIECES = (
    *SPECIAL,
    "play",
    "##ing",
    "##ed",
    "un",
    "##play",
    "cafe",
    "東",
    "京",
    ",",
    "$",
    "5",
    "sep",
    "[",
    "]",
    "a",
    "i",
)
WORDS = WordPiece(PIECES)


def pieces(text: str) -> list[tuple[str, str]]:
    """Each piece, and what it stands for in the text."""
    return [(PIECES[piece.number], text[piece.start : piece.end]) for piece in WORDS.cut(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("playing", [("play", "play"), ("##ing", "ing")]),
        ("unplayed", [("un", "un"), ("##play", "play"), ("##ed", "ed")]),
        ("PlaY\tplay\u2028play\x00ed", [("play", "PlaY"), ("play", "play"), ("play", "play"), ("##ed", "ed")]),
        ("Café cafe\u0301", [("cafe", "Café"), ("cafe", "cafe")]),
        ("İ", [("i", "İ")]),
        ("東京a", [("東", "東"), ("京", "京"), ("a", "a")]),
        ("a,$5", [("a", "a"), (",", ","), ("$", "$"), ("5", "5")]),
        ("play zebra!", [("play", "play"), ("[UNK]", "zebra"), ("[UNK]", "!")]),
        ("playx", [("[UNK]", "playx")]),
        ("[SEP]", [("[", "["), ("sep", "SEP"), ("]", "]")]),
        ("", []),
        (" \ufffd\u200b\n", []),
    ],
)
def test_texts_become_the_known_pieces(text: str, found: list[tuple[str, str]]) -> None:
    """Letters lowered, accents and control characters gone, signs and CJK alone, the longest piece first, else unknown.

    A piece stands for the characters as they are in the text; a special piece's name in a text is text.
    """
    assert pieces(text) == found


def test_a_word_of_over_a_hundred_characters_is_unknown() -> None:
    """As in BERT's own tokenizer, whatever pieces it could be cut into."""
    words = WordPiece((*SPECIAL, "a", "##a"))
    assert [piece.number for piece in words.cut("a" * 100)] == [4, *[5] * 99]
    assert [(piece.number, piece.end) for piece in words.cut("a" * 101)] == [(1, 101)]


@given(st.text())
def test_places_never_go_back(text: str) -> None:
    """Whatever the text, pieces stand in its order and don't overlap, save those of one character."""
    found = WORDS.cut(text)
    assert all(0 <= piece.start < piece.end <= len(text) for piece in found)
    assert all(one.end <= two.start or one.start == two.start for one, two in pairwise(found))


def test_both_forms_of_a_vocabulary(tmp_path: Path) -> None:
    """A line a piece, or the numbers in a tokenizer.json in any order."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    numbers = {piece: number for number, piece in reversed(list(enumerate(PIECES)))}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": numbers}}))
    assert read_vocabulary(tmp_path / "vocab.txt") == read_vocabulary(tmp_path / "tokenizer.json") == PIECES


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"model": {}}', '{"model": {"vocab": {"a": 0, "b": 2}}}', '{"model": {"vocab": ["a"]}}']
)
def test_what_is_no_vocabulary(tmp_path: Path, content: str) -> None:
    """The file is named: no JSON, no WordPiece model, numbers with gaps, or no file at all."""
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    for wrong in (path, tmp_path / "none.txt"):
        with pytest.raises(ModelError) as caught:
            read_vocabulary(wrong)
        assert caught.value.code == "task.vocabulary"
        assert str(wrong) in str(caught.value)


def test_a_vocabulary_without_the_special_pieces() -> None:
    """They are named."""
    with pytest.raises(ModelError, match=r"\[CLS\], \[SEP\]") as caught:
        WordPiece(("[PAD]", "[UNK]", "a"))
    assert caught.value.code == "task.vocabulary"
