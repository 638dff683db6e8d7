"""Scenario files: what they may say, and how a wrong one is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import NothingToRun, UsageError
from harness.scenario.load import load
from harness.scenario.plan import cells_of
from harness.scenario.schema import Scenario

QUICKSTART = Path(__file__).parents[3] / "scenarios" / "quickstart.yaml"


def altered(tmp_path: Path, old: str, new: str) -> Path:
    text = QUICKSTART.read_text()
    assert old in text
    path = tmp_path / "scenario.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_quickstart_has_all_its_cells() -> None:
    """Four variants times four backends, each with the first rule that selects it."""
    cells = cells_of(load(QUICKSTART))
    assert len(cells) == 16
    rules = {cell.id: cell.rule for cell in cells}
    assert rules["efficientnet_lite0/fp32/cpu"].against == "tensorflow"
    assert rules["efficientnet_lite0/fp16/gpu-opengl"].max_abs == 0.005
    assert rules["efficientnet_lite0/int8/cpu"].max_steps == 2


def test_accuracy_by_the_first_rule() -> None:
    """A rule for some cells comes before the one for all."""
    scenario = load(QUICKSTART)
    for variant, least in (("int8", 0.66), ("fp16", 1.0)):
        (rule,) = scenario.score_rules("efficientnet_lite0", variant, "cpu")
        assert (rule.metric, rule.least) == ("top-1", least)


def test_filters_that_leave_nothing() -> None:
    """Filters that select no cell are an error of their own."""
    with pytest.raises(NothingToRun):
        cells_of(load(QUICKSTART), variants=["int16x8"])


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("delegate: cpu", "delegat: cpu", "12:5", "did you mean 'delegate'"),
        ("rounds: 12", "rounds: many", "13:13", "rounds"),
        ("int8]", "int4]", "8:37", "int4"),
        ("api: opencl", "api: opencl\n    api: opengl", "17:5", "already on line 16"),
    ],
)
def test_mistakes_have_a_place_and_a_suggestion(tmp_path: Path, old: str, new: str, place: str, words: str) -> None:
    """A wrong key, type or word is answered with file, line, column and what was meant."""
    path = altered(tmp_path, old, new)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert f"{path}:{place}" in caught.value.what
    assert words in caught.value.what
    assert caught.value.exit_code == 2


def test_rule_against_an_unknown_backend(tmp_path: Path) -> None:
    """A rule that compares with what isn't there is refused before anything runs."""
    with pytest.raises(UsageError, match="gpuu"):
        load(altered(tmp_path, "against: cpu", "against: gpuu"))


def test_gpu_options_on_the_cpu(tmp_path: Path) -> None:
    """An option that has no effect is an error, not a silence."""
    with pytest.raises(UsageError, match="delegate: gpu"):
        load(altered(tmp_path, "delegate: cpu", "delegate: cpu\n    precision_loss: true"))


def test_missing_file_lists_what_is_there() -> None:
    """A wrong name is answered with the names that exist."""
    with pytest.raises(UsageError) as caught:
        load(QUICKSTART.with_name("quickstrat.yaml"))
    assert "quickstart.yaml" in caught.value.hint


def test_schema_for_editors_is_current() -> None:
    """scenarios/schema.json is what `harness validate --schema` prints today."""
    kept = json.loads((QUICKSTART.parent / "schema.json").read_bytes())
    assert kept == Scenario.model_json_schema(), "harness validate --schema > scenarios/schema.json"
