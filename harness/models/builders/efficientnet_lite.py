"""EfficientNet-Lite in Keras, filled from a PyTorch checkpoint.

Source: M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), table 1,
in the Lite form that Google described in 2020: no squeeze-and-excitation, ReLU6 for swish, stem and head not scaled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from harness.models.torch_weights import Weights


class _Stage(NamedTuple):
    expand: int
    channels: int
    blocks: int
    kernel: int
    stride: int


_STAGES = (
    _Stage(1, 16, 1, 3, 1),
    _Stage(6, 24, 2, 3, 2),
    _Stage(6, 40, 2, 5, 2),
    _Stage(6, 80, 3, 3, 2),
    _Stage(6, 112, 3, 5, 1),
    _Stage(6, 192, 4, 5, 2),
    _Stage(6, 320, 1, 3, 1),
)
_STEM, _HEAD, _CLASSES, _SIDE = 32, 1280, 1000, 224
_EPSILON = 1e-3


def lite0(weights: Weights) -> Any:
    """EfficientNet-Lite0 as `keras.Model`: (1, 224, 224, 3) float32, `(byte - 127) / 128`, to (1, 1000) probabilities.

    Raises:
        KeyError: a weight is missing.
        ValueError: a weight has another shape.
    """
    from tensorflow import keras

    build = _Layers(weights)
    image = keras.Input((_SIDE, _SIDE, 3), batch_size=1, name="image")
    x = build.norm(build.conv(image, "_conv_stem", _STEM, 3, 2), "_bn0", relu=True)
    number, channels = 0, _STEM
    for stage in _STAGES:
        for block in range(stage.blocks):
            stride = stage.stride if block == 0 else 1
            x = build.block(x, f"_blocks.{number}", channels, stage, stride)
            number, channels = number + 1, stage.channels
    x = build.norm(build.conv(x, "_conv_head", _HEAD, 1, 1), "_bn1", relu=True)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    dense = keras.layers.Dense(_CLASSES, activation="softmax", name="probability")
    x = dense(x)
    dense.set_weights([weights["_fc.weight"].T, weights["_fc.bias"]])
    return keras.Model(image, x, name="efficientnet_lite0")


class _Layers:
    """Makes layers named as the checkpoint names them, and fills them.

    PyTorch keeps kernels as (out, in, height, width), Keras as (height, width, in, out), depthwise ones as
    (height, width, channel, 1).
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def conv(self, x: Any, name: str, filters: int, kernel: int, stride: int) -> Any:
        """A convolution without bias."""
        from tensorflow.keras import layers

        layer = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=_plain(name))
        y = layer(x)
        layer.set_weights([self._weights[f"{name}.weight"].transpose(2, 3, 1, 0)])
        return y

    def depthwise(self, x: Any, name: str, kernel: int, stride: int) -> Any:
        """A depthwise convolution without bias."""
        from tensorflow.keras import layers

        layer = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=_plain(name))
        y = layer(x)
        layer.set_weights([self._weights[f"{name}.weight"].transpose(2, 3, 0, 1)])
        return y

    def norm(self, x: Any, name: str, *, relu: bool) -> Any:
        """Batch normalisation, with ReLU6 behind it if asked."""
        from tensorflow.keras import layers

        layer = layers.BatchNormalization(epsilon=_EPSILON, name=_plain(name))
        y = layer(x)
        parts = ("weight", "bias", "running_mean", "running_var")
        layer.set_weights([self._weights[f"{name}.{part}"] for part in parts])
        return layers.ReLU(6.0, name=f"{_plain(name)}_relu6")(y) if relu else y

    def block(self, x: Any, name: str, channels: int, stage: _Stage, stride: int) -> Any:
        """An inverted residual block: expand, depthwise, project, and a shortcut where shapes allow."""
        from tensorflow.keras import layers

        y = x
        if stage.expand != 1:
            y = self.conv(y, f"{name}._expand_conv", channels * stage.expand, 1, 1)
            y = self.norm(y, f"{name}._bn0", relu=True)
        y = self.norm(self.depthwise(y, f"{name}._depthwise_conv", stage.kernel, stride), f"{name}._bn1", relu=True)
        y = self.norm(self.conv(y, f"{name}._project_conv", stage.channels, 1, 1), f"{name}._bn2", relu=False)
        if stride == 1 and channels == stage.channels:
            y = layers.Add(name=f"{_plain(name)}_shortcut")([y, x])
        return y


def _plain(name: str) -> str:
    return name.strip("_").replace("._", "_").replace(".", "_")
