"""Small ONNX models, and what ONNX' own reference implementation says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from harness.models import source
from harness.models.quiet import tensorflow
from harness.models.recipe import recipe_for

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
