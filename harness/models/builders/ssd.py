"""SSD detectors out of the frozen graphs that TensorFlow's Object Detection API exported, for phones.

Those graphs begin by scaling photos and end in loops that no delegate takes. What is between is kept: from the normalised
image to raw boxes and scores. TFLite_Detection_PostProcess, which all TensorFlow Lite runtimes carry, does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError

_SIDE = 300
_MOST = 10
_OUTPUTS = ("locations", "categories", "scores", "number")
# What the API calls the parts that matter.
_PHOTO, _IMAGE, _BOXES, _SCORES = "image_tensor", "Preprocessor/sub", "Squeeze", "Postprocessor/convert_scores"
_ANCHORS = "Concatenate/concat"
_SUPPRESSION = (
    "Postprocessor/BatchMultiClassNonMaxSuppression/map/while/MultiClassNonMaxSuppression/non_max_suppression"
)
_CONSTANTS = {
    "y_scale": "Postprocessor/Decode/truediv/y",
    "x_scale": "Postprocessor/Decode/truediv_1/y",
    "h_scale": "Postprocessor/Decode/truediv_2/y",
    "w_scale": "Postprocessor/Decode/truediv_3/y",
    "nms_iou_threshold": f"{_SUPPRESSION}/iou_threshold",
    "nms_score_threshold": f"{_SUPPRESSION}/score_threshold",
}


def detector(files: Mapping[str, Path]) -> Any:
    """A `tf.function` of the frozen graph in the file `graph`.

    `image`, (1, 300, 300, 3) float32 from -1 to 1, in; the operator's locations (1, 10, 4), categories (1, 10), scores
    (1, 10) and number (1,) of objects out, all float32. A box has top, left, bottom and right as shares of the image.

    Raises:
        ModelError: `ssd.graph` for a graph of another kind.
    """
    import tensorflow as tf

    graph = _imported(files["graph"])

    def pruned(given: str, *wanted: str) -> Any:
        try:
            tensors = [graph.graph.get_tensor_by_name(f"{name}:0") for name in (given, *wanted)]
        except KeyError as error:
            raise _other(files["graph"], str(error)) from error
        return graph.prune(tensors[:1], tensors[1:])

    photo = tf.zeros((1, _SIDE, _SIDE, 3), tf.uint8)
    anchors, *values = (value.numpy() for value in pruned(_PHOTO, _ANCHORS, *_CONSTANTS.values())(photo))
    raw = pruned(_IMAGE, _BOXES, _SCORES)
    classes = raw.outputs[1].shape[-1] - 1  # the first is the background
    process = _operator(dict(zip(_CONSTANTS, map(float, values), strict=True)), classes)

    def detect(image: Any) -> dict[str, Any]:
        boxes, scores = raw(image)
        boxes, scores = tf.reshape(boxes, (1, len(anchors), 4)), tf.reshape(scores, (1, len(anchors), classes + 1))
        return dict(zip(_OUTPUTS, process(boxes, scores, _centred(anchors)), strict=True))

    return tf.function(detect, input_signature=[tf.TensorSpec((1, _SIDE, _SIDE, 3), tf.float32, name="image")])


def _imported(path: Path) -> Any:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise _other(path, str(error)) from error
    return tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])


def _other(path: Path, why: str) -> ModelError:
    hint = "give the frozen_inference_graph.pb that the API's exporter wrote"
    return ModelError("ssd.graph", f"{path} is no SSD of TensorFlow's Object Detection API", why=why, hint=hint)


def _operator(constants: Mapping[str, float], classes: int) -> Any:
    """A function that the converter replaces by the operator; it knows it by what it says that it implements."""
    import tensorflow as tf

    attributes = {
        **{name: f"f: {value!r}" for name, value in constants.items()},
        "max_detections": f"i: {_MOST}",
        "max_classes_per_detection": "i: 1",
        "num_classes": f"i: {classes}",
        "use_regular_nms": "b: false",
    }
    said = " ".join(f'attr {{ key: "{name}" value {{ {value} }} }}' for name, value in attributes.items())

    def process(boxes: Any, scores: Any, anchors: Any) -> Any:  # noqa: ARG001
        return tf.zeros((1, _MOST, 4)), tf.zeros((1, _MOST)), tf.zeros((1, _MOST)), tf.zeros((1,))

    return tf.function(process, experimental_implements=f'name: "TFLite_Detection_PostProcess" {said}')


def _centred(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes of top, left, bottom and right as centre y, centre x, height and width."""
    least, most = corners[:, :2], corners[:, 2:]
    return np.concatenate([(least + most) / 2, most - least], axis=1)
