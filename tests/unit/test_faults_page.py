"""docs/faults.md names the tests of each fault: it has to be true."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from harness.checkout import CHECKOUT

_ROW = re.compile(r"^\| (F\d\d) \|.*\| (`tests/[^|]*`) \|$", re.MULTILINE)


def marked() -> dict[str, set[str]]:
    """The files that have a test marked with a fault, by its id."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (CHECKOUT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                found[str(ast.literal_eval(node.args[0]))].add(str(path.relative_to(CHECKOUT)))
    return found


def test_each_fault_has_the_tests_that_its_row_names() -> None:
    """No row without a test, no marked test without a row."""
    page = (CHECKOUT / "docs/faults.md").read_text(encoding="utf-8")
    rows = {number: set(re.findall(r"`([^`]+)`", files)) for number, files in _ROW.findall(page)}
    assert rows == marked()
