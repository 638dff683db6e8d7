"""Max pools that are padded with the lowest number there is, padded with their own reflection instead.

A pool whose window reaches past the edge by no more than half of itself has what is mirrored there in it already: the
answer is the same. But the lowest number gives an integer model a scale that nothing else survives, and GpuDelegate's
OpenGL ES has no padding with numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOWEST = -1e30  # what stands for minus infinity, in one way of writing it or another


@dataclass(frozen=True)
class _Padded:
    """A padding node, how far it pads each axis before and after, and the pool's window along them."""

    node: Any
    paddings: NDArray[np.int64]
    window: NDArray[np.int64]


def reflect_padded_pools(graph: Any, outputs: Collection[str]) -> None:
    """Change a GraphDef's padding nodes where the answer stays the same; none of them whose own is among `outputs`.

    The graph's inputs have their shapes.
    """
    found = [one for one in _padded(graph) if _tensor(one.node.name) not in outputs]
    if not found:
        return
    import tensorflow as tf

    imported = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    for one in found:
        shape = imported.graph.get_tensor_by_name(_tensor(one.node.input[0])).shape
        inside = shape.rank == len(one.paddings) and all(
            side is not None and max(padding) < side for side, padding in zip(shape, one.paddings, strict=True)
        )
        if inside and bool((2 * one.paddings.max(axis=1) <= one.window - 1).all()):
            one.node.op = "MirrorPad"
            del one.node.input[2]
            one.node.attr["mode"].s = b"REFLECT"


def _padded(graph: Any) -> Iterator[_Padded]:
    """Every PadV2 with the lowest number that one max pool takes, through transpositions or at once."""
    nodes = {node.name: node for node in graph.node}
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for source in node.input:
            users.setdefault(source.partition(":")[0], []).append(node)
    for node in graph.node:
        value = _constant(nodes, node, 2) if node.op == "PadV2" else None
        paddings = _constant(nodes, node, 1) if value is not None and value.max() <= _LOWEST else None
        if paddings is None:
            continue
        axes, last = list(range(len(paddings))), node
        while len(users.get(last.name, ())) == 1:
            last = users[last.name][0]
            order = _constant(nodes, last, 1) if last.op == "Transpose" else None
            if order is None:
                break
            axes = [axes[axis] for axis in order]
        if last.op == "MaxPool" and last.attr["padding"].s == b"VALID":
            window = np.ones(len(axes), np.int64)
            window[axes] = list(last.attr["ksize"].list.i)
            yield _Padded(node, paddings, window)


def _constant(nodes: Mapping[str, Any], node: Any, place: int) -> NDArray[Any] | None:
    import tensorflow as tf

    if len(node.input) <= place:
        return None
    source = nodes.get(node.input[place].partition(":")[0])
    if source is None or source.op != "Const":
        return None
    value: NDArray[Any] = tf.make_ndarray(source.attr["value"].tensor)
    return value


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"
