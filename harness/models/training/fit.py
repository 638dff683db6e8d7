"""Training of a Keras model that comes out the same each time: own order of examples, own first weights, fixed seeds.

On one kind of processor the weights are the same bytes, with any number of threads. Another kind has other vector
instructions and rounds sums otherwise, which training amplifies: the weights differ then, and figures in their third
digit or so.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.training.trained import Progress

Values = NDArray[Any]


@dataclass(frozen=True)
class Course:
    """How long and how fast is learned; the learning rate falls to 0 along a cosine."""

    epochs: int
    batch: int
    learning_rate: float


@dataclass(frozen=True)
class Examples:
    """Inputs, what should come out, and how much each counts; the first axis is the same for all."""

    inputs: Values
    targets: Values
    weights: Values

    def __len__(self) -> int:
        return len(self.inputs)

    def taken(self, order: Values) -> Examples:
        """These examples, in this order."""
        return Examples(self.inputs[order], self.targets[order], self.weights[order])


def require_enough(learned: Sized, checked: Sized, held_out: Sized, course: Course) -> None:
    """Raises ModelError `training.data` for less than a batch to learn from, or nothing to check on or to measure."""
    if len(learned) < course.batch or not len(checked) or not len(held_out):
        what = f"{len(learned)} examples to learn from, {len(checked)} to check on and {len(held_out)} held out are too few"
        raise ModelError("training.data", what, hint=f"give more data: a batch is {course.batch}")


def fit(
    model: Any,
    loss: Any,
    examples: Examples,
    course: Course,
    rng: np.random.Generator,
    progress: Progress,
    checked: Examples,
) -> None:
    """Teach a model these examples with Adam; after each epoch `progress` hears the loss on `checked`, which isn't learned.

    The order of examples is `rng`'s; for all else call `seed_everything` before the model is built.

    Raises:
        ModelError: `training.diverged` when the loss isn't finite any more.
    """
    import tensorflow as tf

    steps = len(examples) // course.batch
    rate = tf.keras.optimizers.schedules.CosineDecay(course.learning_rate, steps * course.epochs)
    model.compile(tf.keras.optimizers.Adam(rate), loss)
    done, said = 0, "first epoch"
    for epoch in range(1, course.epochs + 1):
        order = rng.permutation(len(examples))
        for step in range(steps):
            progress(said, done, steps * course.epochs)
            batch = examples.taken(order[step * course.batch : (step + 1) * course.batch])
            model.train_on_batch(batch.inputs, batch.targets, batch.weights)
            done += 1
        reached = float(model.evaluate(checked.inputs, checked.targets, batch_size=256, verbose=0))
        if not np.isfinite(reached):
            hint = "lower the learning rate, and look for NaN in the data"
            raise ModelError("training.diverged", f"the loss is {reached} after epoch {epoch}", hint=hint)
        said = f"epoch {epoch} of {course.epochs}: checked loss {reached:.3f}"
    progress(said, done, done)


def seed_everything(rng: np.random.Generator) -> None:
    """Make what is random in TensorFlow and Keras follow from this generator, and operators deterministic, for this process."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(int(rng.integers(1 << 31)))
    tf.config.experimental.enable_op_determinism()
