"""The trainers on data of a hundred lines: the same weights each time, and bad data named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.models.training import Trained, chat_replies, movie_sentiment, npz_of
from harness.models.training.chat_replies import Exchange
from harness.models.training.fit import Course

COURSE = Course(epochs=2, batch=8, learning_rate=2e-3)
Write = Callable[[str], Trained]


def silent(_message: str, _done: int, _of: int) -> None:
    """Nobody is told."""


def snippets(count: int = 120) -> str:
    """Snippets whose rating is that of one word in them; every twelfth is rated 0."""
    numbers = np.random.default_rng(5)
    lines = []
    for line in range(1, count + 1):
        good = bool(numbers.integers(2))
        filler = " ".join(numbers.choice(["the", "film", "is", "a", "story"], 4))
        rating = 0 if line % 12 == 0 else 2.5 if good else -1.5
        lines.append(f"{line}\t{rating}\t{filler} {'Splendid' if good else 'dull'}!\r\n")
    return "".join(lines)


def conversations(count: int = 60) -> str:
    """Conversations in which a greeting is greeted, a question is affirmed, and news are nice."""
    turns = [["Hello there"], ["Hi!"], ["Do you like it?", "the film"], ["Yeah, I do."], ["I won a prize"], ["Niceee!"]]
    messages = [[{"text": text} for text in turn] for turn in turns]
    return json.dumps({f"id{number:03}": {"messages": messages} for number in range(count)})


REPLIES = "# a remark\nHi!: hi, hey\n\nYeah: yeah, yes\nNice!: nice, that's nice\n"


@pytest.fixture
def sentiment(tmp_path: Path) -> Write:
    """Trains on this file of snippets."""

    def run(content: str | bytes) -> Trained:
        path = tmp_path / "snippets.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return movie_sentiment.train({"snippets": path}, 7, silent, COURSE)

    return run


@pytest.fixture
def replies(tmp_path: Path) -> Callable[..., Trained]:
    """Trains on these conversations and this list."""

    def run(content: str = conversations(), listed: str = REPLIES) -> Trained:
        (tmp_path / "talk.json").write_text(content)
        (tmp_path / "list.txt").write_text(listed)
        data = {"conversations": tmp_path / "talk.json", "replies": tmp_path / "list.txt"}
        return chat_replies.train(data, 7, silent, COURSE)

    return run


def test_sentiment_is_learned_the_same_each_time(sentiment: Write) -> None:
    """Twice the same bytes and figures, half floats, and the words of the data; snippets rated 0 aren't counted."""
    one, other = sentiment(snippets()), sentiment(snippets())
    assert npz_of(one.weights) == npz_of(other.weights)
    assert (one.held_out, one.files) == (other.held_out, other.files)
    assert {str(values.dtype) for values in one.weights.values()} == {"float16"}
    assert one.held_out["accuracy"] == 1.0
    assert one.files["labels.txt"] == b"negative\npositive\n"
    assert b"\nSPLENDID " in one.files["vocab.txt"]


def test_replies_are_learned_the_same_each_time(replies: Callable[..., Trained]) -> None:
    """Twice the same bytes; of three replies all are offered, so one of them is right."""
    one, other = replies(), replies()
    assert npz_of(one.weights) == npz_of(other.weights)
    assert one.held_out["top-3"] == 1.0
    assert one.files["replies.txt"] == b"Hi!\nYeah\nNice!\n"


def test_the_seed_decides_what_is_held_out(tmp_path: Path) -> None:
    """A fifth of the rated snippets and an eighth of the rest, in three parts that share nothing."""
    (tmp_path / "x").write_text(snippets(240))
    read = movie_sentiment.read_snippets(tmp_path / "x")
    one, again, other = (movie_sentiment.split(read, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert one == again
    assert one != other
    assert [len(part) for part in one] == [44, 22, 154]
    assert sorted((each.text, each.rating) for part in one for each in part) == sorted((s.text, s.rating) for s in read)


def test_a_conversation_is_learned_or_held_out_whole() -> None:
    """A tenth of the conversations each is held out and checked on, of which only whole replies are measured."""
    talk = [[Exchange(f"{number}", 0, True), Exchange(f"{number}", 1, False)] for number in range(20)]
    held_out, checked, learned = chat_replies.split(talk, np.random.default_rng(7))
    assert (len(held_out), len(checked), len(learned)) == (2, 2, 32)
    assert all(one.whole for one in (*held_out, *checked))
    assert not {one.message for one in held_out} & {one.message for one in (*checked, *learned)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1\t2.5\tgood\n2\tgood\n", "line 2 isn't `number, rating, snippet`"),
        ("1\tgood\tgood\n", "line 1 isn't"),
        ("1\tnan\tgood\n", "line 1 has the rating nan"),
        (b"1\t2.5\t\xff\n", "can't be read"),
        ("", "line 1 isn't"),
        ("1\t0\tgood\n", "0 examples to learn from, 0 to check on and 0 held out are too few"),
        (snippets(9), "are too few"),
    ],
)
def test_snippets_that_are_none(sentiment: Write, content: str | bytes, words: str) -> None:
    """The file and the line are named; too few are refused before anything is learned."""
    with pytest.raises(HarnessError) as caught:
        sentiment(content)
    assert caught.value.code == "training.data"
    assert words in caught.value.what


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"content": "[1, 2]"}, "has no conversations"),
        ({"content": '{"a": {"messages": [[{"text": "hi"}], []]}}'}, "has no conversations"),
        ({"content": '{"a": '}, "has no conversations"),
        ({"content": "{}"}, "are too few"),
        ({"listed": "Hi! hi\n"}, "line 1 isn't `reply: spelling, spelling`"),
        ({"listed": "Hi!: hi\nHey!: HIII\n"}, "line 2: 'hi' is a spelling of 'Hi!', too"),
        ({"listed": "Hi!: hi\nYes: yes\n"}, "has 2 replies"),
    ],
)
def test_conversations_that_are_none(replies: Callable[..., Trained], changed: dict[str, Any], words: str) -> None:
    """The file is named, and the line where there is one."""
    with pytest.raises(HarnessError) as caught:
        replies(**changed)
    assert caught.value.code == "training.data"
    assert words in caught.value.what


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Niceee!!", "nice"),
        ("OH nice hahaha", "nice"),
        ("hahahah", "haha"),
        ("no no NO", "no"),
        ("I don\u2019t know...", "i dont know"),
        ("oh", "oh"),
        ("!?", ""),
    ],
)
def test_what_does_not_change_a_reply(text: str, said: str) -> None:
    """Case, marks, drawn-out letters, repetition, and laughter or hesitation around it."""
    assert chat_replies.plain(text) == chat_replies.plain(said)


def test_a_message_is_what_fits_of_a_turn() -> None:
    """Up to three last texts; fewer when they are long, and the last one in any case."""
    assert chat_replies.message(["a", "b", "c", "d"]) == "b c d"
    assert chat_replies.message(["a " * 40, "b " * 10, "c"]).split() == ["b"] * 10 + ["c"]
    assert len(chat_replies.message(["a", "b " * 90]).split()) == 90


def test_an_opening_counts_less_than_the_whole() -> None:
    """`Yeah` is the reply, `Yeah, I do` opens with it, and what opens with nothing of the list is none."""
    offered = chat_replies.ReplyList(("Yeah",), {"yeah": 0})
    assert offered.number("yeah haha") == (0, True)
    assert offered.number("Yeah, I do") == (0, False)
    assert offered.number("I do, yeah") is None
