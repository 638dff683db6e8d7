"""The must-catch corpus through the app on the virtual Pixel: prediction against observation, wrong against right."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.models.corpus import BACKENDS, Case, Fate, corpus
from harness.scenario.corpus import run_corpus
from tests.integration.test_scenario import adb_server_of_its_own

EVERY = 6  # of the models that all is well with, every sixth: the whole corpus takes two minutes (`harness corpus run`)


def selection() -> list[Case]:
    """Every model that some backend computes wrongly, one that kills the app, and some of the others."""
    wrong: list[Case] = []
    deadly: list[Case] = []
    others: list[Case] = []
    for case in corpus():
        (wrong if case.must_catch else deadly if Fate.CRASHED in case.fates.values() else others).append(case)
    return [*wrong, *deadly[:1], *others[::EVERY]]


@pytest.mark.slow
def test_wrong_ones_are_flagged_and_no_control_is(tmp_path: Path) -> None:
    """Every must-catch model is flagged where it is wrong, nothing else is, and the delegate took what was predicted."""
    cases = selection()
    with adb_server_of_its_own():
        found = run_corpus(cases, virtual=True, results=tmp_path)
    assert [(row.case.name, row.backend, row.taken) for row in found.mispredicted] == []
    assert [(row.case.name, row.backend, row.fate, row.error) for row in found.surprises] == []
    flagged = {(row.case.name, row.backend) for row in found.rows if row.fate is Fate.WRONG}
    assert flagged == {(case.name, name) for case in cases for name in BACKENDS if case.fates[name] is Fate.WRONG}
    assert len(flagged) > 15


@pytest.mark.slow
def test_a_crash_costs_only_its_own_cell(tmp_path: Path) -> None:
    """A model that kills the app unexpectedly is told as such; those beside it are judged, on the next start of it."""
    deadly = next(case for case in corpus() if Fate.CRASHED in case.fates.values())
    unexpected = dataclasses.replace(deadly, fates=dict.fromkeys(BACKENDS, Fate.RIGHT))
    control = next(case for case in corpus() if case.name == "relu-rank4")
    with adb_server_of_its_own():
        found = run_corpus([unexpected, control], virtual=True, results=tmp_path)
    assert {row.fate for row in found.rows if row.case is control} == {Fate.RIGHT}
    (surprise,) = found.surprises
    assert (surprise.case.name, surprise.fate) == (deadly.name, Fate.CRASHED)
    assert "SIGABRT" in surprise.error
    assert found.mispredicted == ()
    assert len(found.folders) == 2
