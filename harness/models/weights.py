"""A source's weights by name, out of one file or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.entry import Place
from harness.models.safetensors_weights import read_safetensors
from harness.models.source_card import WeightsFile
from harness.models.torch_weights import Weights, read_torch_weights


def read_weights(entries: Sequence[WeightsFile], place: Place) -> Weights:
    """The tensors of all the files, by name.

    Raises:
        ModelError: `weights.unreadable`, `weights.refused`; `weights.twice` for a name that two files have.
        UsageError, HostError: as `harness.models.entry.locate`.
    """
    found: dict[str, NDArray[Any]] = {}
    for entry in entries:
        path = place.locate(entry.file)
        read = _READERS[entry.format](path)
        if twice := [name for name in read if name in found]:
            raise ModelError(
                "weights.twice",
                f"{place.where}: weight '{twice[0]}' is in {path.name}, and in a file before it",
                why=f"{len(twice)} of its {len(read)} names are taken",
                hint="weights of several files have names of their own: rename them, or leave one file out",
            )
        found.update(read)
    return found


def _read_npz(path: Path) -> Weights:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:
        hint = "write it with numpy.savez, without Python objects in it"
        raise ModelError(
            "weights.unreadable", f"{path} can't be read as an .npz of weights", why=str(error), hint=hint
        ) from error


_READERS: Mapping[str, Callable[[Path], Weights]] = {
    "torch": read_torch_weights,
    "npz": _read_npz,
    "safetensors": read_safetensors,
}
