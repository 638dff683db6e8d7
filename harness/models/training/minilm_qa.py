"""Teaches MiniLM to read: span heads and low-rank additions are trained on questions in SQuAD's form, all else is frozen.

Source: E. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021), here on every dense layer of the
encoder; biases, norms and the embeddings of the two segments are trained as they are (E. Ben Zaken et al., "BitFit",
2021). An article's passages are trained on or held out together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.builders.minilm_qa import DENSE, TOKENS, TRAINED, WORDS, layers_of, merged, span_logits, word_steps
from harness.models.safetensors_weights import read_safetensors
from harness.models.tasks.question_answering import Encoded, encode, exact, f1, spans
from harness.models.tasks.wordpiece import WordPiece, read_vocabulary
from harness.models.training import Progress, Trained, half

ENCODER, TOKENIZER = "encoder", "tokenizer"
"""The data that aren't questions."""
_WARM_UP = 0.1  # of the steps, in which the rate rises
_GRADIENT_NORM = 1.0
_HELD_OUT = 12  # of so many articles, one
_LEARNED_TOKENS = 256  # of a passage that is learned from, to save time: few are longer
_AT_ONCE = 16  # questions are answered together
_POOL = 64  # batches of like length are made within so many

Values = NDArray[Any]


@dataclass(frozen=True)
class Course:
    """How long and how fast is learned; `rank` is that of the additions.

    The rate rises over the first tenth of the steps, then falls to 0.
    """

    steps: int = 1000
    batch: int = 16
    rank: int = 16
    learning_rate: float = 3e-3

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        warm = self.steps * _WARM_UP
        return self.learning_rate * min((step + 1) / warm, (self.steps - step) / (self.steps - warm))


@dataclass(frozen=True)
class Question:
    """A question, its passage and its true answers, which are spans of the passage's pieces: first and last."""

    set: str
    encoded: Encoded
    passage: str
    truths: tuple[str, ...]
    answers: tuple[tuple[int, int], ...]

    @property
    def tokens(self) -> int:
        """How many there are before the padding."""
        return int(self.encoded.mask.sum())


_COURSE = Course()


def train(data: Mapping[str, Path], seed: int, progress: Progress, course: Course = _COURSE) -> Trained:
    """Weights named `qa.…`, as `harness.models.builders.minilm_qa.reader` takes them beside the encoder's, in half floats.

    `data` has the `encoder` (safetensors), its `tokenizer` (json), and sets of questions in SQuAD's form. The figures
    are exact match and F1 on the articles held out, of all sets and of each.

    Raises:
        ModelError: `training.data` for a file that isn't of SQuAD's form, or for too few questions; `weights.unreadable`,
            `task.vocabulary`; `training.diverged`; `training.not_finite`.
    """
    words = WordPiece(read_vocabulary(data[TOKENIZER]))
    learned: list[Question] = []
    held_out: list[Question] = []
    for name, path in sorted(data.items()):
        if name not in (ENCODER, TOKENIZER):
            progress(f"reading {name}", 0, course.steps)
            for kept, found in zip((learned, held_out), read_questions(path, name, words), strict=True):
                kept.extend(found)
    if len(learned) < course.batch or not held_out:
        what = f"{len(learned)} questions to learn from and {len(held_out)} held out are too few"
        hint = f"give at least {course.batch} that have their answer in the passage, in two articles or more"
        raise ModelError("training.data", what, hint=hint)
    frozen = {name: values for name, values in read_safetensors(data[ENCODER]).items() if _is_used(name, values)}
    trained = half(_fitted(frozen, learned, course, np.random.default_rng(seed), progress))
    progress("answering the questions held out", course.steps, course.steps)
    return Trained(trained, measured({**frozen, **trained}, held_out))


