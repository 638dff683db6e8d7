"""The real MiniLM reader: published encoder and committed training, from questions that packages carry to answers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from harness.models import DescribedModel, describe_variants, load_card
from harness.models.convert import RUNTIME
from harness.models.gpu_support import predict
from harness.models.inspect import inspect
from harness.models.metadata import associated_file
from harness.models.options import read_nodes
from harness.models.reference import reference_outputs
from harness.models.samples import Sample, sample, sample_names
from harness.models.tasks.base import Answered, Array
from harness.models.tasks.question_answering import Span, exact

pytestmark = pytest.mark.slow
Models = dict[str, DescribedModel]


@pytest.fixture(scope="module")
def models() -> Models:
    """The reader in its precisions: a minute from an empty cache."""
    return {model.variant.value: model for model in describe_variants(load_card("minilm_qa"))}


@pytest.fixture(scope="module")
def questions() -> tuple[Sample, ...]:
    """Questions of SQuAD and DROP about articles that nothing was learned from."""
    return tuple(sample(name) for name in sample_names(family="question_answering"))


def logits(model: DescribedModel, question: Sample) -> list[Array]:
    return reference_outputs(model, list(model.card.task.prepare(question, model.inputs, model.resources)))


def answers(model: DescribedModel, question: Sample) -> tuple[Span, ...]:
    found = model.card.task.decode(question, logits(model, question), model.outputs, model.resources)
    return tuple(found)


def scores(model: DescribedModel, questions: tuple[Sample, ...]) -> dict[str, float]:
    task = model.card.task
    answered = [Answered(answers(model, question), task.truth(question)) for question in questions]
    return {score.name: score.value for score in task.score(answered)}


@pytest.mark.parametrize(("variant", "least"), [("fp32", 0.5), ("fp16", 0.5), ("dynamic", 0.45)])
def test_questions_are_answered(models: Models, questions: tuple[Sample, ...], variant: str, least: float) -> None:
    """F1 over nine questions, three of which ask it to compare lengths, which it can't."""
    assert len(questions) == 9
    assert least <= scores(models[variant], questions)["F1"]


def test_the_question_decides_the_answer(models: Models) -> None:
    """Two questions about the same passage have two answers, each cut out of it."""
    year, builder = sample("wind_tunnel_year"), sample("neoprene")
    assert year.text["passage"] == builder.text["passage"]
    found = [answers(models["fp32"], question)[0] for question in (year, builder)]
    assert found[0].text == "1882"
    assert "Nieuwland" in found[1].text
    assert [year.text["passage"][one.start : one.end] for one in found] == [one.text for one in found]


def test_a_long_passage_is_read_from_its_start(models: Models, questions: tuple[Sample, ...]) -> None:
    """What stands behind the last token can't be found, and the answer says that it wasn't read."""
    passage = questions[0].text["passage"]
    near = replace(questions[0], text={**questions[0].text, "passage": passage + " Nothing more." * 300})
    far = replace(questions[0], text={**questions[0].text, "passage": "Nothing yet. " * 300 + passage})
    assert "Bernadette" in answers(models["fp32"], near)[0].text
    assert "Bernadette" not in answers(models["fp32"], far)[0].text
    for question in (near, far):
        assert "characters not read" in models["fp32"].card.task.words(answers(models["fp32"], question))


def test_half_floats_change_next_to_nothing(models: Models, questions: tuple[Sample, ...]) -> None:
    """Logits of up to ten move by less than a twentieth, and no answer moves."""
    for question in questions:
        pairs = zip(logits(models["fp32"], question), logits(models["fp16"], question), strict=True)
        assert max(float(np.abs(one - two).max()) for one, two in pairs) < 0.05
        assert answers(models["fp32"], question)[0].text == answers(models["fp16"], question)[0].text


@pytest.mark.parametrize(("variant", "megabytes"), [("fp32", 56), ("fp16", 34), ("dynamic", 24)])
def test_graphs_are_what_the_apps_runtime_and_its_delegate_take(models: Models, variant: str, megabytes: int) -> None:
    """Builtin operators of 2.16.1, none that it computes wrongly or crashes in, and the whole encoder goes to the GPU."""
    path = models[variant].path
    found = inspect(path)
    assert path.stat().st_size < megabytes * 1_000_000
    assert found.min_runtime <= RUNTIME
    assert not any(operation.custom for operation in found.main.operations)
    nodes = read_nodes(path).nodes
    assert not any(node.option("adj_x") or node.option("adj_y") for node in nodes if node.name == "BATCH_MATMUL")
    int8 = [node for node in nodes if node.name == "DEQUANTIZE" and node.inputs[0].dtype == "int8"]
    assert not int8
    assert {node.name for node in nodes if node.operation.index not in predict(path).taken} <= {
        *("CAST", "GATHER", "RESHAPE", "SUB", "MUL", "DEQUANTIZE"),  # the embeddings, the mask, half-float weights
    }


@pytest.mark.parametrize("variant", ["fp32", "fp16", "dynamic"])
def test_the_task_library_answers_as_we_do(models: Models, variant: str) -> None:
    """A reader of metadata that we didn't write finds tensors and vocabulary, cuts the same pieces and finds the same answer.

    It keeps the comma behind a word. Its modules can't be loaded beside TensorFlow, so its process has none.
    """
    code = (
        "import sys\nsys.modules['tensorflow'] = None\n"
        "from tensorflow_lite_support.python.task.text import bert_question_answerer\n"
        "answerer = bert_question_answerer.BertQuestionAnswerer.create_from_file(sys.argv[1])\n"
        "print(answerer.answer(sys.argv[2], sys.argv[3]).answers[0].text)"
    )
    question = sample("wind_tunnel_year")
    assert len(associated_file(models[variant].path, "vocab.txt").splitlines()) == 30_522
    arguments = [str(models[variant].path), question.text["passage"], question.text["question"]]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert answers(models[variant], question)[0].text == "1882"
    assert exact(done.stdout, ["1882"])
