"""The records of a run, held against their end mark."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.errors import ResultsInvalid
from harness.results.journal import Journal, read_journal

RUN = "20260101-000000-abcdef"


def run_line() -> bytes:
    return _line(type="run", schema=1, run_id=RUN, seq=0, cells=["m/fp32/cpu"], device={}, start_utc_ms=1, start_ns=1)


def sample_line(seq: int, run_id: str = RUN) -> bytes:
    return _line(
        type="sample",
        run_id=run_id,
        seq=seq,
        cell="m/fp32/cpu",
        phase="run",
        round=0,
        input="x",
        start_ns=1,
        duration_ns=2,
    )


def end_line(before: bytes, count: int) -> bytes:
    return _line(type="end", run_id=RUN, count=count, sha256=hashlib.sha256(before).hexdigest(), status="complete")


def _line(**values: object) -> bytes:
    return json.dumps(values).encode() + b"\n"


def test_whole_run() -> None:
    """A run with a fitting end mark is complete."""
    body = run_line() + sample_line(1)
    recorded = read_journal(body + end_line(body, 2), RUN)
    assert recorded.complete
    assert [sample.seq for sample in recorded.samples] == [1]


@pytest.mark.fault("F39")
def test_without_end_mark_it_is_incomplete_and_kept() -> None:
    """Samples before a crash are there, and the run isn't complete; a last line that was cut off is left out."""
    recorded = read_journal(run_line() + sample_line(1) + b'{"type": "samp', RUN)
    assert not recorded.complete
    assert len(recorded.samples) == 1


@pytest.mark.fault("F39")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (run_line() + sample_line(2), "results.gap"),
        (run_line() + sample_line(1) + sample_line(1), "results.gap"),
        (run_line() + sample_line(1, "20260101-000000-000000"), "results.other_run"),
        (run_line() + b"{}\n", "results.record"),
        (run_line() + end_line(run_line(), 5), "results.count"),
        (run_line() + end_line(b"other", 1), "results.hash"),
        (run_line().replace(b'"schema": 1', b'"schema": 99'), "results.schema"),
    ],
)
def test_broken_records_are_refused(data: bytes, code: str) -> None:
    """Missing, doubled, foreign, garbled and altered records each have their own code."""
    with pytest.raises(ResultsInvalid) as caught:
        read_journal(data, RUN)
    assert caught.value.code == code


@pytest.mark.fault("F39")
def test_altered_sample_breaks_the_hash() -> None:
    """One changed digit in a duration is noticed."""
    body = run_line() + sample_line(1)
    whole = body + end_line(body, 2)
    with pytest.raises(ResultsInvalid):
        read_journal(whole.replace(b'"duration_ns": 2', b'"duration_ns": 3'), RUN)


def test_lines_are_on_disk_at_once(tmp_path: Path) -> None:
    """What was appended can be read while the journal is still open."""
    with Journal(tmp_path / "run" / "samples.jsonl") as journal:
        journal.append("one")
        assert journal.path.read_bytes() == b"one\n"
