"""An ONNX graph as a concrete function, node by node; what depends on constants alone is worked out now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from harness.errors import HarnessError, ModelError, UsageError
from harness.models.graphs import Built, fixed_specs, frozen
from harness.models.onnx_call import Call
from harness.models.onnx_file import OnnxFile, single
from harness.models.onnx_ops import OPERATORS
from harness.models.onnx_value import CHANNELS_LAST, Unsupported, Value, plain_value
from harness.models.source_card import OnnxSource
from harness.strict_yaml import did_you_mean

if TYPE_CHECKING:
    import onnx

_OWN_DOMAINS = ("", "ai.onnx")
_STEPS = ("DequantizeLinear", "QuantizeLinear")  # whose reference implementation knows opset 19 and later only
_DICE = ("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
Known = dict[str, "Value | NDArray[Any]"]


def from_onnx(file: OnnxFile, source: OnnxSource, where: str) -> Built:
    """The graph in TensorFlow's operators, NHWC inside; tensors have the names of ONNX' values as far as they can.

    A shape in the source may replace one that the file fixes, as far as the graph's operators let it.

    Raises:
        UsageError: `source.input_shape`, `source.output`.
        ModelError: `source.unknown_op` naming operator, node and opset, for an operator, or a use of one, that isn't
            known; `source.shape` for a free dimension.
    """
    import tensorflow as tf

    wanted = _outputs(file, source, where)
    specs = fixed_specs([_spec(each, source) for each in file.inputs], source.input_shapes, where)
    taken: list[Any] = []
    given: list[Any] = []

    def build() -> None:
        known: Known = dict(file.constants)
        for each, spec in zip(file.inputs, specs, strict=True):
            taken.append(tf.compat.v1.placeholder(spec.dtype, spec.shape, spec.name))
            value = plain_value(taken[-1])
            known[each.name] = Value(taken[-1], CHANNELS_LAST) if _last(source, value) else value
        makers = {name: node.op_type for node in file.nodes for name in node.output}
        for node in file.nodes:
            with tf.name_scope(f"{_plain(_title(node))}/"):
                known[node.output[0]] = _run(node, known, makers, file.opset, where)
        given.extend(tf.identity(_given_out(known[name], source), name=_plain(name)) for name in wanted)

    try:
        wrapped = tf.compat.v1.wrap_function(build, [])  # traces it once
    except ModelError as error:
        if not source.input_shapes:
            raise
        what = f"{where}: the graph can't be built with {source.input_shapes}"
        hint = "the sides that its operators fix, as an image's channels, have to stay"
        raise UsageError("source.input_shape", what, why=f"{error.what}: {error.why}", hint=hint) from error
    return frozen(wrapped.prune(taken, given), specs)


def _run(node: onnx.NodeProto, known: Known, makers: Mapping[str, str], opset: int, where: str) -> Any:
    inputs = tuple(known[name] if name else None for name in node.input)
    runs = any(isinstance(each, Value) for each in inputs)
    if node.domain not in _OWN_DOMAINS or node.op_type in _DICE or (runs and node.op_type not in OPERATORS):
        raise _unknown(node, opset, where, "it isn't among the operators that are known here")
    if len([name for name in node.output if name]) > 1 and node.op_type != "Dropout":
        raise _unknown(node, opset, where, f"it has {len(node.output)} outputs, and one is known")
    try:
        if not runs and node.op_type not in _STEPS:
            return _folded(node, inputs, opset)
        made_by = tuple(makers.get(name, "") for name in node.input)
        return OPERATORS[node.op_type](Call(node, opset, inputs, made_by))
    except HarnessError:
        raise
    except Exception as error:
        why = str(error) if isinstance(error, Unsupported) else f"{type(error).__name__}: {error}"
        raise _unknown(node, opset, where, why) from error


def _folded(node: onnx.NodeProto, inputs: tuple[Any, ...], opset: int) -> NDArray[Any]:
    """What a node of constants gives, by ONNX' own reference implementation."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    given = {name: values for name, values in zip(node.input, inputs, strict=True) if name}
    taken = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape)
        for name, values in given.items()
    ]
    graph = helper.make_graph([node], "constants", taken, [helper.make_empty_tensor_value_info(node.output[0])])
    outputs: Any = ReferenceEvaluator(graph, opsets={"": opset}).run(None, given)
    return single(outputs[0])


def _unknown(node: onnx.NodeProto, opset: int, where: str, why: str) -> ModelError:
    domain = "" if node.domain in _OWN_DOMAINS else f"{node.domain}."
    return ModelError(
        "source.unknown_op",
        f"{where}: node '{_title(node)}' is a {domain}{node.op_type} of opset {opset} that can't be taken over",
        why=why,
        hint="build it from other operators before the export (docs/sources.md lists those that are known), choose outputs "
        "before it and do the rest in the app, or give the Keras model or SavedModel that it came from",
    )


def _outputs(file: OnnxFile, source: OnnxSource, where: str) -> tuple[str, ...]:
    names = [name for node in file.nodes for name in node.output if name]
    for name in source.outputs:
        if name not in names:
            what = f"{where}: no value '{name}' to give out{did_you_mean(name, names)}"
            raise UsageError("source.output", what, hint=f"its outputs are {', '.join(file.outputs)}")
        if source.outputs.count(name) > 1:
            raise UsageError("source.output", f"{where}: output '{name}' is named twice")
    return source.outputs or file.outputs


def _spec(each: Any, source: OnnxSource) -> Any:
    import tensorflow as tf

    shape = each.shape
    if source.channels_last and shape is not None and len(shape) == len(CHANNELS_LAST):
        shape = tuple(shape[axis] for axis in CHANNELS_LAST)
    if _plain(each.name) in source.input_shapes and shape is not None:
        shape = (None,) * len(shape)
    return tf.TensorSpec(shape, tf.as_dtype(each.dtype), name=_plain(each.name))


def _last(source: OnnxSource, value: Value) -> bool:
    return source.channels_last and len(value.order) == len(CHANNELS_LAST)


def _given_out(found: Value | NDArray[Any], source: OnnxSource) -> Any:
    value = found if isinstance(found, Value) else plain_value(found)
    return (value.channels_last() if _last(source, value) else value.plain()).tensor


def _title(node: onnx.NodeProto) -> str:
    return node.name or node.output[0]


def _plain(name: str) -> str:
    """A name that TensorFlow takes."""
    plain = re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", name)
    return plain if re.match(r"[A-Za-z0-9.]", plain) else f"v{plain}"
