"""The main graph of a `.tflite` as a flow of data: which operators feed which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.models.inspect import Operation, Subgraph


@dataclass(frozen=True)
class Dataflow:
    """Operators by number in execution order, each with the operators whose outputs it reads.

    Only operators that depend on an input of the graph are in it: what is computed from constants alone (the
    DEQUANTIZE of fp16 weights, say) is the same whatever goes in.
    `ends` are the operators that give the graph's outputs.
    """

    sources: Mapping[int, tuple[int, ...]]
    ends: tuple[int, ...]

    def ancestors(self, operations: Iterable[int]) -> frozenset[int]:
        """All operators that these depend on, themselves left out unless one feeds another."""
        found: set[int] = set()
        left = [source for operation in operations for source in self.sources[operation]]
        while left:
            operation = left.pop()
            if operation not in found:
                found.add(operation)
                left += self.sources[operation]
        return frozenset(found)


def dataflow(graph: Subgraph) -> Dataflow:
    """The flow of data of a graph; operators stand in a `.tflite` in the order in which they run."""
    made: dict[int, int] = {}
    live = set(graph.inputs)
    sources: dict[int, tuple[int, ...]] = {}
    for operation in graph.operations:
        if not live.intersection(operation.inputs):
            continue
        feeds = (made[tensor] for tensor in operation.inputs if tensor in made)
        sources[operation.index] = tuple(dict.fromkeys(feeds))
        for tensor in operation.outputs:
            live.add(tensor)
            made[tensor] = operation.index
    ends = tuple(dict.fromkeys(made[tensor] for tensor in graph.outputs if tensor in made))
    return Dataflow(sources, ends)


def computed_inputs(graph: Subgraph, operation: Operation) -> tuple[int, ...]:
    """The tensors that an operator reads and that other operators compute; inputs of the graph and constants aren't."""
    made = {tensor for other in graph.operations for tensor in other.outputs if tensor >= 0}
    return tuple(dict.fromkeys(tensor for tensor in operation.inputs if tensor in made))
