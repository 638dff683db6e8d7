"""`harness describe` and `harness inspect`, as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from harness.cli.app import app
from harness.models.embed import embed
from tests.unit.models.families.cases import CASES
from tests.unit.models.families.conftest import Bench

Benches = Callable[[str], Bench]


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", CASES)
def test_both_verbs_for_every_family(bench: Benches, name: str) -> None:
    """What describe wrote, inspect shows, as text and as JSON."""
    given, case = bench(name), CASES[name]
    description = given.write(case.family, case.body, **case.files)
    assert str(given.out) in run("describe", given.model, description, "-o", given.out)
    text = run("inspect", given.out)
    assert f"A {case.family} model 2" in text
    shown = json.loads(run("inspect", given.out, "--json"))
    assert shown["metadata"]["name"] == f"A {case.family} model"
    assert {one["code"] for one in shown["findings"]} == case.findings
    for file in shown["associated_files"]:
        assert f"file    {file}" in text


def test_text_tells_what_a_tensor_is(bench: Benches) -> None:
    """Content, boxes, groups, units and files stand by the tensor that they belong to."""
    given, case = bench("object_detection"), CASES["object_detection"]
    description = given.write(case.family, case.body, **case.files)
    run("describe", given.model, description, "-o", given.out)
    text = run("inspect", given.out)
    assert "content bounding box (boundaries, ratio, index [1, 0, 3, 2]); dimensions 2 to 2" in text
    assert "group   detection_result: location, category, score (outputs)" in text
    assert "ScoreThreshold threshold 0.125" in text
    assert "labels.txt (value_labels)" in text
    assert "needs   a metadata parser of 1.2.0" in text


def test_json_of_describe_lists_findings(bench: Benches) -> None:
    """A script reads what is still wrong."""
    given, case = bench("style_transform"), CASES["style_transform"]
    description = given.write(case.family, case.body, **case.files)
    shown = json.loads(run("describe", given.model, description, "-o", given.out, "--json"))
    assert [one["code"] for one in shown["findings"]] == ["task.inputs"]


def test_a_model_with_damaged_metadata_is_shown_all_the_same(bench: Benches) -> None:
    """Its tensors are there, and the damage is a finding."""
    given = bench("segmentation")
    given.out.write_bytes(embed(given.model.read_bytes(), b"\x10\0\0\0M001 and no more", {}, given.model))
    text = run("inspect", given.out)
    assert "no metadata" in text
    assert "finding [metadata.corrupt]" in text
    assert "output  'PartitionedCall:0'" in text
