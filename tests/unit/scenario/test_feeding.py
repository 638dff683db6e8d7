"""One model fed by another in a plan: from whose cell, in which order, and when it is pushed from the host instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.models import Variant
from harness.models.describe import DescribedModel
from harness.models.inspect import TensorInfo
from harness.models.tasks.base import Fed, Resources
from harness.scenario.inputs import Prepared, files_of, input_file
from harness.scenario.plan import Cell, FromCell, InputFile, ModelInputs, plan_document
from harness.scenario.schema import AgreementRule, Backend

PHOTO = TensorInfo("photo", "float32", (1, 2, 2, 3))
STYLE = TensorInfo("style", "float32", (1, 4))
CPU = "palette/fp32/cpu"


def model(*inputs: TensorInfo) -> DescribedModel:
    return DescribedModel(
        "painter", Variant.FP32, Path("x"), "0" * 64, 1, inputs, (), Resources(Path()), card=None  # type: ignore[arg-type]
    )  # fmt: skip


def prepared() -> Prepared:
    tensors = {"cat": (np.zeros((1, 2, 2, 3), np.float32), np.ones((1, 4), np.float32))}
    return Prepared(tensors, {("cat", 1): Fed("palette", "night")})


def second(answering: Mapping[tuple[str, str, str], Any]) -> InputFile | FromCell:
    return files_of(model(PHOTO, STYLE), prepared(), answering).samples["cat"][1]


def cell(name: str, variant: str = "fp32") -> Cell:
    return Cell(name, variant, "cpu", Backend(delegate="cpu"), 0, 1, AgreementRule(against="tensorflow"))


def fed_by(*cells: str) -> ModelInputs:
    parts = tuple(FromCell(each, "night", 0) for each in cells)
    return ModelInputs("a.tflite", "0" * 64, {"cat": (*parts, input_file(np.zeros(3)))})


def test_what_a_cell_of_the_run_answers_comes_from_there() -> None:
    """Its id, the sample and the output; the photo is pushed."""
    answering = {("palette", "fp32", "night"): (CPU, (STYLE,))}
    assert second(answering) == FromCell(CPU, "night", 0)
    files = files_of(model(PHOTO, STYLE), prepared(), answering)
    assert files.feeders == {CPU}
    assert [len(file.data) for file in files.files] == [48]


@pytest.mark.parametrize(
    "answering",
    [
        {},
        {("palette", "int8", "night"): (CPU, (STYLE,))},
        {("palette", "fp32", "day"): (CPU, (STYLE,))},
        {("other", "fp32", "night"): (CPU, (STYLE,))},
        {("palette", "fp32", "night"): (CPU, (TensorInfo("style", "int8", (1, 4), 0.1, 3),))},
    ],
)
def test_what_no_cell_answers_is_pushed(answering: Mapping[tuple[str, str, str], Any]) -> None:
    """Another variant, sample or model, or a tensor of another kind: the host's answer goes along."""
    found = second(answering)
    assert isinstance(found, InputFile)
    assert found.data == np.ones((1, 4), np.float32).tobytes()


def test_feeders_come_first_in_the_plan() -> None:
    """A chain of three, given the wrong way round: each model after those whose answers it takes, the rest as they stood."""
    cells = [cell("painter"), cell("other"), cell("middle"), cell("palette")]
    inputs = {
        ("painter", "fp32"): fed_by("middle/fp32/cpu", "palette/fp32/cpu"),
        ("other", "fp32"): fed_by(),
        ("middle", "fp32"): fed_by("palette/fp32/cpu"),
        ("palette", "fp32"): fed_by(),
    }
    document = json.loads(plan_document("r1", cells, inputs))
    assert [each["model"] for each in document["models"]] == ["other", "palette", "middle", "painter"]
    tensors = document["models"][3]["inputs"][0]["tensors"]
    assert tensors[0] == {"cell": "middle/fp32/cpu", "input": "night", "output": 0}
    assert set(tensors[2]) == {"file", "sha256"}


def test_cells_of_a_model_stay_together() -> None:
    """Two variants are two models of the plan, each with its own backends, in the scenario's order."""
    cells = [cell("painter"), cell("palette", "int8"), cell("palette")]
    inputs = {
        ("painter", "fp32"): fed_by("palette/fp32/cpu"),
        ("palette", "int8"): fed_by(),
        ("palette", "fp32"): fed_by(),
    }
    document = json.loads(plan_document("r1", cells, inputs))
    assert [(each["model"], each["variant"]) for each in document["models"]] == [
        ("palette", "int8"),
        ("palette", "fp32"),
        ("painter", "fp32"),
    ]