def read_questions(path: Path, name: str, words: WordPiece) -> tuple[list[Question], list[Question]]:
    """The questions of a set to learn from, and those of every twelfth article. Raises ModelError `training.data`."""
    learned: list[Question] = []
    held_out: list[Question] = []
    try:
        articles = sorted(json.loads(path.read_text(encoding="utf-8"))["data"], key=lambda article: article["title"])
        for number, article in enumerate(articles):
            questions, tokens = (learned, _LEARNED_TOKENS) if number % _HELD_OUT else (held_out, TOKENS)
            for paragraph in article["paragraphs"]:
                for asked in paragraph["qas"]:
                    encoded = encode(words, asked["question"], paragraph["context"], tokens)
                    questions.append(_question(name, encoded, paragraph["context"], asked["answers"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        hint = "give a file with data[].paragraphs[].qas[].answers[], as SQuAD 1.1 has it"
        raise ModelError("training.data", f"{path} has no questions in SQuAD's form", why=why, hint=hint) from error
    return [question for question in learned if question.answers], held_out


def measured(weights: Mapping[str, Values], questions: Sequence[Question]) -> dict[str, float]:
    """Exact match and F1 of these weights, over all questions and over each set's."""
    answers = _answers(weights, questions)
    figures = {}
    for name in ("", *sorted({question.set for question in questions})):
        pairs = [pair for pair in answers if name in ("", pair[0].set)]
        of = f" on {name}" if name else ""
        figures[f"exact match{of}"] = float(np.mean([exact(said, question.truths) for question, said in pairs]))
        figures[f"F1{of}"] = float(np.mean([f1(said, question.truths) for question, said in pairs]))
    return {name: round(value, 4) for name, value in figures.items()}


def _question(name: str, encoded: Encoded, passage: str, answers: Sequence[Mapping[str, Any]]) -> Question:
    found = []
    for answer in answers:
        begin, after = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        inside = [place for place, piece in enumerate(encoded.pieces) if piece.end > begin and piece.start < after]
        # Some sets have offsets that are off by a few characters; such an answer would teach the wrong place.
        if inside and passage[begin:after] == answer["text"] and encoded.pieces[-1].end >= after:
            found.append((encoded.first + inside[0], encoded.first + inside[-1]))
    return Question(name, encoded, passage, tuple(answer["text"] for answer in answers), tuple(found))


def _is_used(name: str, values: Values) -> bool:
    return values.dtype.kind == "f" and not name.startswith("pooler.")


def _fitted(
    frozen: Mapping[str, Values],
    questions: Sequence[Question],
    course: Course,
    rng: np.random.Generator,
    progress: Progress,
) -> dict[str, Values]:
    import tensorflow as tf

    variables = {name: tf.Variable(values) for name, values in _beginnings(frozen, course.rank, rng).items()}
    learned = list(variables.values())
    optimiser = tf.keras.optimizers.Adam(global_clipnorm=_GRADIENT_NORM)
    optimiser.build(learned)
    weights = {**{name: tf.constant(values) for name, values in frozen.items()}, **variables}

    def dense(x: Any, name: str) -> Any:
        flat = tf.reshape(x, [-1, x.shape[-1]])
        y = tf.matmul(flat, weights[f"{name}.weight"], transpose_b=True) + weights[f"{name}.bias"]
        if f"{name}.down" in variables:
            low = tf.matmul(flat, variables[f"{name}.down"], transpose_b=True)
            y += tf.matmul(low, variables[f"{name}.up"], transpose_b=True)
        return tf.reshape(y, [-1, tf.shape(x)[1], y.shape[-1]])

    specs = [tf.TensorSpec((None, None), tf.int32)] * 3 + [tf.TensorSpec((None,), tf.int32)] * 2

    def learn(ids: Any, mask: Any, segment_ids: Any, start: Any, end: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = span_logits(weights, dense, tf.gather(weights[WORDS], ids), mask, segment_ids)
            outside = (1.0 - tf.cast(segment_ids, tf.float32)) * -1e4
            losses = [
                tf.nn.sparse_softmax_cross_entropy_with_logits(place, each + outside)
                for place, each in zip((start, end), logits, strict=True)
            ]
            loss = tf.reduce_mean(losses)
        optimiser.apply(tape.gradient(loss, learned), learned)
        return loss

    step = tf.function(learn, input_signature=specs)
    recent = 0.0
    for number, batch in zip(range(course.steps), _batches(questions, course.batch, rng), strict=False):
        optimiser.learning_rate = course.rate(number)
        loss = float(step(*_tensors(batch), *_places(batch, rng)))
        if not np.isfinite(loss):
            hint = "lower the learning rate, and look for NaN in the encoder's weights"
            raise ModelError("training.diverged", f"the loss is {loss} after step {number + 1}", hint=hint)
        recent = 0.98 * recent + 0.02 * loss if number else loss
        progress(f"loss {recent:.2f}", number + 1, course.steps)
    return {f"{TRAINED}{name}": variable.numpy() for name, variable in variables.items()}


def _beginnings(frozen: Mapping[str, Values], rank: int, rng: np.random.Generator) -> dict[str, Values]:
    """What is trained, as it begins: additions of nothing, and what the encoder has."""
    width = frozen["embeddings.LayerNorm.bias"].shape[0]
    found: dict[str, Values] = {
        name: values
        for name, values in frozen.items()
        if name.endswith(".bias") or ".LayerNorm." in name or name == "embeddings.token_type_embeddings.weight"
    }
    for layer in range(layers_of(frozen)):
        for name in (f"encoder.layer.{layer}.{part}" for part in DENSE):
            out, into = frozen[f"{name}.weight"].shape
            found[f"{name}.down"] = rng.normal(0, into**-0.5, (rank, into)).astype(np.float32)
            found[f"{name}.up"] = np.zeros((out, rank), np.float32)
    for name in ("start", "end"):
        found[f"{name}.weight"] = rng.normal(0, 0.02, (1, width)).astype(np.float32)
        found[f"{name}.bias"] = np.zeros(1, np.float32)
    return found


def _batches(questions: Sequence[Question], size: int, rng: np.random.Generator) -> Iterator[list[Question]]:
    """Batches without end, each of questions of like length, so that little is padding."""
    while True:
        order = rng.permutation(len(questions))
        for first in range(0, len(order), size * _POOL):
            pool = sorted((questions[index] for index in order[first : first + size * _POOL]), key=lambda q: q.tokens)
            for start in rng.permutation(np.arange(0, len(pool) - size + 1, size)):
                yield pool[start : start + size]


def _tensors(batch: Sequence[Question]) -> tuple[Values, Values, Values]:
    longest = max(question.tokens for question in batch)
    ids, mask, segment_ids = (
        np.stack([getattr(question.encoded, part)[:longest] for question in batch])
        for part in ("ids", "mask", "segment_ids")
    )
    return ids, mask, segment_ids


def _places(batch: Sequence[Question], rng: np.random.Generator) -> tuple[Values, Values]:
    """Start and end of one true answer of each question, by chance."""
    chosen = [question.answers[rng.integers(len(question.answers))] for question in batch]
    starts, ends = np.array(chosen, np.int32).T
    return starts, ends


def _answers(weights: Mapping[str, Values], questions: Sequence[Question]) -> list[tuple[Question, str]]:
    import tensorflow as tf

    numbers, step = word_steps(weights[WORDS])
    constants = {name: tf.constant(values) for name, values in merged(weights).items()}

    def dense(x: Any, name: str) -> Any:
        y = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), constants[f"{name}.weight"], transpose_b=True)
        return tf.reshape(y + constants[f"{name}.bias"], [-1, tf.shape(x)[1], y.shape[-1]])

    def answer(ids: Any, mask: Any, segment_ids: Any) -> Any:
        words = tf.cast(tf.gather(numbers, ids), tf.float32) * step
        return span_logits(constants, dense, words, mask, segment_ids)

    run = tf.function(answer, input_signature=[tf.TensorSpec((None, None), tf.int32)] * 3)
    ordered = sorted(questions, key=lambda question: question.tokens)
    found = []
    for first in range(0, len(ordered), _AT_ONCE):
        batch = ordered[first : first + _AT_ONCE]
        starts, ends = run(*_tensors(batch))
        for question, start, end in zip(batch, starts.numpy(), ends.numpy(), strict=True):
            best = spans(start, end, question.encoded, question.passage)
            found.append((question, best[0].text if best else ""))
    return found
