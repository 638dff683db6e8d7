"""Which nodes of a model TensorFlow Lite 2.16.1's GpuDelegate takes, and why not the others.

The delegate asks three things of a node, in this order, and so does `refusal`: that the operator has a parser and its
version isn't too new (`NewOperationParser`, `CheckMaxSupportedOpVersion` in delegates/gpu/common/model_builder.cc), that
its operands and options fit the operator (`CheckGpuDelegateCompatibility` in tools/versioning/gpu_compatibility.cc; here
the rules of `harness.models.gpu_rules`), and that its runtime tensors have up to four dimensions and a type that the
delegate keeps (`GetOpsToReplace`, `IsAllAllowedTensors` in model_builder.cc). What became of it in the library that the
app carries is what the corpus checks (`harness corpus run`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.models.gpu_rules import COMPARISONS, ELEMENTWISE, RULES
from harness.models.options import Node, NodeGraph, read_nodes

DELEGATED_PARTITIONS: Final = 1
"""`max_delegated_partitions` of GpuDelegate's options, as the app leaves it."""
_MOST_DIMENSIONS = 4
_FLOATS = frozenset({"float32", "float16"})
_BYTES = frozenset(
    {"int8", "uint8"}
)  # taken as floats and rounded: experimental quantised models are allowed by default
_KEPT: Final = _FLOATS | _BYTES
# Newest version of each operator whose parser asks; the others take any.
_NEWEST: Final[Mapping[str, int]] = {
    "AVERAGE_POOL_2D": 2,
    "CONCATENATION": 2,
    "CONV_2D": 6,
    "CUMSUM": 1,
    "DENSIFY": 1,
    "DEPTHWISE_CONV_2D": 6,
    "DEQUANTIZE": 3,
    "FULLY_CONNECTED": 9,
    "GATHER": 1,
    "LEAKY_RELU": 2,
    "LSTM": 4,
    "MAX_POOL_2D": 2,
    "MIRROR_PAD": 2,
    "MUL": 3,
    "ONE_HOT": 1,
    "PAD": 2,
    "PADV2": 2,
    "PRELU": 1,
    "QUANTIZE": 2,
    "RELU": 2,
    "RELU6": 2,
    "RELU_N1_TO_1": 2,
    "RESHAPE": 1,
    "RESIZE_BILINEAR": 3,
    "RESIZE_NEAREST_NEIGHBOR": 3,
    "SELECT": 1,
    "SELECT_V2": 1,
    "SLICE": 2,
    "SOFTMAX": 2,
    "SPACE_TO_DEPTH": 2,
    "STRIDED_SLICE": 4,
    "TRANSPOSE": 4,
    "TRANSPOSE_CONV": 3,
} | dict.fromkeys(ELEMENTWISE, 2)
_MORE_INPUTS: Final[Mapping[str, frozenset[str]]] = {
    "CAST": frozenset({"bool", "int32"}),
    "GATHER": frozenset({"int32"}),
    "ONE_HOT": frozenset({"int32"}),
    "SELECT": frozenset({"bool"}),
    "SELECT_V2": frozenset({"bool"}),
}
_MORE_OUTPUTS: Final[Mapping[str, frozenset[str]]] = {"CAST": frozenset({"bool", "int32"})} | dict.fromkeys(
    COMPARISONS, frozenset({"bool"})
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A node that the delegate leaves to the CPU; `index` is its place in the graph."""

    index: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the delegate makes of a graph: nodes taken of all nodes, and why each of the others isn't.

    `partitions` are the runs of nodes that could be taken, largest first; only the first of them are.
    """

    taken: tuple[int, ...]
    total: int
    refused: tuple[Refused, ...]
    partitions: tuple[tuple[int, ...], ...]

    @property
    def share(self) -> float:
        """Nodes taken of all nodes, 0 to 1."""
        return len(self.taken) / self.total if self.total else 0.0


def predict(path: Path, *, partitions: int = DELEGATED_PARTITIONS) -> Prediction:
    """What GpuDelegate makes of a `.tflite` file's main graph, without a device.

    Raises:
        ModelError: as `harness.models.inspect.inspect`.
    """
    return predict_graph(read_nodes(path), partitions=partitions)


def predict_graph(graph: NodeGraph, *, partitions: int = DELEGATED_PARTITIONS) -> Prediction:
    """As `predict`, of nodes that have been read."""
    half = _half_constants(graph)
    unpacked = {node.outputs[0].number for node in graph.nodes if node.operation.index in half}
    refused: dict[int, Refused] = {}
    for node in graph.nodes:
        if node.operation.index in half:
            continue
        if reason := refusal(with_constants(node, unpacked), graph):
            refused[node.operation.index] = Refused(node.operation.index, node.name, reason)
    supported = {node.operation.index for node in graph.nodes} - half - set(refused)
    found = sorted(_partitions(graph, supported), key=len, reverse=True)
    if not refused:  # then all is taken, what unpacks half floats too, wherever it stands; otherwise none of that is
        found = [tuple(node.operation.index for node in graph.nodes)]
    taken = [index for partition in found[:partitions] for index in partition]
    left = {
        node.operation.index: Refused(node.operation.index, node.name, _left_out(node, half, partitions))
        for node in graph.nodes
        if node.operation.index not in taken and node.operation.index not in refused
    }
    return Prediction(
        taken=tuple(sorted(taken)),
        total=len(graph.nodes),
        refused=tuple(entry for _, entry in sorted((refused | left).items())),
        partitions=tuple(found),
    )


def refusal(node: Node, graph: NodeGraph) -> str:
    """Why the delegate doesn't take this node, or nothing when it does."""
    rule = RULES.get(node.name)
    if node.operation.custom or rule is None:
        return "the delegate has no such operator (NewOperationParser)"
    newest = _NEWEST.get(node.name)
    if newest is not None and node.operation.version > newest:
        return f"version {node.operation.version}, and {newest} is the newest known (CheckMaxSupportedOpVersion)"
    return rule(node, graph) or _type_refusal(node)


def _type_refusal(node: Node) -> str:
    allowed_in = _KEPT | _MORE_INPUTS.get(node.name, frozenset())
    allowed_out = _KEPT | _MORE_OUTPUTS.get(node.name, frozenset())
    for operands, allowed in ((node.inputs, allowed_in), (node.outputs, allowed_out)):
        for operand in operands:
            if operand.rank > _MOST_DIMENSIONS:
                return f"{operand.tensor} has {operand.rank} dimensions, 4 are the most (IsAllAllowedTensors)"
            if not operand.constant and operand.dtype not in allowed:
                return f"{operand.tensor} is of a type that the delegate doesn't keep here (IsAllAllowedTensors)"
    return ""


def _half_constants(graph: NodeGraph) -> frozenset[int]:
    """Nodes that only unpack constant half floats; their consumers read the half floats (`FP16GraphPartitionHelper`)."""
    return frozenset(
        node.operation.index
        for node in graph.nodes
        if node.name == "DEQUANTIZE" and node.inputs and node.inputs[0].constant and node.inputs[0].dtype == "float16"
    )


def with_constants(node: Node, unpacked: set[int]) -> Node:
    """The node as the delegate sees it: what was unpacked from constants is constant."""
    inputs = tuple(
        replace(operand, constant=True) if operand.number in unpacked else operand for operand in node.inputs
    )
    return replace(node, inputs=inputs)


def _left_out(node: Node, half: frozenset[int], partitions: int) -> str:
    if node.operation.index in half:
        return "unpacks half-float weights for what stays on the CPU (FP16GraphPartitionHelper)"
    return (
        f"could be taken, but isn't in the largest partition; {partitions} is taken "
        "(GraphPartitionHelper, max_delegated_partitions)"
    )


def _partitions(graph: NodeGraph, supported: set[int]) -> list[tuple[int, ...]]:
    """The supported nodes in runs that need nothing of each other's rest.

    As `PartitionGraphIntoIndependentNodeSubsets` (lite/graph_info.cc) does: the first node that is ready says whether a
    run is of supported nodes or of others, then all nodes of that kind join that are or become ready; then the next run.
    """
    made = {operand.number for node in graph.nodes for operand in node.outputs}
    ready = {operand.number for node in graph.nodes for operand in node.inputs} - made
    waiting = list(graph.nodes)
    found = []
    while waiting:
        run: list[int] = []
        kind: bool | None = None
        moved = True
        while moved:
            moved = False
            for node in list(waiting):
                inside = node.operation.index in supported
                if kind not in (None, inside) or not all(operand.number in ready for operand in node.inputs):
                    continue
                kind = inside
                run.append(node.operation.index)
                ready |= {operand.number for operand in node.outputs}
                waiting.remove(node)
                moved = True
        if not run:
            break  # a circle, or a tensor that nobody makes: no interpreter would run it
        if kind:
            found.append(tuple(run))
    return found
