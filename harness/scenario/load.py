"""A scenario file into a `Scenario`, with errors that point at the line and column."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError
from harness.scenario.schema import Scenario
from harness.strict_yaml import parse


def load(path: Path) -> Scenario:
    """Read and check a scenario file.

    Raises `UsageError`: `scenario.missing` when there is no such file, `yaml.*` with file, line, column and a caret.
    """
    if not path.is_file():
        beside = sorted(entry.name for entry in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f"there are: {', '.join(beside)}" if beside else "scenario files are kept in scenarios/"
        raise UsageError("scenario.missing", f"no scenario file {path}", hint=hint)
    return parse(path, Scenario)
