"""ONNX files in: held against ONNX' own reference implementation, and how what isn't known is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from harness.errors import UsageError
from harness.models import source
from harness.models.convert import convert_recipe
from harness.models.inspect import inspect
from harness.models.quiet import tensorflow
from harness.models.recipe import recipe_for
from harness.models.source_card import OnnxSource
from tests.unit.models.running import answers, refusal

NUMBERS = np.random.default_rng(11)
IMAGE = (1, 4, 8, 6)  # N, C, H, W
Arrays = dict[str, NDArray[Any]]


def normal(*shape: int) -> NDArray[np.float32]:
    """Numbers around zero."""
    return NUMBERS.normal(0, 1, shape).astype(np.float32)


def graph(
    nodes: Sequence[onnx.NodeProto],
    constants: Arrays,
    *,
    shape: Sequence[int | str] = IMAGE,
    outputs: Sequence[str] = ("y",),
    opset: int = 17,
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model of one input 'x'."""
    made = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def saved(folder: Path, model: onnx.ModelProto) -> Path:
    """The model as a file."""
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def compared(folder: Path, model: onnx.ModelProto, x: NDArray[Any], **options: Any) -> None:
    """TensorFlow's operators answer as ONNX' reference does."""
    recipe = recipe_for(str(saved(folder, model)), **options)
    function = source.build(recipe, lambda _message: None).functions["serving_default"]
    wanted: Any = ReferenceEvaluator(model).run(None, {"x": x})
    for got, want in zip(function(tensorflow().constant(x)), wanted, strict=True):
        assert got.shape == want.shape
        np.testing.assert_allclose(got.numpy(), want, atol=2e-5)


def one(op: str, *inputs: str, **attributes: Any) -> onnx.NodeProto:
    """A node that gives 'y'."""
    return helper.make_node(op, ["x", *inputs], ["y"], name=f"the {op}", **attributes)


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


def classifier(**changes: Any) -> onnx.ModelProto:
    """A net as PyTorch exports one: NCHW, its reshaping worked out in the graph."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], name="features/conv", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Clip", ["c", "low", "high"], ["r"], name="features/relu6"),
        node("Conv", ["r", "dw"], ["d"], name="features/deep", group=5, pads=[1, 1, 1, 1]),
        node("Relu", ["d"], ["e"]),
        node("Add", ["e", "r"], ["f"]),
        node("GlobalAveragePool", ["f"], ["p"]),
        node("Shape", ["p"], ["s"]),
        node("Gather", ["s", "zero"], ["batch"]),
        node("Unsqueeze", ["batch", "axes"], ["u"]),
        node("Concat", ["u", "rest"], ["new"], axis=0),
        node("Reshape", ["p", "new"], ["v"]),
        node("Gemm", ["v", "fc"], ["g"], transB=1),
        node("Softmax", ["g"], ["y"], name="classes"),
    ]
    constants = {
        "w": normal(5, 4, 3, 3),
        "b": normal(5),
        "dw": normal(5, 1, 3, 3),
        "fc": normal(3, 5),
        "low": np.float32(0),
        "high": np.float32(6),
        "zero": np.int64(0),
        "axes": np.int64([0]),
        "rest": np.int64([-1]),
    }
    return graph(nodes, constants, **changes)


def test_channels_lie_last_inside(tmp_path: Path) -> None:
    """One transposition where the input comes in as NCHW, none where it is asked for as NHWC."""
    recipe = recipe_for(str(saved(tmp_path, classifier(shape=["n", 4, 8, 6]))))
    (converted,) = convert_recipe(recipe, ["fp32"])
    found = inspect(converted.path)
    layers = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "ADD": 1, "MEAN": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1}
    assert {name: count for name, count in found.operator_counts().items() if name != "RESHAPE"} == {
        **layers,
        "PAD": 1,
        "TRANSPOSE": 1,
    }
    x = normal(*IMAGE)
    (want,) = ReferenceEvaluator(onnx.load(tmp_path / "net.onnx")).run(None, {"x": x})  # type: ignore[misc]
    np.testing.assert_allclose(answers(converted.path, x)[0], want, atol=1e-6)
    assert isinstance(recipe.source, OnnxSource)
    last = replace(recipe, source=recipe.source.model_copy(update={"channels_last": True}))
    (converted,) = convert_recipe(last, ["fp32"])
    found = inspect(converted.path)
    assert found.main.input_tensors[0].shape == (1, 8, 6, 4)
    assert "TRANSPOSE" not in found.operator_counts()
    np.testing.assert_allclose(answers(converted.path, x.transpose(0, 2, 3, 1))[0], want, atol=1e-6)


def test_names_and_outputs(tmp_path: Path) -> None:
    """Tensors are called as ONNX' values and nodes are, and outputs may be chosen among all of them."""
    path = saved(tmp_path, classifier())
    (converted,) = convert_recipe(recipe_for(str(path), outputs=["y", "r"]), ["fp32"])
    main = inspect(converted.path).main
    assert [tensor.name for tensor in main.input_tensors] == ["x"]
    assert [tensor.name for tensor in main.output_tensors] == ["y", "r"]
    assert [tensor.shape for tensor in main.output_tensors] == [(1, 3), (1, 5, 4, 3)]
    assert any("features/deep/" in tensor.name for tensor in main.tensors)
    error = refusal(path, outputs=["yy"])
    assert (error.code, "no value 'yy'" in error.what, error.hint) == ("source.output", True, "its outputs are y")
    assert "named twice" in refusal(path, outputs=["y", "y"]).what


