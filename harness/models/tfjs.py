"""A TensorFlow.js graph model as it lies on disk: `model.json` with a graph, and the shards that its weights are in.

The layout is that of tfjs-core's `io` types (ModelJSON, WeightsManifestConfig); TensorFlow isn't needed here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import ModelError, UsageError
from harness.fetch.archive import INNER
from harness.fetch.store import sha256_of
from harness.models.entry import LocalPin, Origin, Place, UrlPin
from harness.models.torch_weights import Weights

_MAX_JSON = 256 << 20
_GRAPH = "graph-model"
_STORED = {"float32": "<f4", "int32": "<i4", "bool": "?", "uint8": "u1", "uint16": "<u2", "float16": "<f2"}
_PLAIN = ("float32", "int32", "bool")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Quantisation(_Part):
    dtype: Literal["uint8", "uint16", "float16"]
    scale: float = 1.0
    min: float = 0.0


class _Weight(_Part):
    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: _Quantisation | None = None


class _Group(_Part):
    paths: tuple[str, ...]
    weights: tuple[_Weight, ...]


class _Tensor(_Part):
    name: str


class _Signature(_Part):
    inputs: dict[str, _Tensor] = Field(default_factory=dict)
    outputs: dict[str, _Tensor] = Field(default_factory=dict)


class _Metadata(_Part):
    signature: _Signature | None = None


class _ModelJson(_Part):
    format: str = _GRAPH
    modelTopology: dict[str, Any]  # noqa: N815
    weightsManifest: tuple[_Group, ...]  # noqa: N815
    signature: _Signature | None = None
    userDefinedMetadata: _Metadata | None = None  # noqa: N815
    modelInitializer: dict[str, Any] | None = None  # noqa: N815


@dataclass(frozen=True)
class TfjsModel:
    """A graph in the JSON form of TensorFlow's GraphDef, and its constants by node, in the types that the graph wants.

    `inputs` and `outputs` are tensors (`node:0`) in the file's order; where the file hasn't a signature there are none.
    """

    topology: Mapping[str, Any]
    weights: Weights
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_tfjs(file: Origin, place: Place) -> TfjsModel:
    """The model of this `model.json`; its shards come from beside it, out of the same folder or the same package.

    Raises:
        ModelError: `tfjs.unreadable`; `tfjs.layers` for a Keras model in this form; `tfjs.initializer`; `tfjs.shard`
            for a shard of a wrong length; `tfjs.dtype` for a type or quantisation that isn't known; `tfjs.twice`.
        UsageError, HostError: as `harness.models.entry.locate`, for a shard too.
    """
    path = place.locate(file)
    found = _parse(path)
    weights: dict[str, NDArray[Any]] = {}
    for group in found.weightsManifest:
        shards = [_shard(file, name, place) for name in group.paths]
        for name, values in _weights(path, group, shards):
            if name in weights:
                what = f"{path}: weight '{name}' stands twice in the manifest"
                raise ModelError("tfjs.twice", what, hint="the manifest was edited: convert the model again")
            weights[name] = values
    signature = found.signature or (found.userDefinedMetadata and found.userDefinedMetadata.signature) or _Signature()
    return TfjsModel(
        topology=found.modelTopology,
        weights=weights,
        inputs=tuple(tensor.name for tensor in signature.inputs.values()),
        outputs=tuple(tensor.name for tensor in signature.outputs.values()),
    )


def shards_hash(file: Origin, place: Place) -> str:
    """Names the shards by content, where no pin does: beside the card. Raises as `read_tfjs`."""
    if not isinstance(file, LocalPin):
        return ""
    groups = _parse(place.locate(file)).weightsManifest
    shards = [sha256_of(_shard(file, name, place)) for group in groups for name in group.paths]
    return hashlib.sha256("\n".join(shards).encode()).hexdigest()


def _parse(path: Path) -> _ModelJson:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_JSON + 1)
        if len(content) > _MAX_JSON:
            raise _unreadable(path, f"it is over {_MAX_JSON:,} bytes")
        found = _ModelJson.model_validate_json(content)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _unreadable(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")) from error
    if found.format != _GRAPH or "model_config" in found.modelTopology:
        raise ModelError(
            "tfjs.layers",
            f"{path} is a {found.format if found.format != _GRAPH else 'layers-model'}, and a graph-model is read here",
            why="it holds a Keras model's layers, not a TensorFlow graph",
            hint="give the Keras file that it was made from, or convert it with "
            "tensorflowjs_converter --input_format=tfjs_layers_model --output_format=tfjs_graph_model",
        )
    if found.modelInitializer:
        raise ModelError(
            "tfjs.initializer",
            f"{path} has a second graph that fills its tables when it is loaded",
            hint="leave its lookup tables out of the model, and do them in the app",
        )
    return found


def _shard(file: Origin, name: str, place: Place) -> Path:
    """The file of this name beside model.json."""
    if isinstance(file, UrlPin):
        raise UsageError(
            "tfjs.url",
            f"{place.where}: a URL pins one file, and '{name}' lies beside it",
            hint="put model.json and its shards beside the card, or name a package that has them",
        )
    if isinstance(file, LocalPin):
        return place.local(str(Path(file.path).parent / name))
    folder = file.member[: max(file.member.rfind("/"), file.member.rfind(INNER)) + 1]
    return place.locate(file.model_copy(update={"member": folder + name, "member_sha256": None}))


def _weights(path: Path, group: _Group, shards: list[Path]) -> list[tuple[str, NDArray[Any]]]:
    """A group's weights lie one behind the other, without gaps, in its shards laid one behind the other."""
    data = b"".join(shard.read_bytes() for shard in shards)
    sizes = [_size(path, weight) for weight in group.weights]
    if sum(sizes) != len(data):
        raise ModelError(
            "tfjs.shard",
            f"{path}: {', '.join(group.paths)} should have {sum(sizes):,} bytes, and {len(data):,} are there",
            why=", ".join(f"{shard.name} has {shard.stat().st_size:,}" for shard in shards) or "no shard is named",
            hint="fetch the shards again: one is cut short, or belongs to another model",
        )
    found, start = [], 0
    for weight, size in zip(group.weights, sizes, strict=True):
        found.append((weight.name, _values(weight, data[start : start + size])))
        start += size
    return found


