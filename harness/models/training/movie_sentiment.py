"""Teaches `builders.movie_sentiment` the sign of the mean rating that people gave to snippets of film reviews.

The data: C. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text"
(2014), `movieReviewSnippets_GroundTruth.txt`: number, mean rating from -4 to 4, snippet. A snippet rated exactly 0 has
no sign and is left out. A fifth of the others is held out, and no setting was chosen by it: an eighth of the rest is for
checking.

Source of the first word vectors: S. Wang and C. Manning, "Baselines and Bigrams" (2012): one coordinate of each starts
as the logarithm of how much likelier the word is in positive snippets than in negative ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.builders.movie_sentiment import TOKENS, build
from harness.models.keras_weights import weights_of
from harness.models.tasks.regex_tokens import read_vocabulary
from harness.models.tasks.text_classification import label_scores
from harness.models.training import Progress, Trained, half
from harness.models.training.fit import Course, Examples, fit, require_enough, seed_everything
from harness.models.training.vocabulary import vocabulary_of

SNIPPETS = "snippets"
"""The name of the data."""
LABELS = ("negative", "positive")
PATTERN = r"[^\w']+"
_LEAST = 2  # how often a word has to stand in what is learned
_VECTOR, _HIDDEN = 16, 32
_SHARPNESS = 1.5  # a rating r is learned as the probability 1 / (1 + exp(-1.5 r))
_CLEAR = 0.5  # a mean rating from here on is clear
_COURSE = Course(epochs=6, batch=64, learning_rate=2e-3)

Values = NDArray[Any]


@dataclass(frozen=True)
class Snippet:
    """A snippet and the mean of its ratings, not 0."""

    text: str
    rating: float


def train(data: Mapping[str, Path], seed: int, progress: Progress, course: Course = _COURSE) -> Trained:
    """Weights as the builder takes them, in half floats, `vocab.txt` and `labels.txt`.

    Raises:
        ModelError: `training.data` for a file of another form or too few snippets; `training.diverged`,
            `training.not_finite`.
    """
    snippets = read_snippets(data[SNIPPETS])
    rng = np.random.default_rng(seed)
    held_out, checked, learned = split(snippets, rng)
    require_enough(learned, checked, held_out, course)
    vocabulary = vocabulary_of((snippet.text for snippet in learned), PATTERN, least=_LEAST)
    words = read_vocabulary(vocabulary, PATTERN, "the vocabulary")

    def examples(some: Sequence[Snippet]) -> Examples:
        ratings = np.array([snippet.rating for snippet in some])
        positive = 1 / (1 + np.exp(-_SHARPNESS * ratings))
        inputs = words.encode_all((snippet.text for snippet in some), TOKENS)
        targets = np.stack([1 - positive, positive], 1).astype(np.float32)
        return Examples(inputs, targets, np.ones(len(some), np.float32))

    seed_everything(rng)
    first = examples(learned)
    model = build(_beginnings(first, 1 + max(words.numbers.values()), rng), batch=None)
    fit(model, "categorical_crossentropy", first, course, rng, progress, examples(checked))
    weights = half(weights_of(model))
    answers = build(weights, batch=None).predict(examples(held_out).inputs, batch_size=256, verbose=0)
    files = {"vocab.txt": vocabulary, "labels.txt": "".join(f"{label}\n" for label in LABELS).encode()}
    return Trained(weights, figures(answers, held_out), files)


def read_snippets(path: Path) -> list[Snippet]:
    """The snippets that are rated other than 0. Raises ModelError `training.data` naming the line."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError("training.data", f"{path} can't be read", why=str(error)) from error
    for number, line in enumerate(lines, start=1):
        fields = line.split("\t")
        try:
            _, rating, text = fields
            snippet = Snippet(text.strip(), float(rating))
        except ValueError as error:
            what = f"{path}: line {number} isn't `number, rating, snippet`, parted by tabs"
            raise ModelError("training.data", what, why=str(error), hint="give the file that the card pins") from error
        if not math.isfinite(snippet.rating):
            raise ModelError("training.data", f"{path}: line {number} has the rating {rating}")
        if snippet.rating:
            found.append(snippet)
    return found


def split(snippets: Sequence[Snippet], rng: np.random.Generator) -> tuple[list[Snippet], list[Snippet], list[Snippet]]:
    """What is held out (a fifth), what is checked on (an eighth of the rest), and what is learned."""
    order = [snippets[index] for index in rng.permutation(len(snippets))]
    held_out = len(order) // 5
    checked = held_out + (len(order) - held_out) // 8
    return order[:held_out], order[held_out:checked], order[checked:]


def figures(answers: Values, snippets: Sequence[Snippet]) -> dict[str, float]:
    """The task's own figures for these answers, (snippets, 2), and the accuracy where the rating is clear."""
    pairs = [
        (LABELS[int(row.argmax())], LABELS[snippet.rating > 0]) for row, snippet in zip(answers, snippets, strict=True)
    ]
    clear = [pair for pair, snippet in zip(pairs, snippets, strict=True) if abs(snippet.rating) >= _CLEAR]
    found = {score.name: score.value for score in label_scores(pairs)}
    found["accuracy, rated 0.5 or more either way"] = label_scores(clear)[0].value
    return {name: round(value, 4) for name, value in found.items()}


def _beginnings(examples: Examples, words: int, rng: np.random.Generator) -> dict[str, Values]:
    vectors = rng.normal(0, 0.3, (words, _VECTOR))
    positive = examples.targets[:, 1] > 0.5
    seen = [
        np.bincount(np.concatenate([np.unique(row) for row in examples.inputs[side]]), minlength=words) + 1.0
        for side in (positive, ~positive)
    ]
    vectors[:, 0] = 3 * np.log((seen[0] / seen[0].sum()) / (seen[1] / seen[1].sum()))
    return {
        "words.embeddings": vectors,
        "hidden.kernel": _dense(_VECTOR, _HIDDEN, rng),
        "hidden.bias": np.zeros(_HIDDEN),
        "probability.kernel": _dense(_HIDDEN, len(LABELS), rng),
        "probability.bias": np.zeros(len(LABELS)),
    }


def _dense(into: int, out: int, rng: np.random.Generator) -> Values:
    limit = math.sqrt(6 / (into + out))  # X. Glorot and Y. Bengio (2010)
    return rng.uniform(-limit, limit, (into, out))
