"""Sentiment by the average of word vectors: a table of vectors, their mean, two dense layers.

Source: A. Joulin et al., "Bag of Tricks for Efficient Text Classification" (2016), with a hidden layer.
"""

from __future__ import annotations

from typing import Any

from harness.models.builders.lookup import looked_up
from harness.models.keras_weights import fill
from harness.models.torch_weights import Weights

TOKENS = 48
WORD, AVERAGE = 0.4, 0.2
"""Shares that are dropped in training: of a text's words, and of their mean."""


def build(weights: Weights, batch: int | None = 1) -> Any:
    """`keras.Model`: (batch, 48) int32 numbers of words to (batch, 2) probabilities, negative and positive.

    `weights` are named by layer: `words`, `hidden`, `probability`. The dropout between does nothing but in training.

    Raises:
        KeyError: a weight is missing.
        ValueError: a weight has another shape.
    """
    from tensorflow import keras

    layers = keras.layers
    tokens = keras.Input((TOKENS,), batch_size=batch, dtype="int32", name="tokens")
    x = looked_up(tokens, weights["words.embeddings"].shape, "words")
    x = layers.Dropout(WORD, noise_shape=(None, 1, TOKENS, 1), name="drop_words")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)  # in int8 it has a scale of its own; AVERAGE_POOL_2D hasn't
    x = layers.Dropout(AVERAGE, name="drop")(x)
    x = layers.Dense(len(weights["hidden.bias"]), "relu", name="hidden")(x)
    x = layers.Dense(len(weights["probability.bias"]), "softmax", name="probability")(x)
    model = keras.Model(tokens, x, name="movie_sentiment")
    fill(model, weights)
    return model
