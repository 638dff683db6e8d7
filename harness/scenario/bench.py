"""Some `.tflite` files on some backends of a device, all in one app and one run: what each answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.app.bundle import Model, Variant, bundle_of
from harness.device.base import Device
from harness.device.install import install
from harness.errors import AppCrashed
from harness.fetch.store import sha256_of
from harness.results.bundle import RunFolder, new_run_id
from harness.results.coverage import GPU_DELEGATE, Taken
from harness.scenario.evidence import Outputs, observed, outputs_of, record_of
from harness.scenario.execute import APPLICATION, execute
from harness.scenario.inputs import Tensors, input_file
from harness.scenario.packing import build_app
from harness.scenario.plan import Cell, ModelInputs, plan_document
from harness.scenario.schema import AgreementRule, Backend

_MODEL = "bisect"
_TASK = "tensors"


@dataclass(frozen=True, slots=True)
class Answer:
    """One model on one backend: its raw outputs by input, their scale and zero point (0.0 where not quantised).

    `error` says why there are none. `gpu` is what GpuDelegate took, None on the CPU, where it took nothing, and where
    the log lost it; `observed` says whether the log has it.
    """

    outputs: Outputs = field(default_factory=dict)
    quantization: tuple[tuple[float, int], ...] = ()
    error: str = ""
    gpu: Taken | None = None
    observed: bool = False


Answers = Mapping[tuple[str, str], Answer]
"""By names of model and backend."""

Run = Callable[[Mapping[str, Path], Mapping[str, Backend]], Answers]
"""Models and backends by name, to answers."""


@dataclass(frozen=True, slots=True)
class Crashproof:
    """Runs models so that one that takes the app down doesn't take the others' answers with it.

    A run that ends in a crash is parted in two, until the model stands alone; that one's answers are the crash, in
    words. `crashes` has what every crash said. Nothing is run again as it was.
    """

    inner: Run
    crashes: list[str] = field(default_factory=list)

    def run(self, models: Mapping[str, Path], backends: Mapping[str, Backend]) -> Answers:
        """As the inner run. Raises what that raises, save `AppCrashed`."""
        try:
            return self.inner(models, backends)
        except AppCrashed as crash:
            self.crashes.append(str(crash))
            if len(models) == 1:
                return {(name, backend): Answer(error=str(crash)) for name in models for backend in backends}
        names = list(models)
        parts = names[: len(names) // 2], names[len(names) // 2 :]
        return {
            key: answer
            for part in parts
            for key, answer in self.run({name: models[name] for name in part}, backends).items()
        }


@dataclass(frozen=True, slots=True)
class Bench:
    """A device, the inputs that every model gets, and where runs are kept. `replace` uninstalls another signer's app."""

    device: Device
    folder: Path
    inputs: Tensors
    minutes: float = 10.0
    replace: bool = False

    def run(self, models: Mapping[str, Path], backends: Mapping[str, Backend]) -> Answers:
        """Each model, once for each input, on each backend; answers by names of model and backend.

        Raises the error that ended the run early, if one did; what a single cell throws is in its answer.
        """
        packed = Model(_MODEL, "Cut models", _TASK, tuple(Variant(name, path) for name, path in models.items()))
        apk = build_app(bundle_of([packed]))
        install(self.device, apk.path, replace=APPLICATION if self.replace else "")
        cells = {
            (name, backend): Cell(
                model=_MODEL,
                variant=name,
                backend=backend,
                options=options,
                warmup=0,
                rounds=len(self.inputs),
                rule=AgreementRule(against="tensorflow"),  # nothing here is judged by it
            )
            for name in models
            for backend, options in backends.items()
        }
        files = {name: tuple(input_file(part) for part in parts) for name, parts in self.inputs.items()}
        asked = {
            (_MODEL, name): ModelInputs(f"models/{_MODEL}/{name}.tflite", sha256_of(path), files)
            for name, path in models.items()
        }
        folder = RunFolder.create(self.folder, new_run_id())
        plan = plan_document(folder.run_id, tuple(cells.values()), asked)
        folder.write("plan.json", plan)
        parts = [part for tensors in files.values() for part in tensors]
        done = execute(self.device, folder, plan, parts, minutes=self.minutes, on_sample=lambda _record: None)
        if done.failure is not None:
            raise done.failure
        coverage = observed(done.log, folder.run_id)
        answers = {}
        for key, cell in cells.items():
            record = record_of(done.recorded, cell.id)
            outputs = outputs_of(folder, done.recorded, cell.id)
            seen = coverage.get(cell.id)
            answers[key] = Answer(
                outputs=outputs,
                quantization=tuple((tensor.scale, tensor.zero_point) for tensor in record.outputs) if record else (),
                error="" if outputs else (record.error if record and record.error else "its outputs did not arrive"),
                gpu=seen.of(GPU_DELEGATE) if seen else None,
                observed=seen is not None,
            )
        return answers
