"""A small real model of every family, converted once by one TensorFlow and kept in the cache under this file's content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.fetch.store import cached, key_of
from harness.models.families import describe_file
from harness.models.inspect import TfliteFile

TOKENS = 384
COMMON = 'schema: 1\nfamily: {family}\nname: A {family} model\ndescription: Made up.\nversion: "2"\nauthor: We\nlicence: CC0\n'


@pytest.fixture(scope="session")
def models() -> Path:
    """A folder with one `.tflite` a family; style transfer has two."""

    def make(folder: Path) -> None:
        folder.mkdir()
        _convert(folder)

    return cached("test-models", key_of("families", Path(__file__).read_bytes()), make)


@dataclass(frozen=True)
class Bench:
    """A model, and a folder for a description and its files."""

    folder: Path
    model: Path

    @property
    def out(self) -> Path:
        """Where the described copy goes."""
        return self.folder / "out.tflite"

    def write(self, family: str, body: str, **files: str | bytes) -> Path:
        """The description with these files, `labels_txt="…"` for labels.txt."""
        for name, content in files.items():
            path = self.folder / name.replace("_", ".")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        path = self.folder / "description.yaml"
        path.write_text(COMMON.format(family=family) + body)
        return path

    def describe(self, family: str, body: str, **files: str | bytes) -> TfliteFile:
        """The described copy."""
        return describe_file(self.model, self.write(family, body, **files), self.out)


@pytest.fixture
def bench(models: Path, tmp_path: Path) -> Callable[[str], Bench]:
    """Takes the name of a model and gives a bench with it."""
    return lambda name: Bench(tmp_path, models / f"{name}.tflite")


def _convert(folder: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import tensorflow as tf

    image = tf.TensorSpec((1, 16, 16, 3), tf.float32, "image")
    words = tf.TensorSpec((1, 8), tf.int32, "words")
    style = tf.TensorSpec((1, 1, 1, 8), tf.float32, "style")
    numbers = np.random.default_rng(5)

    def weights(*shape: int) -> tf.Tensor:
        return tf.constant(numbers.normal(size=shape).astype(np.float32))

    kernels = {count: weights(3, 3, 3, count) for count in (2, 3, 5, 8)}
    table, scores = weights(20, 4), {count: weights(4, count) for count in (2, 3)}

    def convolved(photo: tf.Tensor, count: int) -> tf.Tensor:
        return tf.nn.conv2d(photo, kernels[count], 1, "SAME")

    def pooled(photo: tf.Tensor, count: int) -> tf.Tensor:
        return tf.reduce_mean(convolved(photo, count), (1, 2))

    def of_words(tokens: tf.Tensor, count: int) -> tf.Tensor:
        return tf.nn.softmax(tf.reduce_mean(tf.gather(table, tokens), 1) @ scores[count])

    def detect(photo: tf.Tensor) -> dict[str, tf.Tensor]:
        score = tf.nn.softmax(pooled(photo, 5))[:, :4]
        return {
            "score": score,
            "location": tf.reshape(score, (1, 4, 1)) * [[[0.1, 0.2, 0.8, 0.9]]],
            "number": tf.reduce_sum(score, 1) * 0 + 2,
            "category": score * 0 + [[0.0, 1.0, 2.0, 0.0]],
        }

    def pose(photo: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        maps = tf.nn.sigmoid(convolved(photo, 3))
        return maps, tf.reshape(tf.reduce_mean(maps, 1)[:, :3], (1, 1, 3, 3))

    def answer(ids: tf.Tensor, mask: tf.Tensor, segment_ids: tf.Tensor) -> dict[str, tf.Tensor]:
        whole = tf.cast(ids * mask, tf.float32)
        return {"start_logits": whole, "end_logits": whole + tf.cast(segment_ids, tf.float32)}

    def sound(wave: tf.Tensor, gain: tf.Tensor) -> tf.Tensor:
        return tf.reshape(wave, (1, 25, 4)) * gain

    tokens = [tf.TensorSpec((1, TOKENS), tf.int32, name) for name in ("ids", "mask", "segment_ids")]
    for name, function, specs in (
        ("image_classification", lambda photo: tf.nn.softmax(pooled(photo, 5)), [image]),
        ("object_detection", detect, [image]),
        ("pose", pose, [image]),
        ("segmentation", lambda photo: tf.nn.softmax(convolved(photo, 2)), [image]),
        ("style_predict", lambda photo: tf.reshape(pooled(photo, 8), (1, 1, 1, 8)), [image]),
        ("style_transform", lambda photo, numbers: photo * tf.reduce_mean(numbers), [image, style]),
        ("text_classification", lambda tokens: of_words(tokens, 2), [words]),
        ("smart_reply", lambda tokens: of_words(tokens, 3), [words]),
        ("question_answering", answer, tokens),
        ("general", sound, [tf.TensorSpec((1, 100), tf.float32, "wave"), tf.TensorSpec((1, 1, 1), tf.float32, "gain")]),
    ):
        module = tf.Module()
        module.run = tf.function(function, input_signature=specs)
        saved = str(folder / "saved_model")
        tf.saved_model.save(module, saved, signatures=module.run.get_concrete_function())
        (folder / f"{name}.tflite").write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved).convert())
    shutil.rmtree(folder / "saved_model")
