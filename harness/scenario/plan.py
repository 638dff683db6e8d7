"""From a scenario to cells, and from cells to the plan file that the app runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import NothingToRun
from harness.scenario.schema import AgreementRule, Backend, Known, Scenario, ScoreRule

PLAN_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One model × variant × backend, with the rules that judge it."""

    model: str
    variant: str
    backend: str
    options: Backend
    warmup: int
    rounds: int
    rule: AgreementRule
    scores: tuple[ScoreRule, ...] = ()
    known: tuple[Known, ...] = ()

    @property
    def id(self) -> str:
        """`<model>/<variant>/<backend>`."""
        return f"{self.model}/{self.variant}/{self.backend}"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A raw input tensor as it is pushed: path beside the plan, SHA-256, bytes."""

    file: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FromCell:
    """An input tensor that is another cell's answer: its output number `output` for `input`, out of the same run."""

    cell: str
    input: str
    output: int


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """A described model's asset in the APK, and its input tensors for each sample, in the model's own order."""

    asset: str
    sha256: str
    samples: Mapping[str, tuple[InputFile | FromCell, ...]]

    @property
    def files(self) -> Iterator[InputFile]:
        """What is pushed."""
        return (part for parts in self.samples.values() for part in parts if isinstance(part, InputFile))

    @property
    def feeders(self) -> frozenset[str]:
        """The cells whose answers go in."""
        fed = (part for parts in self.samples.values() for part in parts if isinstance(part, FromCell))
        return frozenset(part.cell for part in fed)


def cells_of(
    scenario: Scenario, *, models: Sequence[str] = (), variants: Sequence[str] = (), backends: Sequence[str] = ()
) -> tuple[Cell, ...]:
    """The scenario's cells in its own order, narrowed to what is named; each runs every input of its model at least once.

    Raises `NothingToRun` when none is left.
    """
    cells = []
    for choice in scenario.models:
        for variant in choice.variants:
            for name, options in scenario.backends.items():
                wanted = (
                    (not models or choice.model in models)
                    and (not variants or variant in variants)
                    and (not backends or name in backends)
                )
                if not wanted:
                    continue
                cells.append(
                    Cell(
                        model=choice.model,
                        variant=variant,
                        backend=name,
                        options=options,
                        warmup=scenario.runs.warmup if options.warmup is None else options.warmup,
                        rounds=max(
                            scenario.runs.rounds if options.rounds is None else options.rounds,
                            len(scenario.inputs_of(choice.model)),
                        ),
                        rule=scenario.rule_for(choice.model, variant, name),
                        scores=scenario.score_rules(choice.model, variant, name),
                        known=tuple(
                            known for known in scenario.expect.known if known.selects(choice.model, variant, name)
                        ),
                    )
                )
    if not cells:
        raise NothingToRun(
            "run.nothing",
            f"no cell of scenario {scenario.scenario!r} is left after the filters",
            hint="look at --model, --variant and --backend",
        )
    return tuple(cells)


def plan_document(run_id: str, cells: Sequence[Cell], inputs: Mapping[tuple[str, str], ModelInputs]) -> bytes:
    """The plan file: cells grouped by model file, in their own order, a feeder before what it feeds.

    `inputs` goes by (model, variant).
    """
    waiting: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        waiting.setdefault((cell.model, cell.variant), []).append(cell)
    ordered = []
    while waiting:
        to_come = {cell.id for group in waiting.values() for cell in group}
        ready = next(key for key in waiting if not inputs[key].feeders & to_come)
        ordered.append((ready, waiting.pop(ready)))
    document = {
        "schema": PLAN_SCHEMA,
        "run_id": run_id,
        "models": [
            {
                "model": model,
                "variant": variant,
                "asset": inputs[model, variant].asset,
                "sha256": inputs[model, variant].sha256,
                "inputs": [
                    {"name": name, "tensors": [_tensor_document(part) for part in parts]}
                    for name, parts in inputs[model, variant].samples.items()
                ],
                "cells": [_cell_document(cell) for cell in group],
            }
            for (model, variant), group in ordered
        ],
    }
    return json.dumps(document, indent=1).encode()


def _tensor_document(part: InputFile | FromCell) -> dict[str, object]:
    if isinstance(part, FromCell):
        return {"cell": part.cell, "input": part.input, "output": part.output}
    return {"file": part.file, "sha256": part.sha256}


def _cell_document(cell: Cell) -> dict[str, object]:
    options = cell.options
    document: dict[str, object] = {
        "id": cell.id,
        "delegate": options.delegate,
        "threads": options.threads,
        "xnnpack": options.xnnpack,
        "warmup": cell.warmup,
        "rounds": cell.rounds,
    }
    if options.delegate == "gpu":
        document |= {"gpu_api": options.api, "precision_loss": options.precision_loss}
    return document