def test_a_value_that_is_called_as_an_inner_tensor_is(tmp_path: Path) -> None:
    """What is given out is the value as ONNX counts it, and not what has its name inside."""
    convolution = helper.make_node("Conv", ["x", "w"], ["a/Conv2D"], name="a")
    compared(tmp_path, graph([convolution], {"w": normal(5, 4, 3, 3)}, outputs=["a/Conv2D"]), normal(*IMAGE))


def test_whole_numbers_are_not_divided(tmp_path: Path) -> None:
    """TensorFlow would make fractions of them."""
    model = graph([one("Div", "c")], {"c": np.int32([2])}, kind=TensorProto.INT32, shape=[4])
    assert "divides whole numbers" in refusal(saved(tmp_path, model)).why


def test_free_sides_are_fixed_by_name(tmp_path: Path) -> None:
    """A free batch becomes 1; any other is asked for."""
    path = saved(tmp_path, classifier(shape=["n", 4, "h", "w"]))
    error = refusal(path)
    assert (error.code, "--input-shape x=1,4,?,?" in error.hint) == ("source.shape", True)
    recipe = recipe_for(str(path), input_shapes={"x": (1, 4, 10, 6)})
    assert inspect(convert_recipe(recipe, ["fp32"])[0].path).main.input_tensors[0].shape == (1, 4, 10, 6)
    assert refusal(path, input_shapes={"x": (1, 3, 10, 6)}).code == "source.input_shape"
    assert refusal(path, input_shapes={"z": (1, 3, 10, 6)}).code == "source.input_shape"


def test_a_fixed_shape_gives_way_as_far_as_the_operators_let_it(tmp_path: Path) -> None:
    """A convolution takes an image of any size, and one of other channels is refused with its words."""
    path = saved(tmp_path, classifier(shape=[1, 4, 8, 6]))
    recipe = recipe_for(str(path), input_shapes={"x": (1, 4, 10, 12)})
    assert inspect(convert_recipe(recipe, ["fp32"])[0].path).main.input_tensors[0].shape == (1, 4, 10, 12)
    error = refusal(path, input_shapes={"x": (1, 3, 8, 6)})
    assert (error.code, "Conv" in error.why) == ("source.input_shape", True)
    assert refusal(path, input_shapes={"x": (1, 4, 8)}).code == "source.input_shape"


