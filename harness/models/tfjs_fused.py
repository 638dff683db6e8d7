"""TensorFlow.js' own operators, written out in TensorFlow's: fused convolutions and products, and Prelu.

tfjs-converter's grappler pass and its `fuse_prelu` and `fuse_depthwise_conv2d` rewriters make them; TensorFlow's
kernels know some of them, and TensorFlow Lite's converter none. It fuses the parts again by itself.
"""

from __future__ import annotations

from typing import Any

from harness.errors import ModelError

_STRIDED = ("T", "strides", "padding", "explicit_paddings", "data_format", "dilations")
_BASES = {
    "_FusedConv2D": ("Conv2D", _STRIDED),
    "FusedConv2D": ("Conv2D", _STRIDED),
    "FusedDepthwiseConv2dNative": ("DepthwiseConv2dNative", _STRIDED),
    "_FusedDepthwiseConv2dNative": ("DepthwiseConv2dNative", _STRIDED),
    "_FusedMatMul": ("MatMul", ("T", "transpose_a", "transpose_b")),
}
_ACTIVATIONS = ("Relu", "Relu6", "Elu", "Sigmoid", "Tanh", "LeakyRelu", "Prelu")
_NOTHING = "NoOp"
_FLOAT = 1  # DT_FLOAT of tensorflow/core/framework/types.proto


def written_out(graph: Any, where: str) -> Any:
    """The GraphDef without fused operators; what a node gave, the last of its parts gives under the node's name.

    Raises:
        ModelError: `tfjs.fused` naming the node and the part that isn't known.
    """
    plain = type(graph)()
    plain.versions.CopyFrom(graph.versions)
    plain.library.CopyFrom(graph.library)
    for node in graph.node:
        if node.op in _BASES:
            _unfuse(node, plain, where)
        elif node.op == "Prelu" and len(node.input) == 2:
            node.attr["T"].type = _FLOAT  # tfjs-converter gives it none: JavaScript has but one kind of floats
            _prelu(plain, node.name, node.input[0], node.input[1], node.attr["T"])
        else:
            plain.node.add().CopyFrom(node)
    return plain


def _unfuse(node: Any, plain: Any, where: str) -> None:
    base, kept = _BASES[node.op]
    parts = [part.decode() for part in node.attr["fused_ops"].list.s if part.decode() != _NOTHING]
    arguments = list(node.input)[2:]
    result = node.name if not parts else f"{node.name}/{base}"
    made = plain.node.add(name=result, op=base, input=list(node.input)[:2])
    for name in kept:
        if name in node.attr:
            made.attr[name].CopyFrom(node.attr[name])
    dtype = node.attr["T"]
    for place, part in enumerate(parts):
        takes_argument = part in ("BiasAdd", "Prelu")
        if part not in ("BiasAdd", *_ACTIVATIONS) or (takes_argument and not arguments):
            raise ModelError(
                "tfjs.fused",
                f"{where}: node '{node.name}' fuses {node.op} with {part}, which isn't known here",
                why=f"known are BiasAdd and {', '.join(_ACTIVATIONS)}",
                hint="convert the model again with tensorflowjs_converter, without its graph optimisation",
            )
        name = node.name if place == len(parts) - 1 else f"{node.name}/{part}"
        if part == "Prelu":
            _prelu(plain, name, result, arguments.pop(0), dtype)
        elif part == "BiasAdd":
            added = plain.node.add(name=name, op="BiasAdd", input=[result, arguments.pop(0)])
            added.attr["T"].CopyFrom(dtype)
            if "data_format" in node.attr:
                added.attr["data_format"].CopyFrom(node.attr["data_format"])
        else:
            active = plain.node.add(name=name, op=part, input=[result])
            active.attr["T"].CopyFrom(dtype)
            if part == "LeakyRelu" and "leakyrelu_alpha" in node.attr:
                active.attr["alpha"].f = node.attr["leakyrelu_alpha"].f
        result = name


def _prelu(plain: Any, name: str, value: str, alpha: str, dtype: Any) -> None:
    """relu(x) - alpha · relu(-x): the form that TensorFlow Lite's converter makes PRELU of."""
    steps = [
        (f"{name}/positive", "Relu", [value]),
        (f"{name}/minus", "Neg", [value]),
        (f"{name}/negative", "Relu", [f"{name}/minus"]),
        (f"{name}/minus_alpha", "Neg", [alpha]),
        (f"{name}/scaled", "Mul", [f"{name}/minus_alpha", f"{name}/negative"]),
        (name, "AddV2", [f"{name}/positive", f"{name}/scaled"]),
    ]
    for each, op, inputs in steps:
        plain.node.add(name=each, op=op, input=inputs).attr["T"].CopyFrom(dtype)
