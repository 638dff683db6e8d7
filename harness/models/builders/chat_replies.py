"""Replies to a message: word vectors, their mean beside what a convolution finds anywhere in the text, one dense layer.

Source: Y. Kim, "Convolutional Neural Networks for Sentence Classification" (2014), of one width, with the mean besides.
"""

from __future__ import annotations

from typing import Any

from harness.models.builders.lookup import looked_up
from harness.models.keras_weights import fill
from harness.models.torch_weights import Weights

TOKENS = 48
WORD, FOUND = 0.2, 0.5
"""Shares that are dropped in training: of a text's words, and of what was found in it."""


def build(weights: Weights, batch: int | None = 1) -> Any:
    """`keras.Model`: (batch, 48) int32 numbers of words to (batch, replies) scores that sum to one.

    `weights` are named by layer: `words`, `phrases`, `score`. The dropout between does nothing but in training.

    Raises:
        KeyError: a weight is missing.
        ValueError: a weight has another shape.
    """
    from tensorflow import keras

    layers = keras.layers
    _, width, _, phrases = weights["phrases.kernel"].shape
    tokens = keras.Input((TOKENS,), batch_size=batch, dtype="int32", name="tokens")
    words = looked_up(tokens, weights["words.embeddings"].shape, "words")
    words = layers.Dropout(WORD, noise_shape=(None, 1, TOKENS, 1), name="drop_words")(words)
    found = layers.Conv2D(phrases, (1, width), padding="same", activation="relu", name="phrases")(words)
    anywhere = layers.Flatten(name="flat")(layers.MaxPooling2D((1, TOKENS), name="anywhere")(found))
    both = layers.Concatenate(name="both")([anywhere, layers.GlobalAveragePooling2D(name="mean")(words)])
    x = layers.Dropout(FOUND, name="drop")(both)
    x = layers.Dense(len(weights["score.bias"]), "softmax", name="score")(x)
    model = keras.Model(tokens, x, name="chat_replies")
    fill(model, weights)
    return model
