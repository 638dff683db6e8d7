"""Vectors of words, as GPU delegates can go on with them."""

from __future__ import annotations

from typing import Any


def looked_up(numbers: Any, shape: tuple[int, ...], name: str) -> Any:
    """Vectors of a text's numbers (batch, tokens), int32, in a table of this shape, as an image one pixel high.

    (batch, 1, tokens, width): over OpenGL ES, GpuDelegate refuses a model with a mean over any but height and width.
    The lookup is one GATHER, unguarded against numbers below 0; `keras.layers.Embedding` converts to four operators, of
    which three count such numbers from the table's end.
    """
    import tensorflow as tf

    class Lookup(tf.keras.layers.Embedding):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return tf.gather(self.embeddings, inputs)

    vectors = Lookup(*shape, name=name)(numbers)
    return tf.keras.layers.Reshape((1, numbers.shape[1], shape[1]), name=f"{name}_in_a_row")(vectors)
