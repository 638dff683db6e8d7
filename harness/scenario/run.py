"""A scenario from its file to its results: each stage takes a value and returns one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from harness import __version__
from harness.app.apk import verify
from harness.checkout import RESULTS
from harness.device.base import Device
from harness.device.identity import Identity, identify
from harness.device.install import install
from harness.errors import HarnessError, UsageError
from harness.models.describe import DescribedModel
from harness.models.gpu_support import predict
from harness.models.samples import Sample
from harness.pixel.states import Make, settle_make
from harness.results.bundle import RunFolder, new_run_id
from harness.results.document import DeviceRow, Failure, Row, RunResults
from harness.results.records import SampleRecord
from harness.scenario.answers import answers_of, draw, meant_of, truths_of
from harness.scenario.evidence import Outputs, evidence_of, observed, outputs_of
from harness.scenario.execute import APPLICATION, Executed, execute
from harness.scenario.host import hosted_device
from harness.scenario.inputs import Prepared, files_of, prepared_of, tensorflow_outputs
from harness.scenario.load import load
from harness.scenario.packing import Key, build_app, bundle_for, describe_models, samples_of
from harness.scenario.plan import Cell, cells_of, plan_document
from harness.scenario.schema import Scenario
from harness.scenario.verdict import judge

_PHONE = "phone"
_NOT_A_PHONE = "virtual device, not a phone"


class Progress(Protocol):
    """Who is told how far the run is."""

    def stage(self, message: str) -> None:
        """A stage begins."""

    def detail(self, message: str) -> None:
        """How far the stage is."""


class Silent:
    """Nobody is told."""

    def stage(self, message: str) -> None:
        """Nothing."""

    def detail(self, message: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run of a scenario, by name; all where nothing is named. `apk` is installed instead of a built one."""

    models: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    apk: Path | None = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that is made on the host before a device is needed."""

    scenario: Scenario
    cells: tuple[Cell, ...]
    samples: Mapping[str, tuple[Sample, ...]]
    described: Mapping[Key, DescribedModel]
    inputs: Mapping[Key, Prepared]
    references: Mapping[Key, Outputs]
    truths: Mapping[str, Mapping[str, Any]]
    apk: Path
    apk_sha256: str


@dataclass(slots=True)
class _Clock:
    """Wall-clock seconds of each stage, and word of it to whoever waits."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, message: str) -> Iterator[None]:
        self.progress.stage(message)
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - start, 3)


def run_scenario(
    path: Path | str,
    choice: Choice | None = None,
    *,
    serial: str | None = None,
    virtual: Make | None = None,
    keep: bool = False,
    replace: bool = False,
    results: Path | None = None,
    progress: Progress | None = None,
) -> RunResults:
    """Run a scenario file on a device and return what it came to, as `results/<run id>/results.json` has it.

    It runs on `serial`, on the only device there, or on a virtual Pixel of its own (of the make `virtual`, if given); `keep`
    leaves that alive, `replace` uninstalls an app of another signer.

    What breaks once the device is running it is in the result's `failure`, beside all that came before. What is wrong
    earlier (the file, a model, the build, the device, the installation) raises a `HarnessError`.
    """
    if virtual and serial is not None:
        raise UsageError("run.device", f"{serial} and a virtual Pixel of its own: a run has one device")
    if virtual is not None:
        settle_make(virtual, None, wipe=False)  # a wrong one is told before the models are converted
    path, started = Path(path), datetime.now(UTC)
    clock = _Clock(progress or Silent())
    prepared = _prepare(load(path), choice or Choice(), clock)
    folder = RunFolder.create(results or RESULTS, new_run_id())
    folder.write("scenario.yaml", path.read_bytes())
    with hosted_device(
        serial, virtual=virtual, keep=keep, starting=lambda text: clock.stage("device start", text)
    ) as host:
        device, identity = host.device, identify(host.device)
        with clock.stage("install", f"{identity.model}: installing {prepared.apk.stat().st_size / 1e6:.0f} MB"):
            install(device, prepared.apk, replace=APPLICATION if replace or host.own else "")
        executed = _execute(prepared, folder, device, identity, clock)
    with clock.stage("judging", "comparing outputs"):
        rows = _judge(prepared, folder, executed, identity)
    found = RunResults(
        schema=1,
        run_id=folder.run_id,
        status="complete" if executed.failure is None else "incomplete",
        scenario=prepared.scenario.scenario,
        title=prepared.scenario.title,
        harness=__version__,
        started_utc=started.isoformat(timespec="seconds"),
        apk_sha256=prepared.apk_sha256,
        tflite=executed.recorded.run.tflite_version if executed.recorded.run else "",
        device=DeviceRow(**asdict(identity)),
        failure=_failure(executed.failure),
        seconds=clock.seconds,
        rows=rows,
    )
    folder.write_json("results.json", found.to_json())
    return found


