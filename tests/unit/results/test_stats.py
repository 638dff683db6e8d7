"""Percentiles by the rule that they state."""

from __future__ import annotations

import numpy as np
import pytest

from harness.results.stats import percentile, summarize


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_rule_is_numpys_default(share: float) -> None:
    """The stated rule (type 7) gives what numpy's linear method gives."""
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0]
    assert percentile(values, share) == pytest.approx(float(np.quantile(values, share)))


@pytest.mark.fault("F37")
def test_p90_needs_ten_samples() -> None:
    """With too few samples there is no p90 rather than a wrong one."""
    few, enough = summarize([1.0] * 9), summarize([1.0] * 10)
    assert few is not None
    assert enough is not None
    assert few.p90 is None
    assert enough.p90 == 1.0


@pytest.mark.fault("F37")
def test_nothing_measured() -> None:
    """No samples, no summary."""
    assert summarize([]) is None
