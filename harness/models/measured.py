"""What was measured of the catalogue's models: `metadata/measured.json`, as benchmarks/zoo.py wrote it from a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from harness.checkout import MODEL_CARDS
from harness.errors import UsageError
from harness.models.entry import Entry

MEASURED = "measured.json"


class Figure(Entry):
    """One figure of a task over `of` inputs."""

    name: str
    value: float
    of: int
    right: int | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.right}/{self.of}" if self.right is not None else f"{self.name} {self.value:.3g}"


class OnBackend(Entry):
    """One variant on one backend: median milliseconds, nodes that GpuDelegate took and was predicted to, the verdict.

    `apart` is the distance from the reference as a share of what is allowed.
    """

    ms: float | None
    outcome: str
    taken: int | None = None
    total: int | None = None
    predicted: int | None = None
    apart: float | None = None
    reason: str = ""


class MeasuredVariant(Entry):
    """One variant: its size, the task's figures on the CPU, and each backend of the run."""

    bytes: int
    scores: tuple[Figure, ...]
    backends: dict[str, OnBackend]


class Measured(Entry):
    """One run of all models on one device."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    date: str
    device: str
    latency_of: str
    machine: dict[str, Any]
    models: dict[str, dict[str, MeasuredVariant]]


def read_measured(catalog: Path | None = None) -> Measured | None:
    """What the catalogue has; None where nothing was measured. Raises UsageError `measured.unreadable`."""
    path = (catalog or MODEL_CARDS) / MEASURED
    if not path.exists():
        return None
    try:
        return Measured.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        hint = "python benchmarks/zoo.py writes it anew"
        raise UsageError("measured.unreadable", f"{path} can't be read", why=str(error)[:400], hint=hint) from error
