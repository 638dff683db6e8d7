"""ONNX files in: whole models, and how what isn't known, or can't be right, is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from harness.errors import UsageError
from harness.models.convert import convert_recipe
from harness.models.inspect import inspect
from harness.models.recipe import recipe_for
from harness.models.source_card import OnnxSource
from tests.unit.models.onnx_graphs import IMAGE, NUMBERS, Arrays, compared, graph, normal, one, saved
from tests.unit.models.running import answers, refusal


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