def quantised(zero: int, scale: float) -> onnx.ModelProto:
    """A convolution of quantised weights between quantised activations; the last ends a range from `zero` on."""
    node = helper.make_node
    nodes = [
        node("QuantizeLinear", ["x", "xs", "xz"], ["xq"]),
        node("DequantizeLinear", ["xq", "xs", "xz"], ["xd"]),
        node("DequantizeLinear", ["wq", "ws", "wz"], ["w"], axis=0),
        node("DequantizeLinear", ["bq", "ws", "bz"], ["b"], axis=0),
        node("Conv", ["xd", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        node("QuantizeLinear", ["c", "ys", "yz"], ["yq"]),
        node("DequantizeLinear", ["yq", "ys", "yz"], ["y"]),
    ]
    constants = {
        "xs": np.float32(0.02),
        "xz": np.int8(0),
        "ys": np.float32(scale),
        "yz": np.int8(zero),
        "wq": NUMBERS.integers(-127, 128, (5, 4, 3, 3)).astype(np.int8),
        "ws": np.linspace(0.001, 0.003, 5, dtype=np.float32),
        "wz": np.zeros(5, np.int8),
        "bq": NUMBERS.integers(-500, 500, 5).astype(np.int32),
        "bz": np.zeros(5, np.int32),
    }
    return graph(nodes, constants, opset=19)


@pytest.mark.parametrize(
    ("zero", "scale", "low", "high"), [(0, 0.05, -np.inf, np.inf), (-128, 0.05, 0, np.inf), (-128, 6 / 255, 0, 6)]
)
def test_quantised_models_become_floats(tmp_path: Path, zero: int, scale: float, low: float, high: float) -> None:
    """Steps vanish, weights keep their values; a range that starts at zero stands for the activation it replaced."""
    model = quantised(zero, scale)
    (converted,) = convert_recipe(recipe_for(str(saved(tmp_path, model))), ["fp32"])
    assert inspect(converted.path).operator_counts() == {"CONV_2D": 1, "TRANSPOSE": 2}
    x = normal(*IMAGE).clip(-2.5, 2.5)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights = constants["wq"] * constants["ws"][:, None, None, None]
    given = {"w": weights.astype(np.float32), "b": constants["bq"] * constants["ws"]}
    floats = graph(
        [one("Conv", "w", "b", pads=[1, 1, 1, 1])], {name: np.float32(values) for name, values in given.items()}
    )
    (want,) = ReferenceEvaluator(floats).run(None, {"x": x})  # type: ignore[misc]
    (got,) = answers(converted.path, x)
    np.testing.assert_allclose(got, np.clip(want, low, high), atol=1e-5)
    (stepped,) = ReferenceEvaluator(model).run(None, {"x": x})  # type: ignore[misc]
    inner = np.abs(stepped) < 5  # within the range of each of the three
    assert np.abs(got - stepped)[inner].max() < 0.15
    assert np.abs(got - stepped)[inner].max() > 0


def test_half_floats_become_floats(tmp_path: Path) -> None:
    """TensorFlow Lite computes in no other."""
    model = graph([one("Add", "c")], {"c": np.float16([1.5])}, kind=TensorProto.FLOAT16, shape=[1, 4])
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    (converted,) = convert_recipe(recipe_for(str(saved(tmp_path, model))), ["fp32"])
    assert answers(converted.path, np.float32([[1, 2, 3, 4]]))[0].tolist() == [[2.5, 3.5, 4.5, 5.5]]


@pytest.mark.parametrize(
    ("node", "constants", "words"),
    [
        (one("Det"), {}, "it isn't among the operators"),
        (one("Conv", "w", group=2), {"w": normal(4, 2, 3, 3)}, "2 groups of 4 channels"),
        (one("Conv", "x"), {}, "input 'x' isn't constant"),
        (one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), {}, "ceil_mode"),
        (one("MaxPool", kernel_shape=[3, 3], dilations=[2, 2]), {}, "without gaps"),
        (one("AveragePool", kernel_shape=[3, 3], pads=[1, 0, 0, 0]), {}, "uneven padding"),
        (one("Pad", "p", mode="edge"), {"p": np.int64([0, 0, 1, 1, 0, 0, 1, 1])}, "its mode is 'edge'"),
        (one("Pad", "p"), {"p": np.int64([0, 0, -1, 0, 0, 0, 0, 0])}, "no cutting"),
        (one("Resize", "", "s", mode="cubic"), {"s": np.float32([1, 1, 2, 2])}, "cubic"),
        (one("Resize", "", "s"), {"s": np.float32([1, 2, 1, 1])}, "only height and width"),
        (one("Resize", "", "s"), {"s": np.float32([1, 1, 1.3, 1.3])}, "no whole sides"),
        (one("RandomNormalLike"), {}, "it isn't among the operators"),
        (one("Reshape", "s"), {"s": np.int64([7, 7])}, "Cannot reshape a tensor with 192 elements"),
    ],
)
def test_what_is_not_known_is_named(tmp_path: Path, node: onnx.NodeProto, constants: Arrays, words: str) -> None:
    """The operator, the node, the opset, why, and what else can be done."""
    error = refusal(saved(tmp_path, graph([node], constants)))
    assert error.code == "source.unknown_op"
    assert f"node 'the {node.op_type}' is a {node.op_type} of opset 17" in error.what
    assert words in error.why
    assert "choose outputs before it" in error.hint


def test_several_outputs_of_a_node_and_operators_of_others(tmp_path: Path) -> None:
    """One with two outputs, one of another domain."""
    split = helper.make_node("Split", ["x"], ["y", "z"], axis=1, name="halves")
    assert "isn't among" in refusal(saved(tmp_path, graph([split], {}))).why
    model = graph([helper.make_node("Swirl", ["x"], ["y"], domain="com.acme", name="s")], {})
    model.opset_import.append(helper.make_opsetid("com.acme", 1))
    assert "a com.acme.Swirl" in refusal(saved(tmp_path, model)).what


def _second_opset(model: onnx.ModelProto, version: int) -> None:
    model.opset_import[0].version = version


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../weights.bin")


def _lost(model: onnx.ModelProto) -> None:
    model.graph.node[1].input[0] = "lost"


def _circle(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "y"


def _nan(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.full((5, 4, 3, 3), np.nan, np.float32), "w"))


def _sequence(model: onnx.ModelProto) -> None:
    kind = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    model.graph.input[0].CopyFrom(helper.make_value_info("x", helper.make_sequence_type_proto(kind)))


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (lambda model: _second_opset(model, 6), "onnx.opset", "is of opset 6, and 7 to 22 are read"),
        (lambda model: _second_opset(model, 99), "onnx.opset", "is of opset 99"),
        (_external, "onnx.external", "numbers of 'w' in a file beside it"),
        (_lost, "onnx.invalid", "lost"),
        (_circle, "onnx.invalid", "topologically sorted"),
        (_nan, "source.not_finite", "'w'"),
        (_sequence, "onnx.invalid", "input 'x' is no tensor"),
    ],
)
def test_a_file_that_can_not_be_right(
    tmp_path: Path, edit: Callable[[onnx.ModelProto], None], code: str, words: str
) -> None:
    """Too old, too new, in parts, cut, in a circle, without numbers."""
    model = classifier()
    edit(model)
    error = refusal(saved(tmp_path, model))
    assert error.code == code
    assert words in f"{error.what} {error.why}"
    assert error.hint


