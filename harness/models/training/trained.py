"""What every trainer takes and gives.

A trainer is a function `train(data, seed, progress) -> Trained` of a module here or of a file beside the card, named in
the card's `training:`. `data` has a file for each name that the card gives to its data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

Progress = Callable[[str, int, int], None]
"""Hears what goes on, how many steps of it are done, and of how many: `("epoch 2: loss 0.31", 120, 480)`."""


@dataclass(frozen=True)
class Trained:
    """What training gives.

    `weights` are by name, as the card's builder takes them and as they are written, so `held_out`, the figures on data
    that no choice was made on, are those of the file. `files` are what else belongs beside the card, by name: a
    vocabulary, labels.
    """

    weights: Mapping[str, NDArray[Any]]
    held_out: Mapping[str, float]
    files: Mapping[str, bytes] = field(default_factory=dict)
