"""Every record of a run, on disk the moment it comes: what the harness knows survives the harness."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness.errors import HostError, ResultsInvalid
from harness.results.records import CellRecord, EndRecord, Record, RunRecord, SampleRecord, parse_record


class Journal:
    """An append-only file of lines, each flushed to the disk before the next is taken."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab", buffering=0)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, line: str) -> None:
        """Write one line, durably. Raises `HostError` (`host.write`) when the disk doesn't take it."""
        try:
            self._file.write(line.encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError as error:
            raise HostError(
                "host.write", f"can't write {self.path}", why=str(error), hint="free some space and run again"
            ) from error


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of a run, in order, and whether the end mark vouches for all of them."""

    run: RunRecord | None
    cells: tuple[CellRecord, ...]
    samples: tuple[SampleRecord, ...]
    end: EndRecord | None

    @property
    def complete(self) -> bool:
        """Whether the app reached its end mark."""
        return self.end is not None and self.end.status == "complete"


def read_journal(data: bytes, run_id: str) -> Recorded:
    """Parse the lines of one run and hold them against their end mark; a last line that was cut off is left out.

    Raises `ResultsInvalid` when a line is broken in the middle, belongs to another run, is missing or doubled, or when
    the end mark's count or SHA-256 doesn't fit.
    """
    records: list[Record] = []
    digest = hashlib.sha256()
    whole, _, _cut = data.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else []):
        record = parse_record(line)
        if record.run_id != run_id:
            raise ResultsInvalid(
                "results.other_run", f"record {number} belongs to run {record.run_id}, not to {run_id}"
            )
        if isinstance(record, EndRecord):
            if record.count != len(records):
                raise ResultsInvalid(
                    "results.count", f"the end mark counts {record.count} records; {len(records)} came"
                )
            if record.sha256 != digest.hexdigest():
                raise ResultsInvalid("results.hash", "the end mark's SHA-256 doesn't fit the records before it")
        elif record.seq != len(records):
            raise ResultsInvalid("results.gap", f"record {record.seq} stands where {len(records)} belongs")
        digest.update(line + b"\n")
        records.append(record)
    ends = [record for record in records if isinstance(record, EndRecord)]
    if ends and records[-1] is not ends[0]:
        raise ResultsInvalid("results.after_end", "there are records after the end mark")
    return Recorded(
        run=next((record for record in records if isinstance(record, RunRecord)), None),
        cells=tuple(record for record in records if isinstance(record, CellRecord)),
        samples=tuple(record for record in records if isinstance(record, SampleRecord)),
        end=ends[0] if ends else None,
    )
