"""ONNX' operators: each answers as ONNX' own reference implementation does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from harness.models import source
from harness.models.quiet import tensorflow
from harness.models.recipe import recipe_for
from tests.unit.models.onnx_graphs import IMAGE, Arrays, compared, graph, normal, one, saved

FOUR = normal(4)
WIDE = normal(1, 4, 1, 1)
CASES: dict[str, tuple[onnx.NodeProto, Arrays]] = {
    **{op: (one(op), {}) for op in ("Abs", "Ceil", "Exp", "Floor", "Identity", "Neg", "Sigmoid", "Tanh", "Relu")},
    **{op: (one(op), {}) for op in ("HardSwish", "HardSigmoid", "Reciprocal", "GlobalAveragePool", "GlobalMaxPool")},
    **{op: (one(op, "c"), {"c": np.abs(WIDE) + 1}) for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")},
    "Add of another rank": (one("Add", "c"), {"c": normal(8, 6)}),
    "Dropout": (one("Dropout"), {}),
    "LeakyRelu": (one("LeakyRelu", alpha=0.3), {}),
    "Pow": (one("Pow", "c"), {"c": np.float32(2)}),
    "Clip to six": (one("Clip", "a", "b"), {"a": np.float32(0), "b": np.float32(6)}),
    "Clip": (one("Clip", "a", "b"), {"a": np.float32(-0.5), "b": np.float32(0.25)}),
    "Clip below": (one("Clip", "a"), {"a": np.float32(-0.5)}),
    "Conv": (one("Conv", "w", "b"), {"w": normal(5, 4, 3, 3), "b": normal(5)}),
    "Conv, even padding": (one("Conv", "w", pads=[1, 1, 1, 1]), {"w": normal(5, 4, 3, 3)}),
    "Conv, uneven padding": (one("Conv", "w", pads=[1, 0, 2, 1], strides=[2, 2]), {"w": normal(5, 4, 3, 3)}),
    "Conv, stride": (one("Conv", "w", pads=[1, 1, 1, 1], strides=[2, 2]), {"w": normal(5, 4, 3, 3)}),
    "Conv, same below": (one("Conv", "w", auto_pad="SAME_LOWER", strides=[2, 2]), {"w": normal(5, 4, 3, 3)}),
    "Conv, gaps": (one("Conv", "w", dilations=[2, 2], pads=[2, 2, 2, 2]), {"w": normal(5, 4, 3, 3)}),
    "Conv, each channel": (one("Conv", "w", "b", group=4), {"w": normal(8, 1, 3, 3), "b": normal(8)}),
    "MaxPool": (one("MaxPool", kernel_shape=[2, 3], strides=[2, 2]), {}),
    "MaxPool, padding": (one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), {}),
    "AveragePool": (one("AveragePool", kernel_shape=[2, 2], strides=[2, 2]), {}),
    "AveragePool, padding": (one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), {}),
    "AveragePool, padding counts": (
        one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
        {},
    ),
    "BatchNormalization": (
        one("BatchNormalization", "s", "b", "m", "v", epsilon=1e-3),
        {"s": FOUR, "b": FOUR + 1, "m": FOUR - 1, "v": np.abs(FOUR) + 0.1},
    ),
    "Concat": (one("Concat", "c", axis=1), {"c": normal(1, 2, 8, 6)}),
    "Pad": (one("Pad", "p", "v"), {"p": np.int64([0, 1, 0, 2, 0, 0, 1, 0]), "v": np.float32(3)}),
    "Pad, reflect": (one("Pad", "p", mode="reflect"), {"p": np.int64([0, 0, 1, 2, 0, 0, 2, 1])}),
    "Flatten": (one("Flatten"), {}),
    "Flatten, axis": (one("Flatten", axis=3), {}),
    "Reshape": (one("Reshape", "s"), {"s": np.int64([0, 2, -1])}),
    "Transpose": (one("Transpose", perm=[0, 2, 3, 1]), {}),
    "Transpose, reversed": (one("Transpose"), {}),
    "Squeeze": (one("Squeeze", "a"), {"a": np.int64([0])}),
    "Squeeze, all": (one("Squeeze"), {}),
    "Unsqueeze": (one("Unsqueeze", "a"), {"a": np.int64([-1, 0])}),
    "ReduceMean": (one("ReduceMean", axes=[2, 3]), {}),
    "ReduceMean, without": (one("ReduceMean", axes=[-1, 1], keepdims=0), {}),
    "ReduceMax": (one("ReduceMax", axes=[1]), {}),
    "ReduceSum": (one("ReduceSum", "a"), {"a": np.int64([1])}),
    "Softmax": (one("Softmax"), {}),
    "Softmax, channels": (one("Softmax", axis=1), {}),
    "Resize, repeating": (
        one("Resize", "", "s", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        {"s": np.float32([1, 1, 2, 2])},
    ),
    "Resize, repeating from the middle": (one("Resize", "", "s"), {"s": np.float32([1, 1, 2, 3])}),
    "Resize, linear": (one("Resize", "", "", "n", mode="linear"), {"n": np.int64([1, 2, 8, 5])}),
    "Resize, corners": (
        one("Resize", "", "s", mode="linear", coordinate_transformation_mode="align_corners"),
        {"s": np.float32([1, 1, 2, 2])},
    ),
    "Resize, to the same": (one("Resize", "", "s", mode="cubic"), {"s": np.float32([1, 1, 1, 1])}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_operator_answers_as_onnx_reference_does(tmp_path: Path, case: str) -> None:
    """On an input that lies as ONNX counts it, and on one that lies with its channels last."""
    node, constants = CASES[case]
    shape = (1, 2, 4, 3) if node.op_type == "Resize" else IMAGE  # the reference takes its time over each number
    x = normal(*shape)
    compared(tmp_path, graph([node], constants, shape=shape), x)
    turned = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2])]
    after = onnx.NodeProto()
    after.CopyFrom(node)
    after.input[0] = "t"
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    compared(tmp_path, graph([*turned, after], constants, shape=last.shape), last)


@pytest.mark.parametrize(
    ("node", "constants", "opset"),
    [
        (one("Clip", min=-0.5, max=0.5), {}, 10),
        (one("Softmax", axis=3), {}, 11),
        (one("Squeeze", axes=[0]), {}, 11),
        (one("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1], value=2.0), {}, 10),
        (one("ReduceMean", "a"), {"a": np.int64([2, 3])}, 18),
        (one("Pad", "p", "", "a"), {"p": np.int64([1, 2, 0, 1]), "a": np.int64([-1, 2])}, 18),
    ],
)
def test_forms_of_other_opsets(tmp_path: Path, node: onnx.NodeProto, constants: Arrays, opset: int) -> None:
    """What was an attribute became an input, and the other way round."""
    compared(tmp_path, graph([node], constants, opset=opset), normal(*IMAGE))


def test_same_padding_above(tmp_path: Path) -> None:
    """An odd row of zeros comes after; that of onnx 1.17's reference comes before, so it is spelt out for it."""
    weights = {"w": normal(5, 4, 3, 3)}
    x = normal(*IMAGE)
    recipe = recipe_for(str(saved(tmp_path, graph([one("Conv", "w", auto_pad="SAME_UPPER", strides=[2, 2])], weights))))
    (got,) = source.build(recipe, lambda _message: None).functions["serving_default"](tensorflow().constant(x))
    spelt = graph([one("Conv", "w", pads=[0, 0, 1, 1], strides=[2, 2])], weights)
    (want,) = ReferenceEvaluator(spelt).run(None, {"x": x})  # type: ignore[misc]
    np.testing.assert_allclose(got, want, atol=2e-5)


def test_products_of_matrices(tmp_path: Path) -> None:
    """With the factors and transpositions that Gemm has."""
    x = normal(3, 4)
    compared(tmp_path, graph([one("MatMul", "w")], {"w": normal(4, 5)}, shape=[3, 4]), x)
    for attributes in ({}, {"transB": 1, "alpha": 0.5, "beta": 2.0}):
        weights = normal(5, 4) if attributes else normal(4, 5)
        model = graph([one("Gemm", "w", "c", **attributes)], {"w": weights, "c": normal(5)}, shape=[3, 4])
        compared(tmp_path, model, x)
