"""What integration tests share: a small real model, and the app built with it."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from harness.app.bundle import Bundle, ImageInput, Model, Photo, Variant, bundle_of
from harness.app.direct import BuiltApk, build_apk
from harness.fetch.store import cached, key_of

CHECKOUT = Path(__file__).parents[2]
PROJECT = CHECKOUT / "android_app"
LABELS = tuple(f"class {index}" for index in range(10))


@pytest.fixture(scope="session")
def small_model() -> Model:
    """A convolutional classifier of 32 × 32 pixels with fixed weights: float, and quantized to int8.

    Converted once by TensorFlow (ten seconds) and kept in the cache under this file's content.
    """

    def make(folder: Path) -> None:
        folder.mkdir()
        _convert(folder)

    folder = cached("test-models", key_of("small", Path(__file__).read_bytes()), make)
    variants = tuple(Variant(name, folder / f"{name}.tflite") for name in ("fp32", "int8"))
    image = ImageInput(32, 32, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
    return Model("small", "Small classifier", "image_classification", variants, LABELS, image)


@pytest.fixture(scope="session")
def small_photo(tmp_path_factory: pytest.TempPathFactory) -> Photo:
    """A PNG of 48 × 32 pixels, a gradient."""
    width, height = 48, 32
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (5 * x, 8 * y, 128)) for y in range(height))
    path = tmp_path_factory.mktemp("photos") / "gradient.png"
    chunks = [
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    )
    return Photo("gradient", path, "a gradient")


@pytest.fixture(scope="session")
def small_bundle(small_model: Model, small_photo: Photo) -> Bundle:
    """The small model with its photo."""
    return bundle_of([small_model], [small_photo])


@pytest.fixture(scope="session")
def app_apk(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> BuiltApk:
    """The app of this checkout with the small model, built, signed with this checkout's debug key."""
    return build_apk(small_bundle, PROJECT, tmp_path_factory.mktemp("apk") / "app.apk")


def _convert(folder: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import tensorflow as tf

    tf.keras.utils.set_random_seed(7)
    layers = tf.keras.layers
    inputs = layers.Input((32, 32, 3), batch_size=1)
    hidden = layers.Conv2D(8, 3, strides=2, activation="relu6", padding="same")(inputs)
    hidden = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(hidden)
    hidden = layers.Conv2D(16, 1, activation="relu6")(hidden)
    hidden = layers.GlobalAveragePooling2D()(hidden)
    model = tf.keras.Model(inputs, layers.Softmax()(layers.Dense(len(LABELS))(hidden)))
    (folder / "fp32.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    examples = np.random.default_rng(7).uniform(-1, 1, (16, 1, 32, 32, 3)).astype(np.float32)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([example] for example in examples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / "int8.tflite").write_bytes(converter.convert())
