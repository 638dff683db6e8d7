"""A TensorFlow.js graph model as a concrete function: its graph imported, its constants filled in, its inputs fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.errors import ModelError, UsageError
from harness.models.graphs import Built, fixed_specs, frozen
from harness.models.pool_padding import reflect_padded_pools
from harness.models.source_card import InputShapes
from harness.models.tfjs import TfjsModel
from harness.models.tfjs_fused import written_out
from harness.strict_yaml import did_you_mean

_AGAIN = "the graph was cut or edited: convert the model again"
_LOOPS = ("Enter", "Exit", "NextIteration", "Switch", "Merge", "LoopCond")


def from_tfjs(model: TfjsModel, shapes: InputShapes, outputs: Sequence[str], where: str) -> Built:
    """The model's graph; nodes keep their names, and so do the `.tflite` file's tensors as far as its converter lets them.

    `outputs` are tensors of the graph (`node`, or `node:1`), in the order wanted; without them those of the file's
    signature are taken, and where it has none, those that no node takes. A shape may replace one that the graph fixes.

    Raises:
        UsageError: `source.input_shape`, `source.output`.
        ModelError: `tfjs.graph` for what is no graph, a node without its input, a circle, or shapes that don't fit;
            `tfjs.weight` for a constant without its numbers; `tfjs.fused`; `tfjs.loop`; `source.unknown_op`.
    """
    import tensorflow as tf

    graph = written_out(_filled(_parsed(model, where), model, where), where)
    _require_sound(graph, where)
    inputs = _inputs(graph, model, shapes, where)
    wanted = _outputs(graph, model, outputs, where)
    for node in graph.node:
        for attribute in ("_output_shapes", "_class"):
            node.attr.pop(attribute, None)
        if node.name in inputs:
            node.attr["shape"].shape.CopyFrom(inputs[node.name].shape.as_proto())
    try:
        reflect_padded_pools(graph, wanted)
        wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
        tensor = wrapped.graph.get_tensor_by_name
        function = wrapped.prune([tensor(f"{name}:0") for name in inputs], [tensor(name) for name in wanted])
    except (ValueError, KeyError) as error:
        raise ModelError(
            "tfjs.graph",
            f"{where}: TensorFlow can't import the graph",
            why=str(error),
            hint="a shape that was chosen for an input may not go with sizes that the graph holds"
            if shapes
            else "convert the model again: it may be older than this TensorFlow, or have been edited",
        ) from error
    return frozen(function, list(inputs.values()))


def _parsed(model: TfjsModel, where: str) -> Any:
    from google.protobuf import json_format
    from tensorflow.core.framework import graph_pb2

    try:
        return json_format.ParseDict(model.topology, graph_pb2.GraphDef(), ignore_unknown_fields=True)
    except (json_format.ParseError, TypeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        what = f"{where}: 'modelTopology' is no graph of TensorFlow's"
        raise ModelError("tfjs.graph", what, why=why, hint=_AGAIN) from error


def _filled(graph: Any, model: TfjsModel, where: str) -> Any:
    """Constants with their numbers in them."""
    import tensorflow as tf

    for node in graph.node:
        if node.op != "Const":
            continue
        if node.name in model.weights:
            dtype = tf.as_dtype(node.attr["dtype"].type).as_numpy_dtype
            values = model.weights[node.name]
            if values.dtype.kind != np.dtype(dtype).kind:  # JavaScript has no int64, so it comes as int32
                what = f"{where}: constant '{node.name}' is of {np.dtype(dtype)}, and its weight of {values.dtype}"
                raise ModelError("tfjs.weight", what, hint="model.json and its shards don't belong together")
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values.astype(dtype)))
        elif not _has_numbers(node.attr["value"].tensor):
            what = f"{where}: no shard has the numbers of constant '{node.name}'"
            raise ModelError("tfjs.weight", what, hint="the manifest is incomplete: convert the model again")
    return graph


def _has_numbers(tensor: Any) -> bool:
    shape = [side.size for side in tensor.tensor_shape.dim]
    return (
        0 in shape
        or bool(tensor.tensor_content)
        or any(field.name.endswith("_val") for field, _ in tensor.ListFields())
    )


def _require_sound(graph: Any, where: str) -> None:
    """Every operator known, every input there, no circle: TensorFlow's own words for these name no remedy."""
    from tensorflow.python.framework import op_def_registry

    nodes: dict[str, Any] = {}
    functions = {function.signature.name for function in graph.library.function}
    for node in graph.node:
        if node.name in nodes:
            raise ModelError("tfjs.graph", f"{where}: two nodes are called '{node.name}'", hint=_AGAIN)
        nodes[node.name] = node
        if node.op in _LOOPS:
            raise ModelError(
                "tfjs.loop",
                f"{where}: node '{node.name}' ({node.op}) is control flow of TensorFlow 1",
                hint="convert the model again with tensorflowjs_converter --control_flow_v2=True",
            )
        if node.op not in functions and op_def_registry.get(node.op) is None:
            raise ModelError(
                "source.unknown_op",
                f"{where}: node '{node.name}' is a {node.op}, and TensorFlow has no such operator",
                why="it is a custom operator, registered in JavaScript, or of a newer TensorFlow",
                hint="build it from other operators before the model is converted to TensorFlow.js, or choose outputs "
                "before it and do the rest in the app",
            )
    _require_order(nodes, where)