def test_half_a_file(tmp_path: Path) -> None:
    """And none, and one of something else."""
    path = saved(tmp_path, classifier())
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"\x08\x07", b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        assert refusal(path).code in ("onnx.unreadable", "onnx.invalid")


def test_a_newer_writer_of_known_operators(tmp_path: Path) -> None:
    """A file's IR version grows with its writer's release; what this one adds isn't used."""
    model = classifier()
    model.ir_version = onnx.IR_VERSION + 3
    assert convert_recipe(recipe_for(str(saved(tmp_path, model))), ["fp32"])


def test_constants_that_would_not_fit_the_memory(tmp_path: Path) -> None:
    """A node of constants may ask for any number of numbers."""
    nodes = [helper.make_node("ConstantOfShape", ["huge"], ["c"], name="bomb"), one("Add", "c")]
    error = refusal(saved(tmp_path, graph(nodes, {"huge": np.int64([1 << 40, 1 << 20])})))
    assert (error.code, "'bomb'" in error.what) == ("source.unknown_op", True)


def test_options_that_it_has_not_got(tmp_path: Path) -> None:
    """A graph has no signatures to choose from."""
    with pytest.raises(UsageError, match="--signature"):
        recipe_for(str(saved(tmp_path, classifier())), signatures=["a"])


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file goes in, its variants come out."""
    from harness.cli.convert import convert

    convert(str(saved(tmp_path, classifier())), tmp_path / "out", calibrate="noise", as_json=True)
    names = {"net_fp32.tflite", "net_fp16.tflite", "net_dynamic.tflite", "net_int8.tflite", "net_int16x8.tflite"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert {row["variant"] for row in json.loads(capsys.readouterr().out)} == {
        name.removeprefix("net_").removesuffix(".tflite") for name in names
    }
