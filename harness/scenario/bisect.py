"""Where two backends part: the first operator of a model whose output differs on the device, found with cut models."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from harness.checkout import RESULTS
from harness.device.identity import identify
from harness.errors import ModelError, ResultsInvalid
from harness.models.cut import cut
from harness.models.graph import computed_inputs, dataflow
from harness.models.inspect import Operation, Subgraph, inspect
from harness.pixel.states import Make
from harness.results.bisection import Bisection, Culprit, Distance, distance_of
from harness.results.bundle import RunFolder, new_run_id
from harness.results.coverage import Taken
from harness.scenario.bench import Answer, Answers, Bench, Crashproof, Run
from harness.scenario.bisect_search import find_first_bad, spread
from harness.scenario.host import hosted_device
from harness.scenario.inputs import Tensors
from harness.scenario.run import Progress, Silent
from harness.scenario.schema import Backend

BREADTH = 8
LOOSE, TIGHT = 1e-2, 1e-4
_WHOLE, _PROOF, _ALONE = "whole", "proof", "alone"
_COMPARABLE = frozenset({"float32", "int8", "uint8", "int16", "int32", "int64"})  # what the app hands back, and we read


@dataclass(frozen=True, slots=True)
class Question:
    """What to bisect: a `.tflite` and what to call it, its inputs by name, and two backends by name.

    `tolerance` is relative to each tensor's own range; None takes 1e-2 where the suspect may compute in half floats
    and 1e-4 where it may not.
    """

    name: str
    model: Path
    inputs: Tensors
    reference: tuple[str, Backend]
    suspect: tuple[str, Backend]
    tolerance: float | None = None

    @property
    def loses_precision(self) -> bool:
        """Whether the suspect may compute in half floats."""
        return self.suspect[1].delegate == "gpu" and self.suspect[1].precision_loss

    @property
    def allowed(self) -> float:
        """The tolerance in force."""
        return self.tolerance if self.tolerance is not None else LOOSE if self.loses_precision else TIGHT


def bisect(
    question: Question,
    *,
    serial: str | None = None,
    virtual: Make | None = None,
    replace: bool = False,
    results: Path | None = None,
    progress: Progress | None = None,
) -> Bisection:
    """Find the first operator (in execution order) whose output differs beyond tolerance while its inputs agree.

    The first run asks the whole model and some cuts of it; later runs narrow down, `BREADTH` cuts at a time, each
    model on both backends in one plan. A cut that crashes the app tells nothing, and the others
    are run without it. Device and folders are chosen as by `harness.scenario.run.run_scenario`.

    Raises:
        ResultsInvalid: `bisect.refused` when a backend doesn't run the whole model, `bisect.not_applied` when the GPU
            took nothing of it.
        ModelError: `bisect.outputs` for an output that can't be compared.
        HarnessError: as a run raises, from the model's file to the device.
    """
    says = progress or Silent()
    graph = inspect(question.model).main
    _require_comparable(question.model, graph)
    folder = RunFolder.create(results or RESULTS, f"bisect-{new_run_id()}")
    with hosted_device(serial, virtual=virtual, keep=False, starting=_staged(says)) as host, _scratch() as scratch:
        device, identity = host.device, identify(host.device)
        bench = Bench(device, folder.path, question.inputs, replace=replace or host.own)
        crashproof = Crashproof(bench.run)
        search = Search(question, graph, crashproof.run, scratch, says)
        whole, culprit = search.run()
        found = Bisection(
            model=question.name,
            operators=len(graph.operations),
            reference=question.reference[0],
            suspect=question.suspect[0],
            tolerance=question.allowed,
            whole=whole,
            whole_gpu=search.whole_gpu,
            device=identity.title,
            emulated=identity.emulated,
            folder=folder.path,
            runs=search.runs,
            cuts=search.cuts,
            crashes=tuple(crashproof.crashes),
            culprit=culprit,
        )
        folder.write_json("bisect.json", found.to_json())
        return found


class Search:
    """One bisection under way; `run` is a bench's, cut models go to the folder `scratch`."""

    def __init__(self, question: Question, graph: Subgraph, run: Run, scratch: Path, progress: Progress) -> None:
        self.question = question
        self.graph = graph
        self._run_models = run
        self.scratch = scratch
        self.progress = progress
        self.flow = dataflow(graph)
        self.runs = 0
        self.cuts = 0
        self.whole_gpu: Taken | None = None
        self._seen: dict[int, tuple[Distance, Taken | None]] = {}

    def run(self) -> tuple[Distance, Culprit | None]:
        """The worst of the whole model's outputs, and the culprit if that is beyond tolerance."""
        opaque = {index: None for index in self.flow.sources if not self._shown(self.graph.operations[index])}
        first = spread([index for index in self.flow.sources if index not in opaque], BREADTH - 1)
        answers = self._run({_WHOLE: self.question.model, **self._cuts(first)}, self._pair)
        worst, tensor = self._judge_whole(*self._both(answers, _WHOLE))
        if worst.agrees:
            return worst, None
        bad = next(end for end in self.flow.ends if tensor in self.graph.operations[end].outputs)
        known = {**opaque, **self._told(first, answers)}
        self._seen[bad] = (worst, self.whole_gpu)
        found = find_first_bad(self.flow, bad, self._ask, breadth=BREADTH, known=known)
        operation = self.graph.operations[found.operation]
        distance, gpu = self._seen[operation.index]
        proof, mended, strain = self._prove(operation)
        unknown = tuple(f"{self.graph.operations[index].name} {index}" for index in found.unknown)
        return worst, Culprit(operation.index, operation.name, distance, gpu, proof, strain, mended, unknown)

    def _ask(self, operations: tuple[int, ...]) -> dict[int, bool | None]:
        return self._told(operations, self._run(self._cuts(operations), self._pair))

    def _cuts(self, operations: tuple[int, ...]) -> dict[str, Path]:
        return {
            _name(index): self._cut(_name(index), self._shown(self.graph.operations[index])) for index in operations
        }

    def _told(self, operations: tuple[int, ...], answers: Answers) -> dict[int, bool | None]:
        """Whether the outputs of each operator agree, as its cut tells."""
        told: dict[int, bool | None] = {}
        for index in operations:
            left, right = self._both(answers, _name(index))
            if self._mute(left, right):
                told[index] = None
                continue
            distances = self._distances(self._shown(self.graph.operations[index]), left, right)
            told[index] = all(distance.agrees for distance in distances)
            self._seen[index] = (_worst(distances), right.gpu)
        return told

    def _both(self, answers: Answers, name: str) -> tuple[Answer, Answer]:
        return answers[name, self.question.reference[0]], answers[name, self.question.suspect[0]]

    @property
    def _pair(self) -> dict[str, Backend]:
        return dict((self.question.reference, self.question.suspect))

    def _prove(self, operation: Operation) -> tuple[bool, bool | None, float | None]:
        """Whether inputs agree and the output doesn't within one cut, whether fp32 on the GPU mends it, and the strain."""
        outputs = self._shown(operation)
        inputs = tuple(
            tensor
            for tensor in computed_inputs(self.graph, operation)
            if self.graph.tensors[tensor].dtype in _COMPARABLE and tensor not in outputs
        )
        backends, exact = self._pair, f"{self.question.suspect[0]}-fp32"
        if self.question.loses_precision:
            backends[exact] = self.question.suspect[1].model_copy(update={"precision_loss": False})
        shown = (*outputs, *inputs)
        answers = self._run({_PROOF: self._cut(_PROOF, shown), _ALONE: self._cut(_ALONE, outputs)}, backends)
        left, right = self._both(answers, _PROOF)
        proof, mended, strain = False, None, None
        if not self._mute(left, right):
            distances = self._distances(shown, left, right)
            count = len(outputs) * len(self.question.inputs)
            proof = not all(one.agrees for one in distances[:count]) and all(one.agrees for one in distances[count:])
            strain = max((one.strain for one in distances[count:]), default=None)
        if exact in backends:
            left, right = answers[_ALONE, self.question.reference[0]], answers[_ALONE, exact]
            if not self._mute(left, right):
                mended = all(distance.agrees for distance in self._distances(outputs, left, right))
        return proof, mended, strain

    def _run(self, models: Mapping[str, Path], backends: Mapping[str, Backend]) -> Answers:
        self.runs += 1
        self.progress.stage(f"run {self.runs}: {len(models)} models on {', '.join(backends)}: {', '.join(models)}")
        return self._run_models(models, backends)

    def _judge_whole(self, left: Answer, right: Answer) -> tuple[Distance, int]:
        """The worst output of the whole model, and which tensor it is."""
        for name, answer in ((self.question.reference[0], left), (self.question.suspect[0], right)):
            if answer.error:
                what = f"{name} doesn't run the whole model: there is nothing to compare"
                raise ResultsInvalid("bisect.refused", what, why=answer.error)
        if self._mute(left, right):
            what = f"{self.question.suspect[0]}: GpuDelegate took no node of the whole model; the CPU ran it"
            raise ResultsInvalid("bisect.not_applied", what)
        self.whole_gpu = right.gpu
        pairs = [
            (_worst(self._distances((tensor,), left, right, first=place)), tensor)
            for place, tensor in enumerate(self.graph.outputs)
        ]
        return max(pairs, key=lambda pair: pair[0].strain)

    def _mute(self, left: Answer, right: Answer) -> bool:
        """Whether a pair of answers tells nothing: one is missing, or the GPU is known to have taken no node."""
        on_gpu = self.question.suspect[1].delegate == "gpu"
        return bool(left.error or right.error) or (on_gpu and right.observed and right.gpu is None)

    def _distances(self, tensors: tuple[int, ...], left: Answer, right: Answer, *, first: int = 0) -> list[Distance]:
        """Each tensor on each input, tensor by tensor; they are the outputs from number `first` on."""
        return [
            distance_of(
                self.graph.tensors[tensor].name,
                name,
                left.outputs[name][place],
                right.outputs[name][place],
                tolerance=self.question.allowed,
                scale=left.quantization[place][0],
                zero_point=left.quantization[place][1],
            )
            for place, tensor in enumerate(tensors, first)
            for name in left.outputs
        ]

    def _shown(self, operation: Operation) -> tuple[int, ...]:
        """The outputs of an operator that can be brought home and compared."""
        return tuple(
            tensor for tensor in operation.outputs if tensor >= 0 and self.graph.tensors[tensor].dtype in _COMPARABLE
        )

    def _cut(self, name: str, tensors: tuple[int, ...]) -> Path:
        self.cuts += 1
        return cut(self.question.model, tensors, self.scratch / f"{name}.tflite")


def _name(operation: int) -> str:
    return f"op{operation}"


def _worst(distances: list[Distance]) -> Distance:
    return max(distances, key=lambda one: one.strain)


def _require_comparable(path: Path, graph: Subgraph) -> None:
    live = {tensor for index in dataflow(graph).sources for tensor in graph.operations[index].outputs}
    for tensor in graph.outputs:
        if tensor not in live or graph.tensors[tensor].dtype not in _COMPARABLE:
            what = f"{path}: its output {graph.tensors[tensor]} can't be compared"
            raise ModelError(
                "bisect.outputs", what, why=f"it doesn't depend on the input, or isn't {sorted(_COMPARABLE)}"
            )


def _staged(progress: Progress) -> Callable[[str], AbstractContextManager[None]]:
    def stage(message: str) -> AbstractContextManager[None]:
        progress.stage(message)
        return nullcontext()

    return stage


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="harness-bisect-") as name:
        yield Path(name)
