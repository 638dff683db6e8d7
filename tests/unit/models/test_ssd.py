"""A frozen SSD of TensorFlow's Object Detection API becomes a model of four outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError
from harness.fetch.store import sha256_of
from harness.models import Variant
from harness.models.builders import ssd
from harness.models.convert import convert_recipe
from harness.models.entry import LocalPin
from harness.models.inspect import inspect
from harness.models.recipe import Recipe
from harness.models.source_card import ConcreteSource
from harness.models.tasks.object_detection import Ssd
from tests.unit.models.running import answers

# Three anchors of top, left, bottom and right; for each what the net adds, and the scores of background, cat and dog.
ANCHORS = np.float32([[0.1, 0.2, 0.5, 0.4], [0.5, 0.5, 0.9, 0.9], [0.1, 0.2, 0.5, 0.42]])
ADDED = np.float32([[0.0, 0.0, 0.0, 0.0], [1.0, -2.0, 0.5, -0.5], [0.0, 0.0, 0.0, 0.0]])
SCORES = np.float32([[0.1, 0.9, 0.2], [0.1, 0.3, 0.7], [0.1, 0.8, 0.1]])


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph with the API's names whose net says the same of every photo."""
    import tensorflow as tf

    made = tf.Graph()
    with made.as_default():
        photo = tf.compat.v1.placeholder(tf.uint8, (None, None, None, 3), name="image_tensor")
        scaled = tf.cast(photo, tf.float32) * (2 / 255)
        image = tf.subtract(scaled, 1.0, name="Preprocessor/sub")
        nothing = 0.0 * tf.reduce_mean(image)
        tf.add(ADDED[np.newaxis], nothing, name="Squeeze")
        tf.add(SCORES[np.newaxis], nothing, name="Postprocessor/convert_scores")
        tf.constant(ANCHORS, name="Concatenate/concat")
        for number, scale in (("", 10.0), ("_1", 20.0), ("_2", 5.0), ("_3", 2.5)):
            tf.constant(scale, name=f"Postprocessor/Decode/truediv{number}/y")
        inner = "map/while/MultiClassNonMaxSuppression/non_max_suppression"
        tf.constant(0.6, name=f"Postprocessor/BatchMultiClassNonMaxSuppression/{inner}/iou_threshold")
        tf.constant(1e-8, name=f"Postprocessor/BatchMultiClassNonMaxSuppression/{inner}/score_threshold")
    path = tmp_path_factory.mktemp("ssd") / "frozen_inference_graph.pb"
    path.write_bytes(made.as_graph_def().SerializeToString())
    return path


def test_the_operator_decodes_with_the_graphs_own_constants(graph: Path) -> None:
    """Centres move by shares of the anchor, sizes grow by powers; what overlaps by more than .6 is left out."""
    pin = LocalPin(path=graph.name, sha256=sha256_of(graph))
    source = ConcreteSource(kind="concrete", function="harness.models.builders.ssd:detector", files={"graph": pin})
    (made,) = convert_recipe(Recipe("ssd", "the test", graph.parent, source, (Variant.FP32,)), ["fp32"])
    found = inspect(made.path)
    assert [one.name for one in found.main.operations if one.custom] == ["TFLite_Detection_PostProcess"]
    outputs = answers(made.path, np.zeros((1, 300, 300, 3), np.float32))
    roles = Ssd(form="ssd", threshold=0.1, order=("number", "categories", "scores", "locations")).order
    said = dict(zip(roles, outputs, strict=True))
    assert (said["number"], said["categories"][0, :2].tolist()) == (2, [0, 1])
    np.testing.assert_allclose(said["scores"][0, :2], [0.9, 0.7], rtol=1e-6)
    y, x, height, width = 0.7 + 1 / 10 * 0.4, 0.7 - 2 / 20 * 0.4, 0.4 * np.exp(0.5 / 5), 0.4 * np.exp(-0.5 / 2.5)
    moved = [y - height / 2, x - width / 2, y + height / 2, x + width / 2]
    np.testing.assert_allclose(said["locations"][0, :2], [ANCHORS[0], moved], atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"no graph at all"], ids=["an empty graph", "no graph"])
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    """What is no graph of the API's is told with its path."""
    (tmp_path / "x.pb").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.pb") as caught:
        ssd.detector({"graph": tmp_path / "x.pb"})
    assert caught.value.code == "ssd.graph"
