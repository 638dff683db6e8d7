"""A table of vectors, looked up by number."""

from __future__ import annotations

from typing import Any


def lookup(numbers: Any, shape: tuple[int, ...], name: str) -> Any:
    """The vectors of these numbers, int32 of any shape, in a table of this shape: one GATHER, unguarded against numbers below 0.

    `keras.layers.Embedding` converts to four operators, of which three count numbers below 0 from the table's end.
    """
    import tensorflow as tf

    class Lookup(tf.keras.layers.Embedding):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return tf.gather(self.embeddings, inputs)

    return Lookup(*shape, name=name)(numbers)
