"""Where a model comes from: each kind of source is built into what the converter takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, ModelError
from harness.fetch.store import key_of, sha256_of
from harness.models import python_source
from harness.models.entry import Place, inside
from harness.models.graphs import Built, from_functions, from_keras, from_saved_model
from harness.models.recipe import Recipe
from harness.models.source_card import ConcreteSource, KerasSource, OnnxSource, SavedModelSource, TfjsSource
from harness.models.tfjs import read_tfjs, shards_hash
from harness.models.torch_weights import Weights
from harness.models.weights import read_weights

MAX_WEIGHT_BYTES = 2 << 30  # protocol buffers and flatbuffers both end there


def source_key(recipe: Recipe) -> str:
    """Names the source by all that shapes it: its entry in the card and the content of what isn't pinned in it."""
    source = recipe.source
    content = ""
    if isinstance(source, ConcreteSource):
        content = python_source.text_hash(source.function, recipe.folder, recipe.where)
    elif isinstance(source, KerasSource) and source.builder:
        content = python_source.text_hash(source.builder, recipe.folder, recipe.where)
    elif isinstance(source, SavedModelSource):
        content = _folder_hash(inside(recipe.folder, source.folder, recipe.where))
    elif isinstance(source, TfjsSource):
        content = shards_hash(source.file, Place(recipe.folder, recipe.where))
    return key_of(source.model_dump_json(), content)


def build(recipe: Recipe, say: Callable[[str], None]) -> Built:
    """The source as concrete functions with every dimension fixed and finite weights. Imports TensorFlow.

    Raises:
        UsageError: `source.builder`, `source.signature`, `source.tags`, `source.input_shape` for what isn't there.
        ModelError: `source.failed` when the source can't be loaded; `source.batch`, `source.shape` for a free
            dimension; `source.not_finite` naming the tensor; `source.no_outputs`; `source.too_big`.
        HostError: as `harness.models.entry.locate`, for weights and files.
    """
    try:
        built = _build(recipe, say)
    except HarnessError:
        raise
    except Exception as error:
        raise ModelError(
            "source.failed",
            f"{recipe.id}: {_name(recipe)} can't build the model",
            why=f"{type(error).__name__}: {error}",
            hint="check that the weights belong to this architecture, and that this TensorFlow can read it",
        ) from error
    for name, function in built.functions.items():
        if not function.outputs:
            raise ModelError(
                "source.no_outputs",
                f"{recipe.id}: {_name(recipe)}: '{name}' has no outputs",
                why="what answers nothing would be converted to nothing",
                hint="return the tensors that the model is for",
            )
    _checked(recipe, {name: values.numpy() for name, values in built.variables.items()})
    return built


def _build(recipe: Recipe, say: Callable[[str], None]) -> Built:
    source = recipe.source
    place = Place(recipe.folder, recipe.where, say)
    if isinstance(source, SavedModelSource):
        return from_saved_model(inside(recipe.folder, source.folder, recipe.where), source, recipe.where)
    if isinstance(source, ConcreteSource):
        function = python_source.function_of(source.function, recipe.folder, recipe.where)
        given: list[Any] = [_checked(recipe, read_weights(source.weights, place))] if source.weights else []
        if source.files:
            given.append({name: place.locate(file) for name, file in source.files.items()})
        return from_functions(function(*given), source, recipe.where)
    if isinstance(source, KerasSource) and source.builder:
        weights = _checked(recipe, read_weights(source.weights, place))
        model = python_source.function_of(source.builder, recipe.folder, recipe.where)(weights)
        return from_keras(model, source.input_shapes, f"{recipe.id}: {source.builder}", free_batch=False)
    if isinstance(source, KerasSource) and source.file:
        from tensorflow import keras

        path = place.locate(source.file)
        model = keras.models.load_model(path, compile=False)
        return from_keras(model, source.input_shapes, str(path))
    if isinstance(source, TfjsSource):
        from harness.models.tfjs_graph import from_tfjs

        graph = read_tfjs(source.file, place)
        _checked(recipe, graph.weights, constants=True)
        return from_tfjs(graph, source.input_shapes, source.outputs, recipe.where)
    if isinstance(source, OnnxSource):
        from harness.models.onnx_file import read_onnx
        from harness.models.onnx_graph import from_onnx

        file = read_onnx(place.locate(source.file))
        _checked(recipe, file.constants, constants=True)
        return from_onnx(file, source, recipe.where)
    raise TypeError("a .tflite file is no source of graphs")


def _checked(recipe: Recipe, weights: Weights, *, constants: bool = False) -> Weights:
    """The weights, if they can be right; a graph's constants may be infinite: what a maximum is padded with, say."""
    total = sum(values.nbytes for values in weights.values())
    if total > MAX_WEIGHT_BYTES:
        raise ModelError(
            "source.too_big",
            f"{recipe.id} has {total:,} bytes of weights",
            why=f"a .tflite file, and what its converter reads, end at {MAX_WEIGHT_BYTES:,}",
            hint="split the model, or make it smaller: fewer channels, a smaller vocabulary",
        )
    for name, values in weights.items():
        if values.dtype.kind != "f":
            continue
        bad = np.flatnonzero(np.isnan(values) if constants else ~np.isfinite(values))
        if len(bad):
            raise ModelError(
                "source.not_finite",
                f"{recipe.id}: weight '{name}' {values.shape} has {len(bad)} numbers that are NaN or infinite",
                why=f"the first is number {bad[0]}, {values.reshape(-1)[bad[0]]}",
                hint="train or export it again; nothing downstream of a NaN can be right",
            )
    return weights


def _name(recipe: Recipe) -> str:
    source = recipe.source
    if isinstance(source, ConcreteSource):
        return source.function
    if isinstance(source, KerasSource) and source.builder:
        return source.builder
    return recipe.where


def _folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()
