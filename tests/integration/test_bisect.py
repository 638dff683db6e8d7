"""Bisecting the whole way: a model with one operator that GpuDelegate computes wrongly, on the virtual Pixel."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.app.bundle import Model
from harness.device.adb import AdbServer
from harness.errors import ExitCode, ResultsInvalid
from harness.fetch.store import cached, key_of
from harness.models.inspect import inspect
from harness.pixel import lifecycle
from harness.report.bisection import render
from harness.scenario.bisect import Question, bisect
from harness.scenario.bisect_inputs import backend


@pytest.fixture(scope="module")
def pixel() -> Iterator[lifecycle.PixelInfo]:
    """A virtual Pixel of this module's own, on an adb server of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        patch.setenv("ADB_LOCAL_TRANSPORT_MAX_PORT", "5553")
        server = AdbServer.ensure()
        info = lifecycle.start(name="bisect-tests", owner=True, wipe=True)
        server.wait_until_ready(info.serial, 30)
        yield info
        lifecycle.stop(info)
        server.stop()


@pytest.fixture(scope="module")
def padded() -> Path:
    """A network of 8 × 8 pixels with a rank-3 PAD in its middle, which GpuDelegate 2.16.1 computes wrongly over OpenCL.

    Every other operator is one that it computes rightly.
    """

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "padded.tflite").write_bytes(_padded())

    return cached("test-models", key_of("padded", Path(__file__).read_bytes()), make) / "padded.tflite"


def _padded() -> bytes:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    numbers = np.random.default_rng(3)

    def convolved(x: tf.Tensor, channels: int) -> tf.Tensor:
        weights = 0.3 * numbers.normal(size=(3, 3, x.shape[-1], channels)).astype(np.float32)
        return tf.nn.relu(tf.nn.conv2d(x, weights, 1, "SAME"))

    def network(x: tf.Tensor) -> tf.Tensor:
        left = convolved(convolved(x, 8), 4)
        joined = tf.tanh(left) + tf.sigmoid(convolved(left, 4))
        flat = tf.sigmoid(tf.reshape(joined, (8, 8, 4)))
        padded = tf.pad(flat, [[1, 0], [0, 2], [0, 1]])
        end = tf.reshape(tf.tanh(padded), (1, 9, 10, 5))
        for channels in (6, 8, 4):
            end = convolved(end, channels)
        return tf.nn.softmax(tf.reduce_mean(end, (1, 2)))

    function = tf.function(network, input_signature=[tf.TensorSpec((1, 8, 8, 3))])
    concrete = function.get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())


def asked(model: Path, side: int, suspect: str, *, precision_loss: bool, tolerance: float | None = None) -> Question:
    """A question on random pixels."""
    pixels = np.random.default_rng(1).normal(size=(1, side, side, 3)).astype(np.float32)
    return Question(
        model.name,
        model,
        {"pixels": (pixels,)},
        backend("cpu"),
        backend(suspect, precision_loss=precision_loss),
        tolerance,
    )


@pytest.mark.slow
def test_names_exactly_the_wrong_operator(pixel: lifecycle.PixelInfo, padded: Path, tmp_path: Path) -> None:
    """OpenCL takes every node and answers wrongly without an error: the rank-3 PAD in the middle is named, and proved."""
    (pad,) = (operation for operation in inspect(padded).main.operations if operation.name == "PAD")
    question = asked(padded, 8, "gpu-opencl", precision_loss=True)
    found = bisect(question, serial=pixel.serial, results=tmp_path)
    assert found.exit_code is ExitCode.FAILED
    culprit = found.culprit
    assert culprit is not None, render(found)
    assert (culprit.operator, culprit.index) == ("PAD", pad.index)
    assert culprit.proof, render(found)
    assert culprit.mended_by_fp32 is False
    assert culprit.unknown == ()
    assert culprit.worst.shape == (9, 10, 5)
    assert culprit.worst.distance > 0.1
    assert culprit.gpu is not None
    assert culprit.gpu.taken == culprit.gpu.total == pad.index + 1
    assert found.runs <= 3
    assert json.loads((found.folder / "bisect.json").read_text())["verdict"] == "culprit"
    assert culprit.strain is not None
    assert culprit.strain < 0.01


@pytest.mark.slow
def test_half_floats_are_told_from_wrong_kernels(
    pixel: lifecycle.PixelInfo, small_model: Model, tmp_path: Path
) -> None:
    """Under a tolerance that half floats can't keep, OpenGL's first convolution is named, and fp32 mends it."""
    model = small_model.variants[0].file
    question = asked(model, 32, "gpu-opengl", precision_loss=True, tolerance=1e-5)
    found = bisect(question, serial=pixel.serial, results=tmp_path)
    assert found.culprit is not None, render(found)
    assert (found.culprit.operator, found.culprit.index) == ("CONV_2D", 0)
    assert found.culprit.mended_by_fp32 is True
    assert found.culprit.worst.distance > found.culprit.worst.allowed
    assert "precision_loss: false mends it" in render(found)


@pytest.mark.slow
def test_backends_that_agree_need_one_run(pixel: lifecycle.PixelInfo, small_model: Model, tmp_path: Path) -> None:
    """OpenCL in fp32 agrees: exit code 0 after one run, and nothing is accused."""
    model = small_model.variants[0].file
    found = bisect(asked(model, 32, "gpu-opencl", precision_loss=False), serial=pixel.serial, results=tmp_path)
    assert found.exit_code is ExitCode.PASSED, render(found)
    assert (found.runs, found.culprit) == (1, None)
    assert 0 < found.whole.distance <= found.whole.allowed


@pytest.mark.slow
def test_a_backend_that_refuses_the_model(pixel: lifecycle.PixelInfo, padded: Path, tmp_path: Path) -> None:
    """OpenGL can't take a batch of 8: that is an error with the delegate's own words, and no accusation."""
    with pytest.raises(ResultsInvalid) as caught:
        bisect(asked(padded, 8, "gpu-opengl", precision_loss=True), serial=pixel.serial, results=tmp_path)
    assert caught.value.code == "bisect.refused"
    assert "Batch size mismatch" in caught.value.why
