"""Model cards: what `metadata/<model>/model.yaml` says about a model, checked, and nothing else."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.checkout import MODEL_CARDS
from harness.errors import UsageError
from harness.models.entry import Entry, Line, Origin, Place, Word
from harness.models.source_card import Function, Source, TfliteSource
from harness.models.tasks import AnyTask
from harness.models.tasks.base import About
from harness.strict_yaml import did_you_mean, load

CARD = "model.yaml"


class Variant(StrEnum):
    """One precision of a model."""

    FP32 = "fp32"
    FP16 = "fp16"
    DYNAMIC = "dynamic"
    INT8 = "int8"
    INT16X8 = "int16x8"


class Io(StrEnum):
    """What an int8 or int16x8 variant takes and gives: floats, or its own integers."""

    FLOAT = "float"
    INTEGER = "integer"


class Calibration(Entry):
    """What sets the ranges of the integer variants: samples of the catalogue, or an `.npz` or `.npy` of real inputs."""

    samples: tuple[Word, ...] = ()
    arrays: Origin | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.samples) == bool(self.arrays):
            raise ValueError("give either 'samples' or 'arrays'")
        return self


class Training(Entry):
    """How weights of ours were made: a function of ours, its seed, its data by name, and what it reached on data held out.

    `held_out` has figures by name, as the task's scores, on what `set` says in words.
    """

    trainer: Function
    seed: Annotated[int, Field(ge=0, lt=1 << 32)]
    data: dict[Word, Origin]
    set_: Annotated[Line, Field(alias="set")]
    held_out: Annotated[dict[Line, float], Field(min_length=1)]


class CardFile(Entry):
    """What model.yaml holds."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    id: Word
    title: Line
    description: Line
    version: Line
    author: Line
    licence: Line
    caveat: Line | None = None
    task: AnyTask
    source: Source
    training: Training | None = None
    variants: Annotated[tuple[Variant, ...], Field(min_length=1)]
    calibration: Calibration | None = None
    io: Io = Io.INTEGER

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.variants)) != len(self.variants):
            raise ValueError("variants names one of them twice")
        if isinstance(self.source, TfliteSource):
            if len(self.variants) != 1:
                raise ValueError("a .tflite file has one variant, its own precision")
        elif not self.calibration and {Variant.INT8, Variant.INT16X8} & set(self.variants):
            raise ValueError("int8 and int16x8 need 'calibration: {samples: […]}'")
        return self


class ModelCard(CardFile):
    """A model card, and the folder that its local files lie in."""

    folder: Path = Field(exclude=True)

    @property
    def place(self) -> Place:
        """Where the card stands; nobody is told of waits."""
        return Place(self.folder, str(self.folder / CARD))

    @property
    def about(self) -> About:
        """What is said of the model as a whole."""
        return About(self.title, self.description, self.version, self.author, self.licence)

    def require(self, variant: Variant | str) -> Variant:
        """The variant, if the card has it. Raises UsageError `card.variant`."""
        if variant not in self.variants:
            names = [str(known) for known in self.variants]
            raise UsageError("card.variant", f"{self.id} has no variant '{variant}'{did_you_mean(str(variant), names)}")
        return Variant(variant)


def default_catalog() -> Path:
    """The folder `metadata` of this checkout."""
    return MODEL_CARDS


def model_ids(catalog: Path | None = None) -> tuple[str, ...]:
    """The models that a catalogue has, by name."""
    return tuple(sorted(path.parent.name for path in (catalog or default_catalog()).glob(f"*/{CARD}")))


def load_card(model: str, catalog: Path | None = None) -> ModelCard:
    """The card of a model of the catalogue.

    Raises:
        UsageError: `card.unknown_model` with the nearest name; or, from the file, what `read_card` raises.
    """
    folder = catalog or default_catalog()
    known = model_ids(folder)
    if model not in known:
        what = f"no model '{model}' in {folder}{did_you_mean(model, known)}"
        raise UsageError("card.unknown_model", what, hint="'harness models' lists what the catalogue has")
    return read_card(folder / model / CARD)


def read_card(path: Path) -> ModelCard:
    """The card in this file; its id has to be the name of the folder.

    Raises:
        UsageError: with file, line, column and source line, as `harness.strict_yaml` has it; `card.id`, `card.escaped`.
    """
    document = load(path)
    card = document.into(CardFile)
    if card.id != path.resolve().parent.name:
        raise document.error(
            ("id",), f"id is '{card.id}' and the folder is '{path.resolve().parent.name}'", code="card.id"
        )
    if re.search(r"[\x00-\x1f\x7f]", card.title + card.description + card.author + card.licence):
        raise document.error((), "title, description, author and licence are one line each", code="card.control")
    return ModelCard.model_construct(**dict(card), folder=path.parent)
