"""What a scenario file may say: pydantic at the edge, frozen values inside."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Variant = Literal["fp32", "fp16", "dynamic", "int8", "int16x8"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelChoice(_Strict):
    """A model of the catalogue, the variants of it that this scenario runs, and inputs of its own."""

    model: Name
    variants: tuple[Variant, ...] = Field(min_length=1)
    inputs: tuple[Name, ...] = Field(default=(), description="samples of the catalogue; the scenario's own by default")


class Backend(_Strict):
    """How the interpreter runs a model: on the CPU, or with GpuDelegate in front of it."""

    delegate: Literal["cpu", "gpu"]
    threads: int = Field(default=1, ge=1, le=16, description="threads of the CPU's part")
    xnnpack: bool = Field(default=True, description="XNNPACK for what the CPU runs")
    api: Literal["any", "opencl", "opengl"] = Field(default="any", description="GpuDelegate's force-backend option")
    precision_loss: bool = Field(default=True, description="GpuDelegate may compute in half floats")
    warmup: int | None = Field(default=None, ge=0, le=1000, description="inferences before the timed ones")
    rounds: int | None = Field(default=None, ge=1, le=100_000, description="timed inferences; at least one an input")

    @model_validator(mode="after")
    def _gpu_options_need_gpu(self) -> Backend:
        if self.delegate == "cpu" and self.model_fields_set & {"api", "precision_loss"}:
            raise ValueError("api and precision_loss are options of delegate: gpu")
        return self


class Runs(_Strict):
    """How often each cell runs, unless its backend says otherwise."""

    warmup: int = Field(default=1, ge=0, le=1000)
    rounds: int = Field(default=10, ge=1, le=100_000)
    minutes: float = Field(default=10.0, gt=0, le=24 * 60, description="wall-clock limit for the device's part")


class Selector(_Strict):
    """Which cells a rule is for: glob patterns on model, variant and backend names; all by default."""

    models: tuple[str, ...] = ("*",)
    variants: tuple[str, ...] = ("*",)
    backends: tuple[str, ...] = ("*",)

    def selects(self, model: str, variant: str, backend: str) -> bool:
        """Whether the cell of these three is meant."""
        return (
            any(fnmatchcase(model, pattern) for pattern in self.models)
            and any(fnmatchcase(variant, pattern) for pattern in self.variants)
            and any(fnmatchcase(backend, pattern) for pattern in self.backends)
        )


class AgreementRule(Selector):
    """How close a cell's outputs have to be to a reference: TensorFlow's on the host, or another backend's on the device.

    `max_abs` is in the output's own unit after dequantization, `max_steps` in quantization steps. Without either, what
    is allowed follows from precision and kind of output (`harness.scenario.tolerances`). `same_top`, by default for
    scores and logits only, wants the largest value at the same place.
    """

    against: str = Field(description="tensorflow, or a backend's name")
    max_abs: float | None = Field(default=None, gt=0)
    max_steps: int | None = Field(default=None, ge=0)
    same_top: bool | None = Field(default=None, description="the largest value has to be at the same place")


class ScoreRule(Selector):
    """The least that a task's figure may be; `metric` is its name, as top-1, the family's headline by default."""

    metric: str = ""
    least: float


class Known(Selector):
    """Cells that today's delegates are known to refuse, leave alone or compute wrongly, with the issue's code, and why.

    They turn the run neither red nor green, as long as nothing else is wrong with them.
    """

    code: str
    why: str = Field(min_length=1)


class Expectations(_Strict):
    """What has to hold; of several rules, the first that selects a cell is the one that judges it."""

    scores: tuple[ScoreRule, ...] = ()
    coverage: float = Field(default=0.0, ge=0, le=1, description="least share of nodes that GpuDelegate takes")
    agreement: tuple[AgreementRule, ...] = ()
    known: tuple[Known, ...] = ()


class Scenario(_Strict):
    """A scenario: models × variants × backends on one device, real inputs, and what has to hold."""

    scenario: Name
    title: str = ""
    models: tuple[ModelChoice, ...] = Field(min_length=1)
    backends: dict[Name, Backend] = Field(min_length=1)
    inputs: tuple[Name, ...] = Field(default=(), description="samples of the catalogue, by name")
    runs: Runs = Runs()
    expect: Expectations = Expectations()

    @model_validator(mode="after")
    def _rules_name_backends(self) -> Scenario:
        for number, rule in enumerate(self.expect.agreement):
            if rule.against != "tensorflow" and rule.against not in self.backends:
                known = ", ".join(["tensorflow", *self.backends])
                raise ValueError(f"expect.agreement[{number}].against: {rule.against!r} is not one of {known}")
        return self

    @model_validator(mode="after")
    def _inputs_for_all(self) -> Scenario:
        names = [choice.model for choice in self.models]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"models names {twice} twice: give all its variants in one entry")
        if lacking := next((choice.model for choice in self.models if not self.inputs_of(choice.model)), None):
            raise ValueError(f"{lacking} has no inputs: name some here or beside it")
        return self

    @property
    def reference_backend(self) -> str | None:
        """The first backend on the CPU: what others are compared with, and whose answers feed other models."""
        return next((name for name, options in self.backends.items() if options.delegate == "cpu"), None)

    def inputs_of(self, model: str) -> tuple[str, ...]:
        """The samples that this model is given."""
        own = next((choice.inputs for choice in self.models if choice.model == model), ())
        return own or self.inputs

    def score_rules(self, model: str, variant: str, backend: str) -> tuple[ScoreRule, ...]:
        """For each metric the first rule that selects this cell."""
        found: dict[str, ScoreRule] = {}
        for rule in self.expect.scores:
            if rule.selects(model, variant, backend):
                found.setdefault(rule.metric, rule)
        return tuple(found.values())

    def rule_for(self, model: str, variant: str, backend: str) -> AgreementRule:
        """The first rule that selects this cell and doesn't compare it with itself.

        Without one, what runs on the CPU is compared with TensorFlow, all else with the first backend on the CPU.
        """
        for rule in self.expect.agreement:
            if rule.against != backend and rule.selects(model, variant, backend):
                return rule
        on_cpu = self.backends[backend].delegate == "cpu"
        return AgreementRule(against="tensorflow" if on_cpu else self.reference_backend or "tensorflow")
