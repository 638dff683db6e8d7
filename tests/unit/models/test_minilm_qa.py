"""MiniLM as a reader: a network of its form, tiny, is built, converted and taught."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.builders import minilm_qa
from harness.models.builders.minilm_qa import HEADS, TOKENS, merged, reader
from harness.models.quiet import tensorflow
from harness.models.tasks.wordpiece import WordPiece
from harness.models.training import minilm_qa as trainer

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "who", "?", "red", "green", "blue", "ann", "smith", ".")
WIDTH = 2 * HEADS
Weights = Mapping[str, NDArray[Any]]


def encoder(layers: int = 1) -> dict[str, NDArray[np.float32]]:
    """Random weights, named as MiniLM's."""
    rng = np.random.default_rng(7)
    shapes = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (TOKENS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "pooler.dense.weight": (WIDTH, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
        for part in minilm_qa.DENSE:
            into = 4 * WIDTH if part == "output.dense" else WIDTH
            out = 4 * WIDTH if part == "intermediate.dense" else WIDTH
            shapes |= {f"{name}.{part}.weight": (out, into), f"{name}.{part}.bias": (out,)}
    found = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    for name in norms:
        found |= {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}
    return found


def with_heads(weights: Weights) -> Weights:
    rng = np.random.default_rng(8)
    heads = {f"qa.{name}.weight": rng.normal(0, 1, (1, WIDTH)).astype(np.float32) for name in ("start", "end")}
    return {**weights, **heads, **{f"qa.{name}.bias": np.zeros(1, np.float32) for name in ("start", "end")}}


def tensors(count: int) -> list[NDArray[np.int32]]:
    """ids, mask and segment_ids with so many pieces, the second half of them of the passage."""
    ids, mask, segment_ids = np.zeros((3, 1, TOKENS), np.int32)
    ids[0, :count] = np.arange(count) % len(PIECES)
    mask[0, :count] = 1
    segment_ids[0, count // 2 : count] = 1
    return [ids, mask, segment_ids]


def answer(model: Any, inputs: list[NDArray[np.int32]]) -> dict[str, NDArray[np.float32]]:
    return {name: values.numpy() for name, values in model(inputs).items()}


def test_shapes_are_fixed() -> None:
    """Three tensors of 384 integers in, two of 384 logits out, a batch of 1."""
    model = reader(with_heads(encoder(2)))
    assert [(each.name, tuple(each.shape), each.dtype) for each in model.inputs] == [
        (name, (1, TOKENS), "int32") for name in ("ids", "mask", "segment_ids")
    ]
    found = answer(model, tensors(20))
    assert {name: values.shape for name, values in found.items()} == dict.fromkeys(
        ("start_logits", "end_logits"), (1, TOKENS)
    )


def test_padding_has_no_say() -> None:
    """What stands behind the mask changes no logit before it."""
    model = reader(with_heads(encoder(2)))
    inputs = tensors(20)
    other = [each.copy() for each in inputs]
    other[0][0, 20:] = 5
    one, two = (answer(model, each)["start_logits"][0, :20] for each in (inputs, other))
    np.testing.assert_allclose(one, two, atol=1e-6)
    other[0][0, 10] = 9
    assert np.abs(answer(model, other)["start_logits"][0, :20] - one).max() > 1e-3


def test_what_was_trained_is_folded_in() -> None:
    """A low-rank addition joins its dense layer's weights, in half floats too; other trained weights take the old ones' place."""
    plain = {"a.weight": np.ones((2, 3), np.float32), "a.bias": np.zeros(2, np.float32)}
    down, up = np.float16([[1, 2, 3]]), np.float16([[1], [2]])
    found = merged(
        {**plain, "qa.a.down": down, "qa.a.up": up, "qa.a.bias": np.float16([5, 6]), "qa.b": np.float16([7])}
    )
    np.testing.assert_array_equal(found["a.weight"], [[2, 3, 4], [3, 5, 7]])
    np.testing.assert_array_equal(found["a.bias"], [5, 6])
    assert sorted(found) == ["a.bias", "a.weight", "b"]
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}


def test_a_weight_that_is_missing_is_named() -> None:
    """The error says which."""
    with pytest.raises(KeyError, match=r"start\.weight"):
        reader(encoder())


def squad(*articles: str, answer: str = "Ann Smith", offset: int = 0) -> str:
    """Articles of eight passages each, with one question that has the same answer everywhere."""
    rng = np.random.default_rng(1)
    data = []
    for title in articles:
        paragraphs = []
        for number in range(8):
            words = [str(word) for word in rng.choice(["red", "green", "blue", "."], 12)]
            words.insert(int(rng.integers(12)), answer)
            passage = " ".join(words)
            truth = {"text": answer, "answer_start": passage.index(answer) + offset}
            asked = {"question": "Who?", "id": f"{title}{number}", "answers": [truth]}
            paragraphs.append({"context": passage, "qas": [asked]})
        data.append({"title": title, "paragraphs": paragraphs})
    return json.dumps({"version": "1.1", "data": data})


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Path]:
    """An encoder, its vocabulary, and a set of questions in fourteen articles."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES))
    (tmp_path / "set.json").write_text(squad(*"abcdefghijklmn"))
    (tmp_path / "encoder.safetensors").write_bytes(safetensors(encoder()))
    return {
        "encoder": tmp_path / "encoder.safetensors",
        "tokenizer": tmp_path / "vocab.txt",
        "colours": tmp_path / "set.json",
    }


def safetensors(weights: Weights) -> bytes:
    """The weights as a file of that format."""
    header, content = {}, b""
    for name, values in weights.items():
        after = len(content) + values.nbytes
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(content), after]}
        content += values.tobytes()
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + content


def test_the_reader_learns(data: dict[str, Path]) -> None:
    """After sixty small steps it finds the name in passages of articles that it never saw; what's written is what was measured.

    Two of fourteen articles are held out, the first and the thirteenth by title. Only additions, biases, norms, segments
    and heads are written, as half floats.
    """
    tensorflow()
    heard: list[tuple[str, int, int]] = []
    course = trainer.Course(steps=60, batch=8, rank=2, learning_rate=3e-2)
    trained = trainer.train(data, 0, lambda *said: heard.append(said), course)
    assert trained.held_out["F1"] > 0.9
    assert trained.held_out["F1"] == trained.held_out["F1 on colours"]
    assert heard[-1][1:] == (60, 60)
    assert {values.dtype for values in trained.weights.values()} == {np.dtype(np.float16)}
    assert all(name.startswith("qa.") for name in trained.weights)
    assert not any("word_embeddings" in name or "pooler" in name for name in trained.weights)
    model = reader({**encoder(), **trained.weights})
    words = WordPiece(PIECES)
    ids, mask, segment_ids = tensors(0)
    text = [2, *(piece.number for piece in words.cut("who ?")), 3, *(p.number for p in words.cut("red ann smith ."))]
    ids[0, : len(text) + 1] = [*text, 3]
    mask[0, : len(text) + 1] = 1
    segment_ids[0, 4 : len(text) + 1] = 1
    found = answer(model, [ids, mask, segment_ids])
    assert (found["start_logits"][0, 4:8].argmax(), found["end_logits"][0, 4:8].argmax()) == (1, 2)


def test_a_loss_that_is_not_a_number_ends_it(data: dict[str, Path]) -> None:
    """At the step where it happens, and nothing comes out."""
    tensorflow()
    with pytest.raises(ModelError, match="the loss is nan") as caught:
        trainer.train(data, 0, lambda *_: None, trainer.Course(steps=60, batch=8, rank=2, learning_rate=1e30))
    assert caught.value.code == "training.diverged"


def test_articles_are_held_out_whole(data: dict[str, Path]) -> None:
    """Every twelfth by title, whatever their order in the file."""
    data["colours"].write_text(squad(*"nmlkjihgfedcba"))
    learned, held_out = trainer.read_questions(data["colours"], "colours", WordPiece(PIECES))
    assert (len(learned), len(held_out)) == (12 * 8, 2 * 8)
    assert {question.set for question in held_out} == {"colours"}


def test_an_answer_that_is_not_where_it_should_be_teaches_nothing(tmp_path: Path) -> None:
    """Its question is left out of what is learned from, and stays among those that are asked."""
    (tmp_path / "x.json").write_text(squad(*"ab", offset=1))
    learned, held_out = trainer.read_questions(tmp_path / "x.json", "x", WordPiece(PIECES))
    assert (len(learned), len(held_out)) == (0, 8)


@pytest.mark.parametrize("content", ["{", "[]", '{"data": [{"title": "a", "paragraphs": [{"context": "x"}]}]}'])
def test_what_is_no_set_of_questions(data: dict[str, Path], content: str) -> None:
    """The file is named, before anything is trained."""
    data["colours"].write_text(content)
    with pytest.raises(ModelError, match=r"set\.json") as caught:
        trainer.train(data, 0, lambda *_: None)
    assert caught.value.code == "training.data"


def test_too_few_questions(data: dict[str, Path]) -> None:
    """Less than a batch to learn from is told, not trained on."""
    data["colours"].write_text(squad("a", "b"))
    with pytest.raises(ModelError, match="8 questions") as caught:
        trainer.train(data, 0, lambda *_: None)
    assert caught.value.code == "training.data"


def test_the_rate_rises_then_falls() -> None:
    """To its highest after a tenth of the steps, then down in a straight line; it is never nothing."""
    course = trainer.Course(steps=100, learning_rate=1.0)
    rates = [course.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.02
