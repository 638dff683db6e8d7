"""A Keras model's weights by name, `<layer>.<weight>`: out of it, and into it."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.models.torch_weights import Weights


def weights_of(model: Any) -> dict[str, Any]:
    """The weights, float32; random states and metrics are none."""
    return {
        f"{layer.name}.{weight.name}": np.asarray(weight.numpy(), np.float32)
        for layer in model.layers
        for weight in layer.weights
    }


def fill(model: Any, weights: Weights) -> None:
    """Give a model these weights. Raises KeyError for one that is missing, ValueError for one of another shape."""
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}.{weight.name}"] for weight in layer.weights])
