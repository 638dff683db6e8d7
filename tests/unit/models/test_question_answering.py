"""From a question and a passage to three tensors, from logits to an answer, and SQuAD's scores."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError, UsageError
from harness.fetch.store import sha256_of
from harness.models.entry import LocalPin, Place
from harness.models.inspect import TensorInfo
from harness.models.samples import Sample
from harness.models.tasks.base import Answered, Array, Kind, Resources
from harness.models.tasks.question_answering import QuestionAnswering, Span, encode, exact, f1, spans
from harness.models.tasks.wordpiece import WordPiece

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "where", "is", "it", "?", "in", "paris", "##ian", "spring")
PAD, UNKNOWN, START, SEPARATOR = range(4)
WORDS = WordPiece(PIECES)
TOKENS = 12
QUESTION, PASSAGE = "Where is it?", "It is in Paris"
SAMPLE = Sample("x", Path("x.json"), {"question": QUESTION, "passage": PASSAGE})
INPUTS = tuple(TensorInfo(name, "int32", (1, TOKENS)) for name in ("segment_ids", "ids", "mask"))
OUTPUTS = tuple(TensorInfo(name, "float32", (1, TOKENS)) for name in ("end_logits", "start_logits"))


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    """A model's folder with the vocabulary."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    return Resources(tmp_path)


def task(**tensors: str) -> QuestionAnswering:
    vocabulary = LocalPin(path="vocab.txt", sha256="0" * 64)
    return QuestionAnswering(family="question_answering", vocabulary=vocabulary, tensors=tensors)


def logits(*places: int, tokens: int = TOKENS) -> Array:
    """High at these tokens, each a little less than the one before."""
    numbers = np.zeros((1, tokens), np.float32)
    for order, place in enumerate(places):
        numbers[0, place] = 9 - order
    return numbers


def test_question_and_passage_as_bert_takes_them(resources: Resources) -> None:
    """`[CLS] question [SEP] passage [SEP]`, padded; each tensor found by its name, whatever their order."""
    segment_ids, ids, mask = task().prepare(SAMPLE, INPUTS, resources)
    np.testing.assert_array_equal(ids, [[2, 4, 5, 6, 7, 3, 6, 5, 8, 9, 3, 0]])
    np.testing.assert_array_equal(mask, [[1] * 11 + [0]])
    np.testing.assert_array_equal(segment_ids, [[0] * 6 + [1] * 5 + [0]])
    assert {tensor.dtype for tensor in (segment_ids, ids, mask)} == {np.dtype(np.int32)}


def test_what_does_not_fit_is_counted() -> None:
    """The passage's end is left out, in characters; of a question at least one piece of the passage is left room for."""
    encoded = encode(WORDS, QUESTION, PASSAGE, 9)
    assert ([PASSAGE[piece.start : piece.end] for piece in encoded.pieces], encoded.unread) == (["It", "is"], 9)
    assert encoded.ids[-1] == SEPARATOR
    assert encode(WORDS, QUESTION, PASSAGE, TOKENS).unread == 0
    long = encode(WORDS, "it " * 100, PASSAGE, TOKENS)
    assert [piece.number for piece in long.pieces] == [PIECES.index("it")]
    assert encode(WORDS, "it " * 100, PASSAGE, 256).first == 66


def test_the_answer_is_cut_out_of_the_passage(resources: Resources) -> None:
    """From the likeliest start to the likeliest end, as it is written there; outputs are told apart by their names."""
    best, *_ = task().decode(SAMPLE, [logits(9), logits(8)], OUTPUTS, resources)
    assert (best.text, best.start, best.end) == ("in Paris", 6, 14)
    assert best.score == pytest.approx((1 / (1 + 3 * np.exp(-9))) ** 2)  # four pieces, softmax over them


def test_tensors_without_telling_names(resources: Resources) -> None:
    """The card says which is which; otherwise the error shows what there is."""
    tensors = (TensorInfo("Identity", "float32", (1, TOKENS)), TensorInfo("Identity_1", "float32", (1, TOKENS)))
    named = task(end_logits="Identity", start_logits="Identity_1")
    assert named.decode(SAMPLE, [logits(9), logits(8)], tensors, resources)[0].text == "in Paris"
    with pytest.raises(ModelError, match="Identity_1") as caught:
        task().decode(SAMPLE, [logits(9), logits(8)], tensors, resources)
    assert caught.value.code == "metadata.role"


def test_another_number_of_tensors(resources: Resources) -> None:
    """Three go in and two come out."""
    with pytest.raises(ModelError) as caught:
        task().prepare(SAMPLE, INPUTS[:2], resources)
    assert caught.value.code == "task.input"
    with pytest.raises(ModelError) as caught:
        task().decode(SAMPLE, [logits(1)] * 3, [*OUTPUTS, OUTPUTS[0]], resources)
    assert caught.value.code == "task.output"


def test_tensors_of_other_shapes(resources: Resources) -> None:
    """Inputs are a batch of one, and both outputs have as many tokens; the tensor is shown."""
    with pytest.raises(ModelError, match="'mask'") as caught:
        task().prepare(SAMPLE, [*INPUTS[:2], TensorInfo("mask", "int32", (2, TOKENS))], resources)
    assert caught.value.code == "task.input"
    with pytest.raises(ModelError, match="end_logits") as caught:
        task().decode(SAMPLE, [logits(1), logits(1, tokens=5)], OUTPUTS, resources)
    assert caught.value.code == "task.output"


