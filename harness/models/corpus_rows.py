"""What became of the must-catch corpus: a row a model and backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.models.corpus import BACKENDS, Case, Fate
from harness.models.gpu_support import Prediction


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """A case on a backend: nodes predicted and taken, distance to the CPU, and what became of it.

    `prediction` is of GpuDelegate, and None elsewhere; `taken` is None when nobody says; `max_abs` when there is no
    answer. `error` is the library's own text: why there is no answer, or why nodes stayed on the CPU. `ms` is the time of
    one inference until its outputs were on the host, for WebGPU.
    """

    case: Case
    backend: str
    prediction: Prediction | None
    taken: int | None
    max_abs: float | None
    error: str
    fate: Fate
    ms: float | None = None

    @property
    def total(self) -> int:
        """How many nodes the model has."""
        return len(self.case.model.nodes)

    @property
    def as_predicted(self) -> bool:
        """Whether as many nodes were taken as predicted, where something was."""
        return self.prediction is None or self.taken == len(self.prediction.taken)

    @property
    def as_known(self) -> bool:
        """Whether the corpus says the same of this case on this backend."""
        return self.fate is self.case.fates[self.backend]


@dataclass(frozen=True, slots=True)
class CorpusResults:
    """All rows, in the corpus' order; the folders of the app's runs; and on what each backend ran."""

    rows: tuple[CorpusRow, ...]
    folders: tuple[Path, ...]
    ran_on: Mapping[str, str]

    @property
    def backends(self) -> tuple[str, ...]:
        """Those that the cases ran on, in the corpus' order."""
        return tuple(name for name in BACKENDS if name in self.ran_on)

    @property
    def wrong(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """Cases that were wrong without an error, by the backends that had them wrong; most backends first."""
        by_case: dict[str, list[str]] = {}
        for row in self.rows:
            if row.fate is Fate.WRONG:
                by_case.setdefault(row.case.name, []).append(row.backend)
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, backends in by_case.items():
            groups.setdefault(tuple(backends), []).append(name)
        return {key: tuple(groups[key]) for key in sorted(groups, key=lambda key: (-len(key), key))}

    def count(self, backend: str, fate: Fate) -> int:
        """How many cases met this fate on this backend."""
        return sum(row.backend == backend and row.fate is fate for row in self.rows)

    @property
    def mispredicted(self) -> tuple[CorpusRow, ...]:
        """Where the delegate took another number of nodes than predicted."""
        return tuple(row for row in self.rows if not row.as_predicted)

    @property
    def surprises(self) -> tuple[CorpusRow, ...]:
        """Where a case met another fate than the corpus says."""
        return tuple(row for row in self.rows if not row.as_known)
