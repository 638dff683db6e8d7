"""The must-catch corpus: every model on the CPU and on GpuDelegate over both APIs, in one run of the app on a device, and
on LiteRT's WebGPU accelerator on the host."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from harness.app.bundle import Bundle, Model, Variant, bundle_of
from harness.checkout import RESULTS
from harness.device.base import Device
from harness.device.identity import identify
from harness.device.install import install
from harness.errors import AppCrashed, UsageError
from harness.models import webgpu
from harness.models.corpus import BACKENDS, OPENCL, OPENGL, WEBGPU, Case, Fate, corpus
from harness.models.corpus_rows import CorpusResults, CorpusRow
from harness.models.gpu_support import predict
from harness.pixel.states import Make
from harness.results.agreement import Agreement, Array, compare
from harness.results.bundle import RunFolder, new_run_id
from harness.results.coverage import GPU_DELEGATE, Coverage, observe
from harness.results.records import CellRecord
from harness.scenario.evidence import Outputs, outputs_of, record_of
from harness.scenario.execute import APPLICATION, execute
from harness.scenario.host import hosted_device
from harness.scenario.inputs import input_file
from harness.scenario.packing import build_app
from harness.scenario.plan import Cell, ModelInputs, plan_document
from harness.scenario.schema import AgreementRule, Backend
from harness.strict_yaml import did_you_mean

_VARIANT = "fp32"
_INPUT = "seeded"
_CPU = "cpu"
# The CPU's own kernels without XNNPACK: the definition of each operator, computed one by one.
_OPTIONS: Final[Mapping[str, Backend]] = {
    _CPU: Backend(delegate="cpu", xnnpack=False),
    OPENCL: Backend(delegate="gpu", api="opencl", precision_loss=False),
    OPENGL: Backend(delegate="gpu", api="opengl", precision_loss=False),
}
ON_A_DEVICE: Final = (OPENCL, OPENGL)
# Of the largest number that the CPU answers: a wrong kernel is off by whole numbers, another order of sums by 1e-6.
_TOLERANCE: Final = 1e-3
_RULE = AgreementRule(against=_CPU, max_abs=_TOLERANCE, same_top=False)
_MINUTES = 10.0
_BEGIN = re.compile(r"^cell begin \S+ (?P<cell>\S+)$")


def chosen(names: Sequence[str]) -> tuple[Case, ...]:
    """The cases of these names, or all. Raises UsageError `corpus.unknown` with the nearest name."""
    cases = {case.name: case for case in corpus()}
    for name in names:
        if name not in cases:
            raise UsageError("corpus.unknown", f"no model '{name}' in the corpus{did_you_mean(name, sorted(cases))}")
    return tuple(case for name, case in cases.items() if not names or name in names)


def run_corpus(
    cases: Sequence[Case],
    *,
    backends: Sequence[str] = ON_A_DEVICE,
    serial: str | None = None,
    virtual: Make | None = None,
    keep: bool = False,
    results: Path | None = None,
    say: Callable[[str], None] = lambda _message: None,
) -> CorpusResults:
    """Run these cases on these backends and judge each.

    Where a cell kills the app, that is its fate, and the app is started again for the rest; what kills or holds the
    process of the WebGPU accelerator likewise. The device is chosen as by `harness.scenario.run.run_scenario`; WebGPU
    alone needs none. Raises UsageError `corpus.backend`, and what else breaks the run: half a corpus proves nothing.
    """
    for name in backends:
        if name not in BACKENDS:
            raise UsageError("corpus.backend", f"no backend '{name}'{did_you_mean(name, BACKENDS)}")
    found = CorpusResults((), (), {})
    if on_device := [name for name in ON_A_DEVICE if name in backends]:
        found = _on_a_device(
            cases, on_device, serial=serial, virtual=virtual, keep=keep, results=results or RESULTS, say=say
        )
    if WEBGPU in backends:
        opinions = webgpu.second_opinions(
            [webgpu.Question(case.name, case.write(), case.inputs()) for case in cases], say=say
        )
        rows = tuple(_opined(case, opinions.by_name[case.name]) for case in cases)
        found = CorpusResults(found.rows + rows, found.folders, {**found.ran_on, WEBGPU: opinions.adapter})
    order = {(case.name, name): place for place, (case, name) in enumerate(product(cases, BACKENDS))}
    rows = tuple(sorted(found.rows, key=lambda row: order[row.case.name, row.backend]))
    return CorpusResults(rows, found.folders, found.ran_on)


def _on_a_device(
    cases: Sequence[Case],
    backends: Sequence[str],
    *,
    serial: str | None,
    virtual: Make | None,
    keep: bool,
    results: Path,
    say: Callable[[str], None],
) -> CorpusResults:
    """GpuDelegate's rows: all cells are in one run of the app."""
    say(f"corpus: {len(cases)} models on {_CPU}, {', '.join(backends)}")
    bundle = _bundle(cases)
    apk = build_app(bundle)
    cells = [
        Cell(case.name, _VARIANT, name, _OPTIONS[name], 1, 1, _RULE, ()) for case in cases for name in (_CPU, *backends)
    ]
    inputs = {(case.name, _VARIANT): _inputs(case, bundle) for case in cases}

    def starting(text: str) -> nullcontext[None]:
        say(text)
        return nullcontext()

    seen = _Seen()
    with hosted_device(serial, virtual=virtual, keep=keep, starting=starting) as host:
        device, identity = host.device, identify(host.device)
        install(device, apk.path, replace=APPLICATION if host.own else "")
        waiting = _apart(cells, cases)
        while waiting:
            group = waiting.pop(0)
            say(f"{device.serial}: {len(group)} cells")
            folder = RunFolder.create(results, new_run_id())
            if again := _run_cells(device, folder, group, inputs, seen):
                waiting.insert(0, again)
    rows = tuple(_row(case, backend, seen) for case in cases for backend in backends)
    about = f"{identity.title}{', virtual' if identity.emulated else ''}"
    return CorpusResults(rows, tuple(seen.folders), dict.fromkeys(backends, about))


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that the app's runs brought home, by cell; `folders` are those of the runs, in order.

    `unread` has the one run that may have crashed with a log that couldn't be read: its cells run once more.
    """

    records: dict[str, CellRecord] = field(default_factory=dict)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    outputs: dict[str, Outputs] = field(default_factory=dict)
    crashes: dict[str, str] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)


def _apart(cells: Sequence[Cell], cases: Sequence[Case]) -> list[list[Cell]]:
    """All cells that should come to an end, for one run of the app, and each that is known to kill it by itself."""
    deadly = {
        f"{case.name}/{_VARIANT}/{backend}"
        for case in cases
        for backend, fate in case.fates.items()
        if fate is Fate.CRASHED
    }
    living = [cell for cell in cells if cell.id not in deadly]
    return [*([living] if living else []), *([cell] for cell in cells if cell.id in deadly)]


def _run_cells(
    device: Device,
    folder: RunFolder,
    cells: Sequence[Cell],
    inputs: Mapping[tuple[str, str], ModelInputs],
    seen: _Seen,
) -> list[Cell]:
    """Run the app once and add what it brought to `seen`; return the cells to run again.

    The app that dies takes the outputs of all its cells with it: all but the one that killed it run again.
    """
    plan = plan_document(folder.run_id, cells, inputs)
    folder.write("plan.json", plan)
    models = {(cell.model, cell.variant) for cell in cells}
    files = (file for key in models for file in inputs[key].files)
    executed = execute(device, folder, plan, files, minutes=_MINUTES, on_sample=lambda _sample: None)
    seen.folders.append(folder.path)
    lines = [(line.pid, line.message) for line in executed.log]
    if executed.failure is None:
        for cell in cells:
            if (record := record_of(executed.recorded, cell.id)) is not None:
                seen.records[cell.id] = record
            seen.outputs[cell.id] = outputs_of(folder, executed.recorded, cell.id)
        seen.coverage.update(observe(lines, folder.run_id))
        return []
    begun = [(pid, found["cell"]) for pid, message in lines if (found := _BEGIN.match(message))]
    if isinstance(executed.failure, AppCrashed) and not begun and not seen.unread:
        seen.unread.append(folder.path)  # the log was lost with the app: without it nobody knows which cell it was
        return list(cells)
    if not isinstance(executed.failure, AppCrashed) or not begun:
        raise executed.failure
    pid, deadly = begun[-1]
    seen.crashes[deadly] = executed.failure.why or executed.failure.what
    # The dead app wrote no end of its last cell; what the library logged before is whole all the same.
    seen.coverage.update(observe([*lines, (pid, f"cell end {folder.run_id} {deadly}")], folder.run_id))
    return [cell for cell in cells if cell.id != deadly]


def _bundle(cases: Sequence[Case]) -> Bundle:
    return bundle_of(Model(case.name, case.name, "tensors", (Variant(_VARIANT, case.write()),)) for case in cases)


def _inputs(case: Case, bundle: Bundle) -> ModelInputs:
    model = next(model for model in bundle.models if model.id == case.name)
    parts = tuple(input_file(tensor) for tensor in case.inputs())
    return ModelInputs(f"models/{case.name}/{_VARIANT}.tflite", bundle.sha256(model.variants[0]), {_INPUT: parts})


def _row(case: Case, backend: str, seen: _Seen) -> CorpusRow:
    cell, cpu = f"{case.name}/{_VARIANT}/{backend}", f"{case.name}/{_VARIANT}/{_CPU}"
    coverage = seen.coverage.get(cell)
    took = coverage.of(GPU_DELEGATE) if coverage else None
    taken = None if coverage is None else took.taken if took else 0
    reference = seen.outputs.get(cpu, {}).get(_INPUT, ())
    error = seen.crashes.get(cell) or _error(seen.records.get(cell))
    worst = None if error else _worst(reference, seen.outputs.get(cell, {}).get(_INPUT, ()))
    if cell in seen.crashes:
        fate = Fate.CRASHED
    elif error:
        fate = Fate.REFUSED
    else:
        fate = fate_of(taken, worst, reference)
    return CorpusRow(case, backend, predict(case.write()), taken, worst.max_abs if worst else None, error, fate)


def _opined(case: Case, opinion: webgpu.Opinion) -> CorpusRow:
    worst = None if opinion.error else _worst(opinion.reference, opinion.outputs)
    if opinion.ended:
        fate = Fate(opinion.ended)
    elif opinion.error:
        fate = Fate.REFUSED
    else:
        fate = fate_of(opinion.taken, worst, opinion.reference)
    return CorpusRow(
        case,
        WEBGPU,
        None,
        opinion.taken,
        worst.max_abs if worst else None,
        opinion.error or opinion.left,
        fate,
        ms=opinion.ms,
    )


def _error(record: CellRecord | None) -> str:
    if record is None:
        return "the app wrote nothing about it"
    return "" if record.status == "ready" else record.error or record.status


def _worst(reference: Sequence[Array], candidate: Sequence[Array]) -> Agreement | None:
    if not reference or len(reference) != len(candidate):
        return None
    return max((compare(*pair) for pair in zip(reference, candidate, strict=True)), key=lambda found: found.max_abs)


def fate_of(taken: int | None, worst: Agreement | None, reference: Sequence[Array]) -> Fate:
    """What an answer without an error is worth, by the CPU's own; wrong where there is none to compare with."""
    largest = max((float(np.max(np.abs(tensor))) for tensor in reference), default=1.0)
    if worst is None or not worst.max_abs <= _TOLERANCE * max(1.0, largest):
        return Fate.WRONG
    return Fate.RIGHT if taken else Fate.CPU
