"""Functions of a small photo: two that fit together, and one that names each pixel. For tests only."""

from typing import Any


def palette() -> Any:
    """(1, 8, 8, 3) to the mean of each channel and of all, (1, 1, 1, 4)."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 3), name="picture")])
    def predict(picture: Any) -> Any:
        means = tf.reduce_mean(picture, (1, 2), keepdims=True)
        return tf.concat((means, tf.reduce_mean(means, -1, keepdims=True)), -1)

    return predict.get_concrete_function()


def painter() -> Any:
    """The photo times what the first three numbers say, plus the fourth."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 3), name="photo"), tf.TensorSpec((1, 1, 1, 4), name="style")])
    def transform(photo: Any, style: Any) -> Any:
        return photo * style[..., :3] + style[..., 3:]

    return transform.get_concrete_function()


def brightest() -> Any:
    """(1, 8, 8, 3) to the number of each pixel's largest channel, (1, 8, 8) int32."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 3), name="photo")])
    def classes(photo: Any) -> Any:
        return tf.argmax(photo, -1, output_type=tf.int32)

    return classes.get_concrete_function()