def _size(path: Path, weight: _Weight) -> int:
    stored = weight.quantization.dtype if weight.quantization else weight.dtype
    known = weight.dtype in _PLAIN and (not weight.quantization or weight.dtype != "bool")
    if not known or any(side < 0 for side in weight.shape):
        how = f", quantised to {stored}" if weight.quantization else ""
        raise ModelError(
            "tfjs.dtype",
            f"{path}: weight '{weight.name}' is of {weight.dtype} {weight.shape}{how}",
            why=f"{', '.join(_PLAIN)} are read, and uint8, uint16 and float16 for quantised numbers",
            hint="convert the model again with another --quantize option, or without its strings",
        )
    return math.prod(weight.shape) * np.dtype(_STORED[stored]).itemsize


def _values(weight: _Weight, data: bytes) -> NDArray[Any]:
    quantised = weight.quantization
    stored = np.frombuffer(data, _STORED[quantised.dtype if quantised else weight.dtype]).reshape(weight.shape)
    if quantised is None:
        return stored
    if quantised.dtype == "float16":
        return stored.astype(weight.dtype)
    # As tfjs-core's decodeWeights does it: in doubles, then rounded to the type.
    values = stored * quantised.scale + quantised.min
    return (np.floor(values + 0.5) if weight.dtype == "int32" else values).astype(weight.dtype)


def _unreadable(path: Path, why: str) -> ModelError:
    hint = "give the model.json that tensorflowjs_converter wrote, with its shards beside it"
    return ModelError("tfjs.unreadable", f"{path} can't be read as a TensorFlow.js model", why=why, hint=hint)