def _prepare(scenario: Scenario, choice: Choice, clock: _Clock) -> _Prepared:
    cells = cells_of(scenario, models=choice.models, variants=choice.variants, backends=choice.backends)
    with clock.stage("conversion", "models: converting and describing what isn't in the cache"):
        samples = samples_of(scenario, cells, clock.progress.stage)
        described = describe_models(cells, clock.progress.stage)
    if choice.apk is not None:
        apk, digest = choice.apk, verify(choice.apk).sha256
    else:
        with clock.stage("building", "app: building and signing what has changed"):
            built = build_app(bundle_for(described, [one for each in samples.values() for one in each]))
            apk, digest = built.path, built.sha256
    with clock.stage("reference", "samples into tensors, and TensorFlow's own answers"):
        say = clock.progress.stage
        inputs = {key: prepared_of(model, samples[model.model], say) for key, model in described.items()}
        references = {key: tensorflow_outputs(model, inputs[key].tensors) for key, model in described.items()}
        cards = {model.model: model.card for model in described.values()}
        truths = {name: truths_of(card, samples[name], say) for name, card in cards.items()}
    return _Prepared(scenario, cells, samples, described, inputs, references, truths, apk, digest)


def _execute(prepared: _Prepared, folder: RunFolder, device: Device, identity: Identity, clock: _Clock) -> Executed:
    scenario = prepared.scenario
    answering = {
        (cell.model, cell.variant, sample): (cell.id, prepared.described[cell.model, cell.variant].outputs)
        for cell in prepared.cells
        if cell.backend == scenario.reference_backend
        for sample in scenario.inputs_of(cell.model)
    }
    inputs = {key: files_of(model, prepared.inputs[key], answering) for key, model in prepared.described.items()}
    plan = plan_document(folder.run_id, prepared.cells, inputs)
    folder.write("plan.json", plan)
    with clock.stage("inference", f"{identity.model}: running {len(prepared.cells)} cells"):
        return execute(
            device,
            folder,
            plan,
            (file for model in inputs.values() for file in model.files),
            minutes=scenario.runs.minutes,
            on_sample=_counter(prepared.cells, clock.progress),
        )


def _judge(prepared: _Prepared, folder: RunFolder, executed: Executed, identity: Identity) -> tuple[Row, ...]:
    outputs = {cell.id: outputs_of(folder, executed.recorded, cell.id) for cell in prepared.cells}
    compared = {
        cell.id: meant_of(prepared.described[cell.model, cell.variant], outputs[cell.id]) for cell in prepared.cells
    }
    coverage = observed(executed.log, folder.run_id)
    expect = prepared.scenario.expect
    predicted = {key: len(predict(model.path).taken) for key, model in prepared.described.items()}
    rows = []
    for cell in prepared.cells:
        model = prepared.described[cell.model, cell.variant]
        samples = prepared.samples[cell.model]
        answers = answers_of(model, samples, outputs[cell.id], prepared.truths[cell.model])
        draw(model, samples, answers, folder.path / "pictures" / cell.id)
        evidence = evidence_of(
            cell,
            executed.recorded,
            coverage,
            compared,
            meant_of(model, prepared.references[cell.model, cell.variant]),
            model.card.task.kinds(model.outputs),
            answers.scores,
        )
        row = judge(
            cell,
            evidence,
            answers=answers.words(model),
            unreadable=answers.unreadable,
            least_coverage=expect.coverage,
            predicted=predicted[cell.model, cell.variant],
            model_bytes=model.bytes,
            latency_of=_NOT_A_PHONE if identity.emulated else _PHONE,
        )
        rows.append(row)
    return tuple(rows)


def _counter(cells: Sequence[Cell], progress: Progress) -> Callable[[SampleRecord], None]:
    total = sum(cell.warmup + cell.rounds for cell in cells)
    count = 0

    def on_sample(record: SampleRecord) -> None:
        nonlocal count
        count += 1
        progress.detail(f"{count} of {total} inferences: {record.cell}")

    return on_sample


def _failure(error: HarnessError | None) -> Failure | None:
    if error is None:
        return None
    return Failure(
        code=error.code,
        owner=error.owner,
        exit_code=int(error.exit_code),
        what=error.what,
        why=error.why,
        hint=error.hint,
    )
