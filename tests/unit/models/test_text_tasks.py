"""Text classification and smart reply: from a sample's text to tokens, from scores to an answer, and the figures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.models.entry import Place
from harness.models.inspect import TensorInfo
from harness.models.samples import Sample
from harness.models.tasks import Task, task_families
from harness.models.tasks.base import Answered, Resources
from harness.models.tasks.parts import Guess

VOCABULARY = b"<PAD> 0\n<START> 1\n<UNKNOWN> 2\ngood 3\nfilm 4\n"
TOKENS = TensorInfo("tokens", "int32", (1, 6))
SCORES = TensorInfo("scores", "float32", (1, 4))
LISTS = {"text_classification": ("labels", "labels.txt"), "smart_reply": ("replies", "replies.txt")}
FAMILIES = sorted(LISTS)


def task(family: str, **changed: Any) -> Task:
    """The task of a card whose files are those of `folder`."""
    pin = {"path": "vocab.txt", "sha256": hashlib.sha256(VOCABULARY).hexdigest()}
    key, name = LISTS[family]
    said = {
        "family": family,
        "input": {"description": "x", "pattern": r"[^\w']+", "vocabulary": pin} | changed,
        "output": {"description": "x"},
        key: {"kind": "text", "file": name},
    }
    return task_families()[family].model_validate(said)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A card's folder, which is a described model's as well."""
    for name in ("labels.txt", "replies.txt"):
        (tmp_path / name).write_text("a\nb\nc\nd\n")
    (tmp_path / "vocab.txt").write_bytes(VOCABULARY)
    return tmp_path


def text(content: str) -> Sample:
    return Sample("x", Path("x.txt"), {"text": content, "message": content})


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_becomes_its_tokens(family: str, folder: Path) -> None:
    """One row of int32 numbers, those of the vocabulary that travels in the model."""
    (tensor,) = task(family).prepare(text("good, bad film"), [TOKENS], Resources(folder))
    assert isinstance(tensor, np.ndarray)
    assert (tensor.dtype, tensor.tolist()) == (np.int32, [[1, 3, 2, 4, 0, 0]])


def test_spaces_are_a_pattern(folder: Path) -> None:
    """A pattern's own spaces are kept, where a card's other texts are stripped."""
    (tensor,) = task("text_classification", pattern=" ").prepare(text("good film"), [TOKENS], Resources(folder))
    assert np.asarray(tensor).tolist() == [[1, 3, 4, 0, 0, 0]]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_travels_in_the_model(family: str, folder: Path) -> None:
    """The list that the scores are for, and the vocabulary; the list isn't pinned by a hash, the vocabulary is."""
    one, name = task(family), LISTS[family][1]
    assert dict(one.files(Place(folder, "model.yaml"))) == {name: b"a\nb\nc\nd\n", "vocab.txt": VOCABULARY}
    assert one.unpinned() == (name,)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("content", "changed", "code"),
    [
        (VOCABULARY, {"pattern": "(x)"}, "task.pattern"),
        (VOCABULARY + b"more 5\n", {}, "fetch.hash_mismatch"),
        (
            b"\xff",
            {"vocabulary": {"path": "vocab.txt", "sha256": hashlib.sha256(b"\xff").hexdigest()}},
            "task.vocabulary",
        ),
    ],
)
def test_a_vocabulary_that_can_not_be_it(
    family: str, folder: Path, content: bytes, changed: dict[str, Any], code: str
) -> None:
    """Another file than the pinned one, one that is none, and a pattern with groups are refused before conversion."""
    (folder / "vocab.txt").write_bytes(content)
    with pytest.raises(HarnessError) as caught:
        task(family, **changed).files(Place(folder, "model.yaml"))
    assert caught.value.code == code


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "inputs", [[TensorInfo("x", "float32", (1, 6))], [TensorInfo("x", "int32", (6,))], [TOKENS, TOKENS], []]
)
def test_a_model_that_takes_no_tokens(family: str, folder: Path, inputs: list[TensorInfo]) -> None:
    """Its tensors are named."""
    with pytest.raises(HarnessError) as caught:
        task(family).prepare(text("good"), inputs, Resources(folder))
    assert caught.value.code == "task.input"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_photo_is_no_text(family: str, folder: Path) -> None:
    """The sample is named."""
    with pytest.raises(HarnessError) as caught:
        task(family).prepare(Sample("cat", Path("cat.png")), [TOKENS], Resources(folder))
    assert (caught.value.code, "'cat' has a photo" in caught.value.what) == ("task.sample", True)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_surest_is_first(family: str, folder: Path) -> None:
    """Equal scores keep the list's order, and NaN is never in front."""
    answer = task(family).decode(text("x"), [np.float32([[0.25, 0.5, np.nan, 0.25]])], [SCORES], Resources(folder))
    assert answer[:3] == (Guess(1, "b", 0.5), Guess(0, "a", 0.25), Guess(3, "d", 0.25))


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_of_another_number(family: str, folder: Path) -> None:
    """An output that isn't one number an entry of the list."""
    with pytest.raises(HarnessError) as caught:
        task(family).decode(text("x"), [np.zeros((1, 3), np.float32)], [SCORES], Resources(folder))
    assert caught.value.code == "task.output"


def answered(said: str, truth: str) -> Answered:
    return Answered(tuple(Guess(0, label, 0.5) for label in said), truth)


def figures(family: str, *pairs: tuple[str, str]) -> dict[str, float]:
    return {score.name: score.value for score in task(family).score([answered(*pair) for pair in pairs])}


def test_accuracy_is_given_by_class_and_with_what_one_answer_reaches() -> None:
    """Three of four right, both of a's, one of b's two, where always saying the same is right in half."""
    found = figures("text_classification", ("ab", "a"), ("ab", "a"), ("ba", "b"), ("ab", "b"))
    assert found == {"accuracy": 0.75, "accuracy of a": 1.0, "accuracy of b": 0.5, "always a": 0.5}


def test_replies_are_scored_beside_the_most_frequent_ones() -> None:
    """Top-3 and top-1, each beside what always offering the same replies reaches, and with each reply counting alike."""
    found = figures("smart_reply", ("abc", "a"), ("abc", "c"), ("bcd", "a"), ("bcd", "a"), ("abd", "b"), ("abc", "d"))
    assert found == {
        "top-3": 0.5,
        "top-3, always the same": 5 / 6,
        "top-1": 1 / 6,
        "top-1, always the same": 0.5,
        "top-3, each reply alike": pytest.approx((1 / 3 + 1 + 1 + 0) / 4),
        "top-3, each reply alike, always the same": 0.75,
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_no_known_answers_no_figures(family: str) -> None:
    """Nothing is made up of no truths."""
    assert task(family).score([]) == ()


@pytest.mark.parametrize(
    ("family", "said"), [("text_classification", "a 0.500, b 0.500"), ("smart_reply", "a 0.500 / b 0.500")]
)
def test_an_answer_in_words(family: str, said: str) -> None:
    """The surest ones, each with its score."""
    assert task(family).words(answered("ab", "a").answer) == said
