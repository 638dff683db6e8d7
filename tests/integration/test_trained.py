"""The text models as they are shipped: their `.tflite` reaches what their card says, on what was held out."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from harness.checkout import MODEL_CARDS
from harness.models import DescribedModel, describe_variants, load_card
from harness.models.catalog import ModelCard, Training
from harness.models.inspect import inspect
from harness.models.metadata import read_back
from harness.models.metadata.archive import associated_file
from harness.models.metadata.values import RegexTokenizer
from harness.models.quiet import silenced, tensorflow
from harness.models.samples import Sample, sample, sample_names
from harness.models.tasks.base import Answered
from harness.models.tasks.regex_tokens import read_vocabulary
from harness.models.training import chat_replies, movie_sentiment
from harness.models.training.run import NEAR, train_model

MODELS = ("movie_sentiment", "chat_replies")
LOSS = {"fp32": 0.0005, "fp16": 0.002, "dynamic": 0.01, "int8": 0.02}  # of a figure, at most


@cache
def card(model: str) -> ModelCard:
    return load_card(model)


def training(model: str) -> Training:
    found = card(model).training
    assert found is not None
    return found


@cache
def data(model: str) -> dict[str, Path]:
    return {name: card(model).place.locate(origin) for name, origin in training(model).data.items()}


@cache
def held_out(model: str) -> list[tuple[Sample, str]]:
    """Texts that the trainer holds out, and what should be answered to each."""
    rng, found = np.random.default_rng(training(model).seed), data(model)
    if model == "movie_sentiment":
        snippets, _, _ = movie_sentiment.split(movie_sentiment.read_snippets(found["snippets"]), rng)
        return [(text("text", one.text), movie_sentiment.LABELS[one.rating > 0]) for one in snippets]
    offered = chat_replies.read_replies(found["replies"])
    exchanges, _, _ = chat_replies.split(chat_replies.read_conversations(found["conversations"], offered), rng)
    return [(text("message", one.message), offered.replies[one.reply]) for one in exchanges]


def text(part: str, content: str) -> Sample:
    return Sample("x", Path("x"), {part: content})


def answers(model: DescribedModel, texts: list[tuple[Sample, str]]) -> Iterator[Answered]:
    """What the described file answers on this host, read by the task."""
    task = model.card.task
    with silenced():
        interpreter = tensorflow().lite.Interpreter(model_path=str(model.path), num_threads=1)
        interpreter.allocate_tensors()
    (goes_in,), (comes_out,) = interpreter.get_input_details(), interpreter.get_output_details()
    for each, truth in texts:
        (tensor,) = task.prepare(each, model.inputs, model.resources)
        interpreter.set_tensor(goes_in["index"], tensor)
        interpreter.invoke()
        output = interpreter.get_tensor(comes_out["index"])
        yield Answered(task.decode(each, [output], model.outputs, model.resources), truth)


@pytest.mark.parametrize("model", MODELS)
def test_each_variant_reaches_what_the_card_says(model: str) -> None:
    """On all that was held out; what a precision may cost is a fraction of a point to two points."""
    for described in describe_variants(card(model)):
        scores = card(model).task.score(list(answers(described, held_out(model))))
        assert len(scores) > 2
        for score in scores:
            said = training(model).held_out[score.name]
            assert score.value == pytest.approx(said, abs=LOSS[described.variant]), (described.id, score.name)


@pytest.mark.parametrize("model", MODELS)
def test_it_is_better_than_one_answer_to_all(model: str) -> None:
    """The headline figure against what always answering the most frequent reaches, as the card has both."""
    figures = training(model).held_out
    headline, always = {
        "movie_sentiment": ("accuracy", "always positive"),
        "chat_replies": ("top-3", "top-3, always the same"),
    }[model]
    assert figures[headline] > figures[always] + 0.1


@pytest.mark.parametrize("model", MODELS)
def test_its_metadata_says_what_is_done(model: str) -> None:
    """The tokenizer in the file, read back, gives the very tokens that the model was scored with."""
    described = describe_variants(card(model), ["fp32"])[0]
    said = read_back(inspect(described.path))
    assert said is not None
    (unit,) = said.inputs[0].units
    assert isinstance(unit, RegexTokenizer)
    words = read_vocabulary(associated_file(described.path, unit.vocabulary[0].name), unit.pattern, "vocab.txt")
    for each, _ in held_out(model)[:200]:
        (tensor,) = card(model).task.prepare(each, described.inputs, described.resources)
        (content,) = each.text.values()
        np.testing.assert_array_equal(tensor[0], words.encode(content, described.inputs[0].shape[1]))


@pytest.mark.parametrize("model", MODELS)
def test_its_samples_were_held_out(model: str) -> None:
    """The catalogue's samples with a truth are among those, with that truth; those to calibrate on aren't."""
    known = {next(iter(each.text.values())): truth for each, truth in held_out(model)}
    family = card(model).task.family
    names = sample_names(family=family)
    assert len(names) >= 8
    for name in names:
        found = sample(name)
        assert known[next(iter(found.text.values()))] == found.truth[family]
    assert card(model).calibration is not None
    for name in card(model).calibration.samples:
        assert next(iter(sample(name).text.values())) not in known


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_training_again_gives_the_committed_files(model: str) -> None:
    """The figures within what another processor may change; on one like the first, the same bytes."""
    run = train_model(card(model), say=lambda _message: None, progress=lambda _message, _done, _of: None)
    assert run.reproduced, f"more than {NEAR} from the card: {run.figures}"
    for product in run.products:
        beside = (MODEL_CARDS / model / product.name).read_bytes()
        if product.name != "weights.npz":
            assert product.content == beside
        elif product.sha256 != hashlib.sha256(beside).hexdigest():
            warnings.warn(f"{model}: this processor gives other weights, of the same figures", stacklevel=1)
