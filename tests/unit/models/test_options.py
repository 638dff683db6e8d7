"""Options and constness of nodes, read from files that were written by hand; TensorFlow's own schema is the judge."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.graph_writer import NewModel, NewNode, NewTensor, to_bytes
from harness.models.inspect import inspect
from harness.models.options import OPTIONS, read_nodes

SCHEMA_NAMES = {
    "activation": "fusedActivationFunction",
    "stride_w": "strideW",
    "stride_h": "strideH",
    "filter_w": "filterWidth",
    "filter_h": "filterHeight",
    "dilation_w": "dilationWFactor",
    "dilation_h": "dilationHFactor",
    "kernel": "kernelType",
}
COUNTS = {"PACK": "valuesCount", "UNPACK": "num", "SPLIT": "numSplits"}


def model_with(node: NewNode) -> NewModel:
    """A model of one node from `in` and `weights` to `out`."""
    tensors = (
        NewTensor("in", (1, 2), scale=0.5, zero_point=3),
        NewTensor("weights", (2,), values=np.array([1.5, -2.5], np.float32)),
        NewTensor("out", (1, 2)),
    )
    return NewModel("hand-made", tensors, (node,), ("in",), ("out",))


def written(model: NewModel, folder: Path) -> Path:
    """The model as a file."""
    path = folder / "model.tflite"
    path.write_bytes(to_bytes(model))
    return path


@pytest.mark.parametrize("operator", sorted(OPTIONS))
def test_options_are_where_the_schema_has_them(operator: str) -> None:
    """Every option that is written under our name is read under TensorFlow's own, with its value."""
    from tensorflow_lite_support.metadata import schema_py_generated as schema

    values = {name: 1 + place for place, name in enumerate(OPTIONS[operator].fields)}
    data = to_bytes(model_with(NewNode(operator, ("in", "weights"), ("out",), values)))
    found = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0)).subgraphs[0].operators[0].builtinOptions
    for name, value in values.items():
        camel = re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)
        own = COUNTS[operator] if name == "count" else SCHEMA_NAMES.get(name, camel)
        assert float(getattr(found, own)) == (1 if isinstance(getattr(found, own), bool) else value)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Names, shapes, quantisation, constants, versions and options survive the way through a file."""
    path = written(model_with(NewNode("ADD", ("in", "weights"), ("out",), {"activation": 1}, version=2)), tmp_path)
    (node,) = read_nodes(path).nodes
    assert (node.name, node.operation.version, node.option("activation")) == ("ADD", 2, 1)
    assert [operand.constant for operand in node.inputs] == [False, True]
    assert [operand.number for operand in node.runtime] == [0]
    (source,) = inspect(path).main.input_tensors
    assert (source.shape, source.scale, source.zero_point) == ((1, 2), 0.5, 3)


def test_left_out_options_have_the_schemas_defaults(tmp_path: Path) -> None:
    """A dilation that isn't written is 1, a stride 0."""
    (node,) = read_nodes(written(model_with(NewNode("CONV_2D", ("in", "weights"), ("out",))), tmp_path)).nodes
    assert (node.option("dilation_w"), node.option("stride_w")) == (1, 0)


def test_constants_are_aligned() -> None:
    """TensorFlow Lite reads constants in place: they stand at multiples of 16 bytes."""
    data = to_bytes(model_with(NewNode("ADD", ("in", "weights"), ("out",))))
    assert data.index(np.array([1.5, -2.5], "<f4").tobytes()) % 16 == 0


def test_cut_file_is_told(tmp_path: Path) -> None:
    """A file that was cut anywhere raises the reader's own error, never another."""
    data = to_bytes(model_with(NewNode("ADD", ("in", "weights"), ("out",), {"activation": 1})))
    path = tmp_path / "cut.tflite"
    for length in range(0, len(data) - 8, 7):
        path.write_bytes(data[:length])
        with pytest.raises(ModelError):
            read_nodes(path)
