"""A convolution and a dense layer with random weights of a fixed seed: real enough to convert, too small to know anything."""

from typing import Any


def build(weights: Any) -> Any:
    """(1, 16, 16, 3) float32 to (1, 5) probabilities. `weights` may hold a `scale` that all of them are multiplied by."""
    import numpy as np
    from tensorflow import keras

    image = keras.Input((16, 16, 3), batch_size=1, name="image")
    x = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, keras.layers.Dense(5, activation="softmax", name="probability")(x), name="tiny")
    numbers = np.random.default_rng(7)
    scale = weights.get("scale", 1.0)
    model.set_weights([numbers.normal(0, 1, weight.shape).astype("float32") * scale for weight in model.weights])
    return model
