"""Functions that make models, good and bad: what `module:function` may name. For tests only."""

from typing import Any


def three() -> Any:
    """A module of three signatures: floats with a free batch, floats of any size, a table of words."""
    import tensorflow as tf

    class Three(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable(tf.ones((8, 3)))
            words = tf.lookup.KeyValueTensorInitializer(tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64))
            self.table = tf.lookup.StaticHashTable(words, -1)

        @tf.function(input_signature=[tf.TensorSpec((None, 8), tf.float32, name="x")])
        def forward(self, x: Any) -> Any:
            return {"y": x @ self.weight}

        @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32, name="numbers")])
        def total(self, numbers: Any) -> Any:
            return {"sum": tf.reduce_sum(numbers, 1)}

        @tf.function(input_signature=[tf.TensorSpec((1,), tf.string, name="word")])
        def lookup(self, word: Any) -> Any:
            return {"number": self.table.lookup(word)}

    return Three()


def _concrete(function: Any, dtype: str = "float32") -> Any:
    import tensorflow as tf

    return tf.function(function).get_concrete_function(tf.TensorSpec((1, 4), tf.as_dtype(dtype), name="x"))


def _weighted(number: float, count: int = 4) -> Any:
    import tensorflow as tf

    weight = tf.Variable([number] + [1.0] * (count - 1))
    return tf.function(lambda x: tf.reduce_sum(weight) * x, input_signature=[tf.TensorSpec((1, 4), name="x")])


def single() -> Any:
    """One concrete function."""
    return _concrete(lambda x: x * 2.0)


def nothing() -> Any:
    """No model at all."""
    return 7


def lower() -> Any:
    """An operator that only select ops have."""
    import tensorflow as tf

    return _concrete(tf.strings.lower, "string")


def bessel() -> Any:
    """An operator that neither has."""
    import tensorflow as tf

    return _concrete(lambda x: tf.raw_ops.BesselI0e(x=x))


def silent() -> Any:
    """A function without an answer."""
    return _concrete(lambda _x: None)


def spoiled() -> Any:
    """A weight that isn't a number."""
    return _weighted(float("nan"))


def doubled() -> Any:
    """A hundred weights."""
    return _weighted(2.0, 100)