def test_only_places_in_the_passage_are_answers() -> None:
    """The likeliest place may be in the question, or after its start: then the best one that can be is taken."""
    encoded = encode(WORDS, QUESTION, PASSAGE, TOKENS)
    [best] = spans(logits(1, 9, 8), logits(2, 7, 9), encoded, PASSAGE)
    assert (best.text, best.start, best.end) == ("Paris", 9, 14)


def test_an_answer_has_thirty_pieces_at_the_most() -> None:
    """A start and an end too far apart aren't paired."""
    passage = "it " * 60
    encoded = encode(WORDS, "it", passage, 80)
    first = encoded.first
    [near] = spans(logits(first, tokens=80), logits(first + 29, tokens=80), encoded, passage)
    [far] = spans(logits(first, tokens=80), logits(first + 30, tokens=80), encoded, passage)
    assert (near.end - near.start, far.end - far.start < near.end - near.start) == (89, True)


def test_answers_of_the_same_text_are_given_once() -> None:
    """And the likeliest of them, with its place."""
    passage = "it is it"
    encoded = encode(WORDS, "it", passage, TOKENS)
    found = spans(logits(5, 3), logits(5, 3), encoded, passage, 3)
    assert [answer.text for answer in found][:1] == ["it"]
    assert found[0].start == 6
    assert len({answer.text for answer in found}) == len(found) == 3


def test_not_a_number_is_never_the_answer() -> None:
    """NaN counts as the least; with nothing else there is no answer."""
    encoded = encode(WORDS, QUESTION, PASSAGE, TOKENS)
    start, end = logits(8), logits(9)
    start[0, 7] = end[0, 7] = np.nan
    assert spans(start, end, encoded, PASSAGE)[0].text == "in Paris"
    nothing = np.full((1, TOKENS), np.nan, np.float32)
    assert spans(nothing, nothing, encoded, PASSAGE) == ()


def test_a_passage_of_nothing_has_no_answer() -> None:
    """Characters that BERT drops are all there is."""
    encoded = encode(WORDS, QUESTION, "\u200b", TOKENS)
    assert spans(logits(1), logits(1), encoded, "\u200b") == ()
    assert task().words(()) == "no answer"


@pytest.mark.parametrize(
    ("answer", "truths", "same", "overlap"),
    [
        ("The Paris!", ["paris"], True, 1.0),
        ("in Paris", ["Paris"], False, 2 / 3),
        ("in Paris", ["Rome", "in paris", "x"], True, 1.0),
        ("Paris Paris", ["Paris"], False, 2 / 3),
        ("Rome", ["Paris"], False, 0.0),
        ("the", ["a"], True, 1.0),
        ("", ["Paris"], False, 0.0),
        ("theatre", ["atre"], False, 0.0),
        ("U.S.", ["us"], True, 1.0),
    ],
)
def test_squads_scores(answer: str, truths: list[str], same: bool, overlap: float) -> None:
    """Case, punctuation and whole-word articles don't count; the true answer that fits best does."""
    assert exact(answer, truths) is same
    assert f1(answer, truths) == pytest.approx(overlap)


def test_the_score_is_the_mean_over_questions() -> None:
    """Exact match counts; F1 is a mean; a question without an answer is wrong."""
    right, near = Span("Paris", 0, 5, 0.9), Span("in Paris", 0, 8, 0.5)
    answered = [Answered((right, near), ("Paris",)), Answered((near,), ("Paris",)), Answered((), ("Paris",))]
    match, overlap = task().score(answered)
    assert astuple(match) == ("exact match", 1 / 3, 3, 1)
    assert (overlap.name, overlap.value, overlap.of) == ("F1", pytest.approx((1 + 2 / 3) / 3), 3)
    assert task().score([]) == ()


def test_truths_as_texts_or_as_squad_has_them() -> None:
    """Both become texts; anything else is refused with the sample's name."""
    said = ["Paris", {"answer_start": 6, "text": "in Paris"}]
    sample = Sample("x", Path("x"), SAMPLE.text, {"question_answering": said})
    assert task().truth(sample) == ("Paris", "in Paris")
    with pytest.raises(UsageError, match="'y'") as caught:
        task().truth(Sample("y", Path("x"), SAMPLE.text, {"question_answering": [{"start": 6}]}))
    assert caught.value.code == "sample.truth"


def test_an_answer_in_words() -> None:
    """The likeliest, and what wasn't read."""
    assert task().words((Span("in\n  Paris", 6, 14, 0.75),)) == "“in Paris” 0.750"
    assert task().words((Span("in Paris", 6, 14, 0.75, 1234),)).endswith("the last 1,234 characters not read")


def test_a_sample_without_its_parts(resources: Resources) -> None:
    """A text with other parts, or a photo, is refused by name."""
    for text in ({"passage": PASSAGE}, {}):
        with pytest.raises(UsageError, match="'y'") as caught:
            task().prepare(Sample("y", Path("x"), text), INPUTS, resources)
        assert caught.value.code == "task.sample"


def test_the_vocabulary_travels_in_the_model(tmp_path: Path) -> None:
    """One piece a line; outputs are logits."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES))
    pinned = LocalPin(path="vocab.txt", sha256=sha256_of(tmp_path / "vocab.txt"))
    card = QuestionAnswering(family="question_answering", vocabulary=pinned)
    assert card.files(Place(tmp_path, "card")) == {"vocab.txt": ("\n".join(PIECES) + "\n").encode()}
    assert card.kinds(OUTPUTS) == (Kind.LOGITS, Kind.LOGITS)