def _require_order(nodes: Mapping[str, Any], where: str) -> None:
    """Kahn's algorithm: what can't be taken after its inputs stands in a circle."""
    waiting: dict[str, set[str]] = {}
    users: dict[str, list[str]] = {name: [] for name in nodes}
    for name, node in nodes.items():
        waiting[name] = {_node_of(source) for source in node.input}
        for source in waiting[name]:
            if source not in nodes:
                what = f"{where}: node '{name}' ({node.op}) takes '{source}', which isn't there"
                raise ModelError("tfjs.graph", what, hint=_AGAIN)
            users[source].append(name)
    ready = [name for name, sources in waiting.items() if not sources]
    while ready:
        done = ready.pop()
        for user in users[done]:
            waiting[user].discard(done)
            if not waiting[user]:
                ready.append(user)
    if stuck := [name for name, sources in waiting.items() if sources]:
        what = f"{where}: node '{stuck[0]}' depends on itself, in a circle of {len(stuck)} nodes at most"
        raise ModelError("tfjs.graph", what, hint=_AGAIN)


def _inputs(graph: Any, model: TfjsModel, shapes: InputShapes, where: str) -> dict[str, Any]:
    """The specs by node, in the signature's order."""
    import tensorflow as tf

    placeholders = {node.name: node for node in graph.node if node.op == "Placeholder"}
    names = [_node_of(name) for name in model.inputs] or list(placeholders)
    specs = []
    for name in names:
        if name not in placeholders:
            what = f"{where}: its signature has an input '{name}', and the graph hasn't"
            raise ModelError("tfjs.graph", what, hint=_AGAIN)
        shape = tf.TensorShape(placeholders[name].attr["shape"].shape)
        if name in shapes and shape.rank is not None:
            shape = tf.TensorShape([None] * shape.rank)
        specs.append(tf.TensorSpec(shape, tf.as_dtype(placeholders[name].attr["dtype"].type), name=name))
    return dict(zip(names, fixed_specs(specs, shapes, where), strict=True))


def _outputs(graph: Any, model: TfjsModel, wanted: Sequence[str], where: str) -> tuple[str, ...]:
    nodes = {node.name: node for node in graph.node}
    taken = {_node_of(source) for node in graph.node for source in node.input}
    loose = [
        name for name, node in nodes.items() if name not in taken and node.op not in ("NoOp", "Placeholder", "Const")
    ]
    chosen = [name if ":" in name else f"{name}:0" for name in wanted or model.outputs or loose]
    for name in chosen:
        if _node_of(name) not in nodes:
            known = list(nodes) if wanted else []
            what = f"{where}: no tensor '{name}' to give out{did_you_mean(_node_of(name), known)}"
            raise UsageError("source.output", what, hint=f"its outputs are {', '.join(model.outputs or loose)}")
        if chosen.count(name) > 1:
            raise UsageError("source.output", f"{where}: output '{name}' is named twice")
    return tuple(chosen)


def _node_of(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]
