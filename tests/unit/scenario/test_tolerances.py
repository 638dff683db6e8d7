"""What is allowed where a scenario doesn't say: by precision, by kind of output, by how the GPU computes."""

from __future__ import annotations

import pytest

from harness.models.tasks.base import Kind
from harness.scenario.schema import AgreementRule, Backend
from harness.scenario.tolerances import tolerance_of

CPU = Backend(delegate="cpu")
EXACT = Backend(delegate="gpu", precision_loss=False)
HALF = Backend(delegate="gpu")
OPEN = AgreementRule(against="cpu")


@pytest.mark.parametrize(
    ("variant", "options", "allowed"),
    [
        ("fp32", CPU, 1e-4),
        ("fp16", EXACT, 1e-4),
        ("fp32", HALF, 5e-3),
        ("dynamic", CPU, 2e-2),
        ("dynamic", HALF, 2e-2),
        ("int8", HALF, 5e-2),
    ],
)
def test_precision_decides(variant: str, options: Backend, allowed: float) -> None:
    """Scores lie between 0 and 1, so the factor is what is allowed, whatever the largest score is."""
    found = tolerance_of(OPEN, Kind.SCORES, variant, options, quantised=False, largest=0.3)
    assert (found.max_abs, found.steps, found.same_top) == (allowed, None, True)


def test_outputs_without_bounds_are_measured_by_their_largest_value() -> None:
    """Logits of 40 may differ 40 times as far; small ones as far as 1."""
    found = tolerance_of(OPEN, Kind.LOGITS, "fp32", CPU, quantised=False, largest=40.0)
    assert (found.max_abs, found.basis) == (pytest.approx(4e-3), "fp32 logits up to 40")
    assert tolerance_of(OPEN, Kind.LOGITS, "fp32", CPU, quantised=False, largest=0.01).max_abs == 1e-4
    assert not tolerance_of(OPEN, Kind.HEATMAPS, "fp32", CPU, quantised=False, largest=1.0).same_top


def test_integers_may_differ_by_steps_on_the_cpu() -> None:
    """Two steps of a quantised output; on a GPU, which computes it in floats, a distance."""
    found = tolerance_of(OPEN, Kind.SCORES, "int8", CPU, quantised=True, largest=1.0)
    assert (found.max_abs, found.steps) == (None, 2)
    assert tolerance_of(OPEN, Kind.SCORES, "int8", EXACT, quantised=True, largest=1.0).max_abs == 5e-2
    assert tolerance_of(OPEN, Kind.SCORES, "int8", CPU, quantised=False, largest=1.0).max_abs == 2e-2


def test_classes_may_differ_in_some_places() -> None:
    """An index has no distance: near ties may turn in a share of the places."""
    assert tolerance_of(OPEN, Kind.CLASSES, "fp32", EXACT, quantised=False, largest=20.0).differing == 0.01
    assert tolerance_of(OPEN, Kind.CLASSES, "fp32", HALF, quantised=False, largest=20.0).differing == 0.02


@pytest.mark.parametrize("kind", [Kind.MASKS, Kind.IMAGES])
def test_of_pictures_the_mean_counts_where_rounding_is_coarse(kind: Kind) -> None:
    """In half floats and of integers on a GPU; in single precision it is the largest difference, as of all else."""
    for variant, options, mean in (("fp32", HALF, 5e-3), ("int8", EXACT, 5e-2), ("dynamic", CPU, 2e-2)):
        found = tolerance_of(OPEN, kind, variant, options, quantised=False, largest=1.0)
        assert (found.max_abs, found.mean_abs) == (None, mean)
    found = tolerance_of(OPEN, kind, "fp32", EXACT, quantised=False, largest=1.0)
    assert (found.max_abs, found.mean_abs) == (1e-4, None)


def test_of_fields_too_by_their_largest_value() -> None:
    """Logits of 12 may be 12 times as far apart, in the mean; in single precision 1e-3 of them at most."""
    found = tolerance_of(OPEN, Kind.FIELDS, "fp32", HALF, quantised=False, largest=12.0)
    assert (found.max_abs, found.mean_abs) == (None, pytest.approx(0.06))
    assert found.basis == "fp32 fields in half floats up to 12, in the mean"
    found = tolerance_of(OPEN, Kind.FIELDS, "fp32", EXACT, quantised=False, largest=12.0)
    assert (found.max_abs, found.mean_abs) == (pytest.approx(1.2e-2), None)


def test_the_scenario_has_the_last_word() -> None:
    """A rule's own limits replace those of the table, and its word on the largest value that of the kind."""
    rule = AgreementRule(against="cpu", max_abs=0.25, same_top=False)
    found = tolerance_of(rule, Kind.SCORES, "fp32", CPU, quantised=False, largest=1.0)
    assert (found.max_abs, found.same_top, found.basis) == (0.25, False, "the scenario")
