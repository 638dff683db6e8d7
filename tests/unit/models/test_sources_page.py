"""docs/sources.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import TypeAdapter

from harness.models.entry import Pin
from harness.models.onnx_ops import OPERATORS
from harness.models.source_card import Source
from harness.strict_yaml import load_text

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"


def test_every_example_is_a_source_or_a_place() -> None:
    """Each kind of source has an example, and so has the package of a registry that isn't PyPI."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    documents = [load_text(block, "docs/sources.md") for block in blocks]
    sources: TypeAdapter[Source] = TypeAdapter(Source)
    kinds = {sources.validate_python(document.data).kind for document in documents if "kind" in document.data}
    assert kinds == {"concrete", "keras", "onnx", "saved_model", "tfjs", "tflite"}
    (pin,) = [document.into(Pin) for document in documents if "kind" not in document.data]
    assert pin.registry == "debian"


def test_the_operators_of_onnx_are_listed() -> None:
    """Those that are known, and no other."""
    found = re.search(r"Known operators: ([^.]*)\.", PAGE.read_text(encoding="utf-8"))
    assert found
    assert found[1].replace("\n", " ").split(", ") == sorted(OPERATORS)
