"""What GpuDelegate takes, predicted: each rule by a model that it is about, partitions, half-float weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.corpus import corpus
from harness.models.gpu_rules import RULES
from harness.models.gpu_support import Prediction, predict
from harness.models.graph_writer import NewModel, NewNode, NewTensor, to_bytes
from harness.models.operators import OPERATORS

IMAGE = (1, 4, 5, 6)
CASES = {case.name: case for case in corpus()}


def prediction_of(model: NewModel, folder: Path, *, partitions: int = 1) -> Prediction:
    """What is predicted of a model."""
    path = folder / "model.tflite"
    path.write_bytes(to_bytes(model))
    return predict(path, partitions=partitions)


def one_node(
    operator: str, *, dtype: str = "float32", version: int = 1, **options: float
) -> NewModel:  # fmt: skip
    """A model of one node of one operand."""
    tensors = (NewTensor("in", IMAGE, dtype), NewTensor("out", IMAGE, dtype))
    return NewModel("one", tensors, (NewNode(operator, ("in",), ("out",), options, version),), ("in",), ("out",))


def half_weights(*, interrupted: bool = False, late: bool = False) -> NewModel:
    """ADD of an input and weights unpacked from half floats; `interrupted` puts an operator of the CPU behind it.

    `late` unpacks them after the first operator.
    """
    tensors = [
        NewTensor("in", IMAGE),
        NewTensor("half", (6,), "float16", np.arange(6, dtype=np.float16)),
        NewTensor("unpacked", (6,)),
        NewTensor("sum", IMAGE),
    ]
    nodes = [NewNode("DEQUANTIZE", ("half",), ("unpacked",)), NewNode("ADD", ("in", "unpacked"), ("sum",))]
    if late:
        tensors.append(NewTensor("positive", IMAGE))
        nodes[1] = NewNode("ADD", ("positive", "unpacked"), ("sum",))
        nodes.insert(0, NewNode("RELU", ("in",), ("positive",)))
    if interrupted:
        tensors.append(NewTensor("rounded", IMAGE))
        nodes.append(NewNode("ROUND", ("sum",), ("rounded",)))
    return NewModel("half", tuple(tensors), tuple(nodes), ("in",), (nodes[-1].outputs[0],))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("round", "NewOperationParser"),
        ("relu-rank5", "5 dimensions"),
        ("mul-outer", "larger in every dimension"),
        ("pad-rank2", "paddings are 2×2"),
        ("slice-rank2", "2 dimensions"),
        ("softmax-beta2", "beta is 2"),
        ("depthwise-multiplier-2", "depth multiplier 2"),
    ],
)
def test_refused_with_its_reason(name: str, reason: str) -> None:
    """A node that the delegate leaves is named with the rule that it breaks."""
    found = predict(CASES[name].write())
    assert found.taken == ()
    (refused,) = found.refused
    assert reason in refused.reason


@pytest.mark.parametrize(
    "name",
    ["relu-rank4", "add-rank2-rank3", "pad-rank3", "gelu", "greater-select", "conv", "gather-computed", "gather-table"],
)
def test_taken_whole(name: str) -> None:
    """Models that break no rule are taken whole, those that are computed wrongly too."""
    found = predict(CASES[name].write())
    assert (len(found.taken), found.refused) == (found.total, ())


def test_newer_version_is_refused(tmp_path: Path) -> None:
    """RELU is known up to version 2."""
    assert prediction_of(one_node("RELU", version=2), tmp_path).share == 1
    (refused,) = prediction_of(one_node("RELU", version=3), tmp_path).refused
    assert "CheckMaxSupportedOpVersion" in refused.reason


@pytest.mark.parametrize(
    ("dtype", "taken"), [("float32", 1), ("int8", 1), ("uint8", 1), ("int16", 0), ("int32", 0), ("bool", 0)]
)
def test_types_that_the_delegate_keeps(tmp_path: Path, dtype: str, taken: int) -> None:
    """Floats and bytes are taken; other integers and truth values aren't."""
    assert len(prediction_of(one_node("RELU", dtype=dtype), tmp_path).taken) == taken


def test_node_without_options_is_refused(tmp_path: Path) -> None:
    """Pooling without sides and strides fits no rule."""
    assert prediction_of(one_node("MAX_POOL_2D"), tmp_path).taken == ()


def test_unknown_activation_is_refused(tmp_path: Path) -> None:
    """Fused sign bits are beyond the delegate, fused RELU isn't."""
    sides = {"stride_w": 1, "stride_h": 1, "filter_w": 1, "filter_h": 1}
    assert prediction_of(one_node("MAX_POOL_2D", **sides, activation=1), tmp_path).share == 1
    assert prediction_of(one_node("MAX_POOL_2D", **sides, activation=5), tmp_path).share == 0


def test_only_the_largest_partition_is_taken(tmp_path: Path) -> None:
    """Of RELU | ROUND | LOGISTIC RELU the delegate takes the last two, and all three when two partitions are allowed."""
    model = CASES["around-the-cpu"].model
    one = prediction_of(model, tmp_path)
    assert (one.taken, one.partitions) == ((2, 3), ((2, 3), (0,)))
    assert [(node.index, "largest partition" in node.reason) for node in one.refused] == [(0, True), (1, False)]
    assert prediction_of(model, tmp_path, partitions=2).taken == (0, 2, 3)


def test_a_branch_of_the_cpu_ends_a_partition() -> None:
    """ADD needs the CPU's branch, so it isn't in one partition with the other branch."""
    assert predict(CASES["beside-the-cpu"].write()).partitions == ((0, 1), (3,))


def test_unpacked_half_floats_go_along_when_nothing_else_is_left(tmp_path: Path) -> None:
    """DEQUANTIZE of constants counts as taken when all the rest is, and is left when something else is left."""
    assert prediction_of(half_weights(), tmp_path).taken == (0, 1)
    left = prediction_of(half_weights(interrupted=True), tmp_path)
    assert left.taken == (1,)
    assert [node.name for node in left.refused] == ["DEQUANTIZE", "ROUND"]


def test_it_does_not_matter_where_half_floats_are_unpacked(tmp_path: Path) -> None:
    """An operator before DEQUANTIZE is no partition of its own when everything is taken, and is one when something isn't."""
    whole = prediction_of(half_weights(late=True), tmp_path)
    assert (whole.taken, whole.partitions, whole.refused) == ((0, 1, 2), ((0, 1, 2),), ())
    assert len(prediction_of(half_weights(late=True, interrupted=True), tmp_path).taken) == 1


def test_truth_values_need_a_use() -> None:
    """GREATER is taken before a cast, and a cast that is the model's output isn't."""
    found = predict(CASES["greater-cast"].write())
    assert found.taken == (0,)
    assert [node.name for node in found.refused] == ["CAST"]


def test_rules_are_of_operators_that_exist() -> None:
    """A misspelt operator would be refused for ever."""
    assert set(RULES) <= set(OPERATORS)


def test_not_a_model(tmp_path: Path) -> None:
    """A file that is no model is told as `harness inspect` tells it."""
    path = tmp_path / "x.tflite"
    path.write_bytes(b"no model at all")
    with pytest.raises(ModelError, match="not a TensorFlow Lite model"):
        predict(path)
