"""What a device made of the must-catch corpus: a row a model and backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.models.corpus import Case, Fate
from harness.models.gpu_support import Prediction


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """A case on a backend: nodes predicted and taken, distance to the CPU, and what became of it.

    `taken` is None when the log doesn't say; `max_abs` when there is no answer; `error` is the library's own text.
    """

    case: Case
    backend: str
    prediction: Prediction
    taken: int | None
    max_abs: float | None
    error: str
    fate: Fate

    @property
    def as_predicted(self) -> bool:
        """Whether the delegate took as many nodes as predicted."""
        return self.taken == len(self.prediction.taken)

    @property
    def as_known(self) -> bool:
        """Whether the corpus says the same of this case on this backend."""
        return self.fate is self.case.fates[self.backend]


@dataclass(frozen=True, slots=True)
class CorpusResults:
    """All rows, in the corpus' order, and the folders of the app's runs."""

    rows: tuple[CorpusRow, ...]
    folders: tuple[Path, ...]

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
