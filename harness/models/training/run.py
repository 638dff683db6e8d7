"""A card's training, run again: its data fetched, its trainer called, and what came out held against the card."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from harness.errors import HarnessError, ModelError, UsageError
from harness.fetch.space import space_on_disk
from harness.models.catalog import ModelCard, Training
from harness.models.entry import LocalPin, Place
from harness.models.provenance import origins, pins
from harness.models.python_source import function_of
from harness.models.quiet import silenced, tensorflow
from harness.models.training.trained import Progress, Trained
from harness.models.training.weights import npz_of

WEIGHTS: Final = "weights.npz"
"""What the weights are called when the card's source names no `.npz` beside it."""
NEAR: Final = 0.02
"""How far a figure may be from the card's: another processor rounds sums otherwise, and training amplifies it."""


@dataclass(frozen=True)
class Figure:
    """A figure on the data held out, as it came out and as the card has it."""

    name: str
    value: float | None
    said: float | None

    @property
    def agrees(self) -> bool:
        """Whether both are there, and near each other."""
        return self.value is not None and self.said is not None and abs(self.value - self.said) <= NEAR


@dataclass(frozen=True)
class Product:
    """A file that training made, its hash, and the hash that the card pins for this name, if it does."""

    name: str
    content: bytes
    pinned: str | None

    @property
    def sha256(self) -> str:
        """In hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class TrainingRun:
    """What came of it: files, the weights first, and figures."""

    model: str
    training: Training
    products: tuple[Product, ...]
    figures: tuple[Figure, ...]

    @property
    def reproduced(self) -> bool:
        """Whether every figure is the card's."""
        return all(figure.agrees for figure in self.figures)


def train_model(card: ModelCard, *, say: Callable[[str], None], progress: Progress) -> TrainingRun:
    """Train a card's model as the card says. Nothing is written; imports TensorFlow.

    Raises:
        UsageError: `training.none` for a card without `training:`; `source.builder` for a trainer that isn't there.
        ModelError: `training.failed` with the trainer's error; `training.file` for a file that leads out of the
            folder; or what the trainer raises.
        HostError: data can't be fetched, or aren't those that are pinned.
    """
    if card.training is None:
        raise UsageError(
            "training.none",
            f"{card.id} isn't trained here: its card has no 'training:'",
            why=f"its weights come from {', '.join(origins(card))}",
            hint="'harness models' says which are trained here",
        )
    training, where = card.training, card.place.where
    trainer = function_of(training.trainer, card.folder, where)
    place = Place(card.folder, where, say)
    data = {name: place.locate(origin) for name, origin in training.data.items()}
    say(f"training {card.id} with seed {training.seed}")
    with silenced() as noise:
        tensorflow()
        try:
            trained = trainer(data, training.seed, progress)
            if not isinstance(trained, Trained):
                raise TypeError(f"it gives {type(trained).__name__}, and not harness.models.training.Trained")
        except HarnessError:
            raise
        except Exception as error:
            why = "\n".join(part for part in (f"{type(error).__name__}: {error}", noise.tail()) if part)
            hint = "a trainer takes (data, seed, progress): see harness/models/training"
            raise ModelError("training.failed", f"{card.id}: {training.trainer} fails", why=why, hint=hint) from error
    return TrainingRun(card.id, training, _products(card, trained), _figures(training.held_out, trained.held_out))


def write(run: TrainingRun, folder: Path) -> tuple[Path, ...]:
    """Put the files into a folder, all of them or none. Raises HostError `fetch.no_space`."""
    targets = [folder / product.name for product in run.products]
    parts = [target.with_name(f".{target.name}.part") for target in targets]
    with space_on_disk(str(folder)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for part, product in zip(parts, run.products, strict=True):
                part.write_bytes(product.content)
            for part, target in zip(parts, targets, strict=True):
                part.replace(target)
        except OSError:
            for part in parts:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
            raise
    return tuple(targets)


def _products(card: ModelCard, trained: Trained) -> tuple[Product, ...]:
    pinned = {pin.path: pin.sha256 for pin in pins(card) if isinstance(pin, LocalPin)}
    ours = [pin.path for pin in pins(card.source) if isinstance(pin, LocalPin) and pin.path.endswith(".npz")]
    files = {ours[0] if len(ours) == 1 else WEIGHTS: npz_of(trained.weights), **trained.files}
    for name in files:
        if PurePath(name).name != name:
            raise ModelError("training.file", f"{card.id}: the trainer names a file {name!r}", hint="give a plain name")
    return tuple(Product(name, content, pinned.get(name)) for name, content in files.items())


def _figures(said: Mapping[str, float], came: Mapping[str, float]) -> tuple[Figure, ...]:
    return tuple(Figure(name, came.get(name), said.get(name)) for name in {**came, **said})
