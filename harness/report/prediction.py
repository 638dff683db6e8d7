"""What GpuDelegate would make of a model, in lines and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from harness.models.gpu_start import Api
from harness.models.gpu_support import Prediction, Refused

_TITLES: Final[Mapping[Api, str]] = {"opencl": "OpenCL", "opengl": "OpenGL ES"}


def start_lines(refusals: Mapping[Api, str]) -> list[str]:
    """A line for each API on which the delegate would refuse to start, whatever it took."""
    return [
        f"        over {_TITLES[api]} it then refuses to start: {reason}" for api, reason in refusals.items() if reason
    ]


def wrong_lines(wrong: Mapping[Api, Sequence[Refused]]) -> list[str]:
    """A line for each node that an API computes wrongly and says nothing, and where the remedies are."""
    lines = [
        f"        over {_TITLES[api]} node {node.index}, {node.name}, is computed wrongly without an error: {node.reason}"
        for api, nodes in wrong.items()
        for node in nodes
    ]
    return [*lines, "        what to do instead: docs/gpu_wrong.md"] if lines else []


def node_rows(nodes: Sequence[Refused]) -> list[dict[str, Any]]:
    """Nodes and what is said of them, for JSON."""
    return [{"index": node.index, "name": node.name, "reason": node.reason} for node in nodes]


def prediction_lines(prediction: Prediction) -> list[str]:
    """A line with the count, and one for each node that stays on the CPU."""
    lines = [f"gpu     GpuDelegate takes {len(prediction.taken)} of {prediction.total} nodes (predicted)"]
    if len(prediction.partitions) > 1:
        sizes = ", ".join(str(len(partition)) for partition in prediction.partitions)
        lines.append(f"        {len(prediction.partitions)} partitions could be taken, of {sizes} nodes")
    lines += [f"{node.index:6d}  {node.name}: {node.reason}" for node in prediction.refused]
    return lines


def prediction_row(prediction: Prediction) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "taken": len(prediction.taken),
        "total": prediction.total,
        "partitions": [len(partition) for partition in prediction.partitions],
        "refused": node_rows(prediction.refused),
    }
