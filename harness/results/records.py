"""What the app writes, line by line: JSON at the edge, checked values inside."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.errors import ResultsInvalid

SCHEMA = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DeviceFacts(_Record):
    """What the app sees of its device in `android.os.Build`."""

    manufacturer: str = ""
    model: str = ""
    device: str = ""
    sdk: int = 0
    abi: str = ""
    fingerprint: str = ""
    hardware: str = ""


class TensorFacts(_Record):
    """A tensor of the interpreter: shape, dtype in TFLite's words, size in bytes, scale and zero point (0 where none)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    scale: float = 0.0
    zero_point: int = 0


class OutputFacts(_Record):
    """A raw output of one inference: its bytes' SHA-256, and the file that holds them where they were kept."""

    index: int
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    sha256: str
    file: str | None = None


class RunRecord(_Record):
    """The first line of a run."""

    type: Literal["run"]
    schema_: int = Field(alias="schema")
    run_id: str
    seq: int = 0
    app_version: str = ""
    tflite_version: str = ""
    cells: tuple[str, ...]
    device: DeviceFacts
    start_utc_ms: int
    start_ns: int


class CellRecord(_Record):
    """How a cell's interpreter came up, or why it didn't; `init_ns` in nanoseconds."""

    type: Literal["cell"]
    run_id: str
    seq: int
    cell: str
    status: Literal["ready", "refused", "failed"]
    error: str = ""
    init_ns: int = 0
    inputs: tuple[TensorFacts, ...] = ()
    outputs: tuple[TensorFacts, ...] = ()


class SampleRecord(_Record):
    """One inference: monotonic start and duration in nanoseconds, and the state of the device around it."""

    type: Literal["sample"]
    run_id: str
    seq: int
    cell: str
    phase: Literal["warmup", "run"]
    round: int
    input: str
    start_ns: int
    duration_ns: int
    thermal: int = -1
    battery_c: float | None = None
    memory_kb: int = -1
    outputs: tuple[OutputFacts, ...] = ()


class EndRecord(_Record):
    """The end mark: how many records came before it, and the SHA-256 of all their bytes."""

    type: Literal["end"]
    run_id: str
    count: int
    sha256: str
    status: str


Record = RunRecord | CellRecord | SampleRecord | EndRecord
_ADAPTER: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="type")])


def parse_record(line: str | bytes) -> Record:
    """One line as a record. Raises `ResultsInvalid` (`results.record`, `results.schema`) for anything else."""
    try:
        data: Any = json.loads(line)
        record = _ADAPTER.validate_python(data)
    except (ValueError, ValidationError) as error:
        raise ResultsInvalid(
            "results.record", f"not a record of the app: {line[:120]!r}", why=str(error)[:300]
        ) from error
    if isinstance(record, RunRecord) and record.schema_ != SCHEMA:
        raise ResultsInvalid(
            "results.schema",
            f"the app writes records of schema {record.schema_}; this harness reads {SCHEMA}",
            hint="rebuild the app",
        )
    return record
