"""Labels of a model's output, in the order of its last axis."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from harness.errors import ModelError
from harness.fetch.package import fetch
from harness.fetch.store import key_of
from harness.models.catalog import LabelFile, ModelCard


def read_labels(card: ModelCard, say: Callable[[str], None] = lambda _message: None) -> tuple[str, ...]:
    """A card's labels, each one line of text.

    Raises:
        ModelError: `labels.unreadable`, `labels.blank` with the number of the label.
        UsageError: the card names a file that isn't in its folder.
        HostError: as `harness.fetch.package.fetch`.
    """
    if isinstance(card.labels, LabelFile):
        path = card.local(card.labels.file)
        return parse_labels(path.read_bytes(), str(path))
    path = fetch(card.labels.file.file, say=say)
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


def labels_key(card: ModelCard) -> str:
    """Names the labels by all that shapes them."""
    text = card.local(card.labels.file).read_bytes() if isinstance(card.labels, LabelFile) else b""
    return key_of(card.labels.model_dump_json(), text)


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


def write_labels(labels: tuple[str, ...], path: Path) -> None:
    """One label a line, UTF-8, as TensorFlow Lite's metadata wants them."""
    path.write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
