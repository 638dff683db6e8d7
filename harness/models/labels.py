"""Labels of a model's output, in the order of its last axis, from wherever a card has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from harness.errors import ModelError
from harness.models.entry import Entry, Line, Origin, Place

LABELS = "labels.txt"
"""What the label file is called in a described model."""


class LabelFile(Entry):
    """Labels in a text file beside the card, one a line."""

    kind: Literal["text"]
    file: Line


class LabelOrigin(Entry):
    """Labels in a text file from elsewhere, one a line."""

    kind: Literal["lines"]
    file: Origin


class LabelIndex(Entry):
    """Labels in a JSON object, `{"0": "tench, Tinca tinca", …}`: the first synonym of each is taken."""

    kind: Literal["json_index"]
    file: Origin


Labels = Annotated[LabelFile | LabelOrigin | LabelIndex, Field(discriminator="kind")]


def read_labels(labels: Labels, place: Place) -> tuple[str, ...]:
    """A card's labels, each one line of text.

    Raises:
        ModelError: `labels.unreadable`, `labels.blank` with the number of the label.
        UsageError: the card names a file that isn't in its folder.
        HostError: as `harness.models.entry.locate`.
    """
    if isinstance(labels, LabelFile):
        path = place.local(labels.file)
        return parse_labels(path.read_bytes(), str(path))
    path = place.locate(labels.file)
    if isinstance(labels, LabelOrigin):
        return parse_labels(path.read_bytes(), str(path))
    return _of_index(path)


def label_bytes(labels: Labels, place: Place) -> bytes:
    """One label a line, UTF-8, as TensorFlow Lite's metadata wants them. Raises as `read_labels`."""
    return "".join(f"{label}\n" for label in read_labels(labels, place)).encode()


def _of_index(path: Path) -> tuple[str, ...]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        names = [index[str(number)].split(",")[0].strip() for number in range(len(index))]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(
            "labels.unreadable",
            f"{path} is no index of labels",
            why=f"{type(error).__name__}: {error}",
            hint='it should read {"0": "tench, Tinca tinca", …}, without a gap',
        ) from error
    return parse_labels("\n".join(names).encode(), str(path))


def parse_labels(content: bytes, name: str) -> tuple[str, ...]:
    """The lines of a label file; a last line break is none of them. Raises ModelError as `read_labels`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError("labels.unreadable", f"{name} is not UTF-8", why=str(error)) from error
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            raise ModelError("labels.blank", f"{name}: label {number} of {len(lines)} is blank", hint="give it a name")
    return tuple(lines)
