"""docs/describe.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from harness.models.families import families
from harness.strict_yaml import load_text

PAGE = Path(__file__).parents[4] / "docs" / "describe.md"


def test_every_example_is_a_description_file() -> None:
    """Each family has an example, and each example is taken by its family."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    documents = [load_text(block, "docs/describe.md") for block in blocks]
    known = families()
    assert {document.data["family"] for document in documents} == set(known)
    for document in documents:
        assert document.into(known[document.data["family"]]).name
