"""From a trained model to a verdict on the phone: `run_scenario` runs a scenario file and returns its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.results.document import RunResults, read_results
    from harness.scenario.run import Choice, run_scenario

__version__ = "0.1.0"
__all__ = ["Choice", "RunResults", "read_results", "run_scenario"]

_HOMES = {
    "Choice": "harness.scenario.run",
    "RunResults": "harness.results.document",
    "read_results": "harness.results.document",
    "run_scenario": "harness.scenario.run",
}


def __getattr__(name: str) -> Any:
    """What is under the command line, imported when it is asked for: importing `harness` alone costs nothing."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")
