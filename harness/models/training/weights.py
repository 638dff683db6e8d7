"""Weights as an `.npz` whose bytes depend on the weights alone: entries by name, dates fixed, nothing compressed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError

_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def half(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The same weights, float32 as float16.

    Raises:
        ModelError: `training.not_finite` naming a weight that is NaN or infinite, or becomes so.
    """
    smaller = {}
    for name, values in weights.items():
        with np.errstate(over="ignore"):
            smaller[name] = values.astype(np.float16) if values.dtype == np.float32 else values
        if smaller[name].dtype.kind == "f" and not np.isfinite(smaller[name]).all():
            raise ModelError(
                "training.not_finite",
                f"weight '{name}' {values.shape} isn't finite as {smaller[name].dtype}",
                why=f"its largest number is {np.nanmax(np.abs(values)):g}",
                hint="lower the learning rate, or keep it as float32",
            )
    return smaller


def npz_of(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """The `.npz`, as `numpy.load` reads it; the same bytes for the same weights, whatever their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(weights):
            content = io.BytesIO()
            array = np.ascontiguousarray(weights[name])
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)  # type: ignore[no-untyped-call]
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _NO_DATE), content.getvalue())
    return buffer.getvalue()
