"""An ONNX file, read and checked: nodes in their order, constants as arrays, what goes in and comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError

if TYPE_CHECKING:
    import onnx

OLDEST_OPSET = 7  # before it, operators broadcast by an attribute of theirs
Sides = tuple[int | None, ...]


@dataclass(frozen=True)
class OnnxInput:
    """An input: NumPy's name of its type, its shape with None for a free side, or None for one of any rank."""

    name: str
    dtype: str
    shape: Sides | None


@dataclass(frozen=True)
class OnnxFile:
    """A graph whose nodes come after what they take."""

    nodes: tuple[onnx.NodeProto, ...]
    constants: Mapping[str, NDArray[Any]]
    inputs: tuple[OnnxInput, ...]
    outputs: tuple[str, ...]
    opset: int


def read_onnx(path: Path) -> OnnxFile:
    """The graph of an ONNX file.

    Raises:
        ModelError: `onnx.unreadable`; `onnx.external` for weights in files beside it; `onnx.opset`; `onnx.invalid`, with
            the words of ONNX's own checker, for a node without its input, a circle, an operator used wrongly.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except (OSError, DecodeError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not model.HasField("graph"):
        raise _unreadable(path, "it has no graph")
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ModelError(
                "onnx.external",
                f"{path} keeps the numbers of '{tensor.name}' in a file beside it",
                hint="write it as one file: onnx.save(onnx.load(path), path)",
            )
    opset = _opset(path, model)
    model.ir_version = min(model.ir_version, onnx.IR_VERSION)  # a newer one adds what isn't read here
    for each in model.graph.output:
        if each.type.HasField("tensor_type"):  # the checker wants a shape, which no runtime does
            each.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        hint = "export it again; onnx.checker.check_model says the same"
        raise ModelError("onnx.invalid", f"{path} is no valid ONNX graph", why=str(error), hint=hint) from error
    constants = {tensor.name: single(onnx.numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}
    return OnnxFile(
        nodes=tuple(model.graph.node),
        constants=constants,
        inputs=tuple(_input(path, each) for each in model.graph.input if each.name not in constants),
        outputs=tuple(each.name for each in model.graph.output),
        opset=opset,
    )


def single(values: NDArray[Any]) -> NDArray[Any]:
    """Half floats as floats: TensorFlow Lite computes in no other."""
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _opset(path: Path, model: onnx.ModelProto) -> int:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    found = next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 0)
    if not OLDEST_OPSET <= found <= newest:
        raise ModelError(
            "onnx.opset",
            f"{path} is of opset {found}, and {OLDEST_OPSET} to {newest} are read",
            hint="export it with opset_version=17, or use onnx.version_converter",
        )
    return int(found)


def _input(path: Path, info: onnx.ValueInfoProto) -> OnnxInput:
    import onnx

    kind = info.type.tensor_type
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    except KeyError as error:
        what = f"{path}: input '{info.name}' is no tensor of numbers"
        raise ModelError("onnx.invalid", what, hint="sequences and maps have no form in TensorFlow Lite") from error
    sides = tuple(side.dim_value if side.HasField("dim_value") else None for side in kind.shape.dim)
    name = "float32" if dtype == np.float16 else str(dtype)
    return OnnxInput(info.name, name, sides if kind.HasField("shape") else None)


def _unreadable(path: Path, why: str) -> ModelError:
    hint = (
        "give the file that torch.onnx.export or another exporter wrote; if it came by a download, it may be cut short"
    )
    return ModelError("onnx.unreadable", f"{path} can't be read as ONNX", why=why, hint=hint)
