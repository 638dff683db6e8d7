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
    """A model of the catalogue and the variants of it that this scenario runs."""

    model: Name
    variants: tuple[Variant, ...] = Field(min_length=1)


class Backend(_Strict):
    """How the interpreter runs a model: on the CPU, or with GpuDelegate in front of it."""

    delegate: Literal["cpu", "gpu"]
    threads: int = Field(default=1, ge=1, le=16, description="threads of the CPU's part")
    xnnpack: bool = Field(default=True, description="XNNPACK for what the CPU runs")
    api: Literal["any", "opencl", "opengl"] = Field(default="any", description="GpuDelegate's force-backend option")
    precision_loss: bool = Field(default=True, description="GpuDelegate may compute in half floats")
    warmup: int | None = Field(default=None, ge=0, le=1000, description="inferences before the timed ones")
    rounds: int | None = Field(default=None, ge=1, le=100_000, description="timed inferences")

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

    `max_abs` is in the output's own unit after dequantization, `max_steps` in quantization steps.
    """

    against: str = Field(description="tensorflow, or a backend's name")
    max_abs: float | None = Field(default=None, gt=0)
    max_steps: int | None = Field(default=None, ge=0)
    same_top: bool = Field(default=True, description="the largest score has to be at the same place")

    @model_validator(mode="after")
    def _has_a_limit(self) -> AgreementRule:
        if self.max_abs is None and self.max_steps is None:
            raise ValueError("needs max_abs or max_steps")
        return self


class Top1Rule(Selector):
    """The least share of labelled inputs whose surest answer has to be the right label."""

    least: float = Field(ge=0, le=1)


class KnownInvalid(Selector):
    """Cells that are known to be invalid on today's delegates, and why: they don't turn the run red, nor green."""

    code: str
    why: str = Field(min_length=1)


class Expectations(_Strict):
    """What has to hold; of several rules, the first that selects a cell is the one that judges it."""

    top1: tuple[Top1Rule, ...] = ()
    coverage: float = Field(default=0.0, ge=0, le=1, description="least share of nodes that GpuDelegate takes")
    agreement: tuple[AgreementRule, ...] = Field(min_length=1)
    known_invalid: tuple[KnownInvalid, ...] = ()


class Scenario(_Strict):
    """A scenario: models × variants × backends on one device, real inputs, and what has to hold."""

    scenario: Name
    title: str = ""
    models: tuple[ModelChoice, ...] = Field(min_length=1)
    backends: dict[Name, Backend] = Field(min_length=1)
    inputs: tuple[Name, ...] = Field(min_length=1, description="samples of the catalogue, by name")
    runs: Runs = Runs()
    expect: Expectations

    @model_validator(mode="after")
    def _rules_name_backends(self) -> Scenario:
        for number, rule in enumerate(self.expect.agreement):
            if rule.against != "tensorflow" and rule.against not in self.backends:
                known = ", ".join(["tensorflow", *self.backends])
                raise ValueError(f"expect.agreement[{number}].against: {rule.against!r} is not one of {known}")
        for choice in self.models:
            for variant in choice.variants:
                for backend in self.backends:
                    if self.rule_for(choice.model, variant, backend) is None:
                        raise ValueError(f"expect.agreement has no rule for {choice.model}/{variant}/{backend}")
        return self

    def least_top1(self, model: str, variant: str, backend: str) -> float | None:
        """What the first accuracy rule that selects this cell asks for, if one does."""
        return next((rule.least for rule in self.expect.top1 if rule.selects(model, variant, backend)), None)

    def rule_for(self, model: str, variant: str, backend: str) -> AgreementRule | None:
        """The first rule that selects this cell and doesn't compare it with itself."""
        return next(
            (
                rule
                for rule in self.expect.agreement
                if rule.against != backend and rule.selects(model, variant, backend)
            ),
            None,
        )
