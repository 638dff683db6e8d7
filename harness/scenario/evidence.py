"""What a run brought home, put together cell by cell: outputs, references, coverage, right answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from harness.device.logcat import LogLine
from harness.errors import ResultsInvalid
from harness.models.tasks.base import Kind, Score
from harness.results.agreement import Array
from harness.results.bundle import RunFolder, output_path
from harness.results.coverage import Coverage, observe
from harness.results.journal import Recorded
from harness.results.records import CellRecord, OutputFacts, SampleRecord
from harness.scenario.plan import Cell
from harness.scenario.verdict import Evidence

TENSORFLOW = "tensorflow"
_DTYPES = {name: np.dtype(name) for name in ("float32", "int8", "uint8", "int16", "int32", "int64")}

Outputs = Mapping[str, tuple[Array, ...]]
"""Output tensors in the model's order, by the name of the input that they answer."""


def outputs_of(folder: RunFolder, recorded: Recorded, cell: str) -> Outputs:
    """The raw outputs of a cell that reached the run's folder, as arrays of the recorded dtype and shape.

    A run that broke off may have left none of them, or only some. Raises `ResultsInvalid` for one of a wrong size.
    """
    found: dict[str, tuple[Array, ...]] = {}
    for sample in recorded.samples:
        files = [output_path(folder.path, output.file) for output in sample.outputs if output.file]
        whole = bool(files) and len(files) == len(sample.outputs) and all(file.is_file() for file in files)
        if sample.cell == cell and whole:
            found.setdefault(sample.input, tuple(map(_tensor, sample.outputs, files)))
    return found


def evidence_of(
    cell: Cell,
    recorded: Recorded,
    coverage: Mapping[str, Coverage],
    outputs: Mapping[str, Outputs],
    tensorflow: Outputs,
    kinds: Sequence[Kind],
    scores: Sequence[Score],
) -> Evidence:
    """All that is known of one cell; `outputs` has every cell's, by its id, `tensorflow` the reference on the host."""
    record = record_of(recorded, cell.id)
    against = cell.rule.against
    reference = tensorflow if against == TENSORFLOW else outputs.get(f"{cell.model}/{cell.variant}/{against}", {})
    return Evidence(
        record=record,
        samples=samples_of(recorded, cell.id),
        coverage=coverage.get(cell.id),
        outputs=outputs.get(cell.id, {}),
        reference=reference,
        quantization=tuple((tensor.scale, tensor.zero_point) for tensor in record.outputs) if record else (),
        kinds=kinds,
        scores=scores,
    )


def record_of(recorded: Recorded, cell: str) -> CellRecord | None:
    """The last word of the app on how that cell fared."""
    return next((record for record in reversed(recorded.cells) if record.cell == cell), None)


def samples_of(recorded: Recorded, cell: str) -> Sequence[SampleRecord]:
    """The inferences of one cell, in order."""
    return tuple(sample for sample in recorded.samples if sample.cell == cell)


def observed(log: Sequence[LogLine], run_id: str) -> Mapping[str, Coverage]:
    """Coverage by cell, out of the app's and the library's lines."""
    return observe(((line.pid, line.message) for line in log), run_id)


def _tensor(output: OutputFacts, file: Path) -> Array:
    dtype, data = _DTYPES.get(output.dtype.lower()), file.read_bytes()
    count = int(np.prod(output.shape, dtype=np.int64))
    if dtype is None or len(data) != count * dtype.itemsize:
        raise ResultsInvalid(
            "results.tensor",
            f"{output.file}: {len(data)} bytes don't make a {output.dtype} tensor of shape {list(output.shape)}",
        )
    return np.frombuffer(data, dtype).reshape(output.shape)
