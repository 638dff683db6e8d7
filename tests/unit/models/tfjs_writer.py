"""Small TensorFlow.js graph models, written as tensorflowjs_converter writes them, without it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

TYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "int64": "DT_INT64"}


def node(name: str, op: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    """A node of the graph."""
    return {"name": name, "op": op, "input": list(inputs), "attr": attributes}


def strings(*texts: str) -> dict[str, Any]:
    """A list of strings, as an attribute."""
    return {"list": {"s": [base64.b64encode(text.encode()).decode() for text in texts]}}


def string(text: str) -> dict[str, Any]:
    """A string, as an attribute."""
    return {"s": base64.b64encode(text.encode()).decode()}


def integers(*numbers: int) -> dict[str, Any]:
    """A list of integers, as an attribute."""
    return {"list": {"i": [str(number) for number in numbers]}}


def dtype(name: str = "float32") -> dict[str, Any]:
    """A type, as an attribute."""
    return {"type": TYPES[name]}


def shape(*sides: int) -> dict[str, Any]:
    """A shape, as an attribute."""
    return {"shape": {"dim": [{"size": str(side)} for side in sides]}}


def placeholder(name: str, *sides: int, of: str = "float32") -> dict[str, Any]:
    """An input."""
    return node(name, "Placeholder", dtype=dtype(of), shape=shape(*sides))


def const(name: str, values: NDArray[Any], of: str = "") -> dict[str, Any]:
    """A constant, whose numbers lie in a shard."""
    kind = dtype(of or str(values.dtype))
    return node(name, "Const", dtype=kind, value={"tensor": {"dtype": kind["type"], "tensorShape": {}}})


def entry(name: str, values: NDArray[Any], **more: Any) -> dict[str, Any]:
    """What the manifest says of a weight."""
    return {"name": name, "shape": list(values.shape), "dtype": str(values.dtype), **more}


def write(
    folder: Path,
    nodes: Sequence[Mapping[str, Any]],
    weights: Mapping[str, NDArray[Any]],
    *,
    cuts: Sequence[int] = (),
    outputs: Sequence[str] = (),
    **changes: Any,
) -> Path:
    """`model.json` and its shards, which end at `cuts`; `changes` replace parts of the document."""
    folder.mkdir(parents=True, exist_ok=True)
    data = b"".join(values.tobytes() for values in weights.values())
    ends = [0, *cuts, len(data)]
    paths = [f"group1-shard{number}of{len(ends) - 1}.bin" for number in range(1, len(ends))]
    for path, start, end in zip(paths, ends, ends[1:], strict=False):
        (folder / path).write_bytes(data[start:end])
    manifest = [{"paths": paths, "weights": [entry(name, values) for name, values in weights.items()]}]
    inputs = [each["name"] for each in nodes if each["op"] == "Placeholder"]
    signature = {
        "inputs": {name: {"name": f"{name}:0"} for name in inputs},
        "outputs": {name: {"name": name} for name in outputs},
    }
    document = {
        "format": "graph-model",
        "modelTopology": {"node": list(nodes), "library": {}, "versions": {}},
        "weightsManifest": manifest,
        **({"signature": signature} if outputs else {}),
        **changes,
    }
    path = folder / "model.json"
    path.write_text(json.dumps(document))
    return path
