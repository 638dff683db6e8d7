"""Which nodes GpuDelegate 2.16.1 takes, starts on, and computes wrongly without an error, told from the file alone.

The delegate keeps every tensor as batch × height × width × channels: the first side of any shape is the batch, the last
has the channels. Most of what is wrong comes of two shapes that mean different axes by the same place.
Source of the facts: the corpus, seen on the virtual Pixel (docs/gpu_wrong.md); what isn't known here is not foreseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.models.gpu_start import APIS, SPREADING, Api, bhwc, start_refusal, taken_nodes
from harness.models.gpu_support import Prediction, Refused, predict_graph
from harness.models.options import Node, NodeGraph, Operand, read_nodes

_POOLS: Final = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})
_AXES: Final[Mapping[int, Sequence[int]]] = {0: (), 1: (0,), 2: (0, 3), 3: (0, 2, 3), 4: (0, 1, 2, 3)}
"""By rank: which of batch, height, width, channels each dimension is."""


def wrong_nodes(path: Path) -> Mapping[Api, tuple[Refused, ...]]:
    """For each API the nodes that it computes wrongly; none where it refuses to start.

    Raises:
        ModelError: as `harness.models.inspect.inspect`.
    """
    graph = read_nodes(path)
    prediction = predict_graph(graph)
    return {api: wrong_in(graph, prediction, api) for api in APIS}


def wrong_in(graph: NodeGraph, prediction: Prediction, api: Api) -> tuple[Refused, ...]:
    """As `wrong_nodes`, of nodes that have been read."""
    if start_refusal(graph, prediction, api):
        return ()
    taken = taken_nodes(graph, prediction)
    if api == "opencl":
        told = ((node, _OPENCL[node.name](node)) for node in taken if node.name in _OPENCL)
    else:
        told = ((node, _over_opengl(node)) for node in taken)
    return tuple(Refused(node.operation.index, node.name, reason) for node, reason in told if reason)


def _over_opengl(node: Node) -> str:
    if node.name == "PADV2":
        return "pads with 0, whatever the number is"
    if node.name == "CONV_2D" and node.inputs[0].shape[3:] != node.inputs[1].shape[3:]:
        return "" if node.inputs[1].shape[3] == 1 else "groups of channels"
    if node.name in _POOLS | {"DEPTHWISE_CONV_2D"} and bhwc(node.inputs[0])[0] != 1:
        return "more than one image in the batch"
    return _broadcast(node) if node.name in SPREADING and len(node.runtime) == 1 else ""


def _broadcast(node: Node) -> str:
    """Sides of one place have to mean one axis; a sum or a product is besides only as large as what it goes through."""
    if len(node.inputs) != 2 or not all(_meets(operand, node.outputs[0]) for operand in node.inputs):
        return f"sides of one place mean other axes: {_shapes(node)}" if len(node.inputs) == 2 else ""
    first, *second = (bhwc(operand) for operand in (node.runtime if len(node.runtime) == 1 else node.inputs))
    result = bhwc(node.outputs[0])
    spread = second == [result] and first == (1, 1, 1, result[3])
    if node.name in {"ADD", "MUL"} and first != result and not spread:
        return f"larger than what it goes through: {_shapes(node)}"
    return ""


def _meets(operand: Operand, result: Operand) -> bool:
    """Whether each side of an operand is taken for the axis that the result's side of the same place is taken for."""
    mine = (3, 2, 1, 0)[: operand.rank] if operand.constant else tuple(reversed(_AXES[operand.rank]))
    wanted = tuple(reversed(_AXES[result.rank]))
    sides = zip(reversed(operand.shape), mine, wanted, strict=False)
    return all(side == 1 or axis == other for side, axis, other in sides)


def _shapes(node: Node) -> str:
    return " and ".join("×".join(map(str, operand.shape)) or "a number" for operand in node.inputs)


def _padding(node: Node) -> str:
    source, paddings = node.inputs[0], node.inputs[1]
    if source.rank == 3 and (bhwc(source)[0] != 1 or any(paddings.values[:2])):
        return "of three dimensions, and the first is taken for the batch"
    return ""


def _softmax(node: Node) -> str:
    return "of one dimension, which is taken for the batch" if node.inputs[0].rank == 1 else ""


def _running_sum(node: Node) -> str:
    source = node.inputs[0]
    first = node.inputs[1].values in ((0,), (-source.rank,))
    return "along the first dimension, which is taken for the batch" if first and bhwc(source)[0] != 1 else ""


def _mean(node: Node) -> str:
    source, result = node.inputs[0], node.outputs[0]
    axes = {_AXES[source.rank][axis % source.rank] for axis in node.inputs[1].values}
    computed = tuple(1 if axis in axes else side for axis, side in enumerate(bhwc(source)))
    return "" if computed == bhwc(result) else "dimensions are dropped, and those left mean other axes"


def _product(node: Node) -> str:
    return "a factor is transposed" if node.option("adj_x") or node.option("adj_y") else ""


def _choice(node: Node) -> str:
    return "truth values choose" if node.inputs[0].dtype == "bool" else ""


_OPENCL: Final[Mapping[str, Callable[[Node], str]]] = {
    "BATCH_MATMUL": _product,
    "CUMSUM": _running_sum,
    "MEAN": _mean,
    "PAD": _padding,
    "PADV2": _padding,
    "SELECT": _choice,
    "SELECT_V2": _choice,
    "SOFTMAX": _softmax,
    **dict.fromkeys(SPREADING, _broadcast),
}
