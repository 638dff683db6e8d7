"""What sets the ranges of integer variants: samples of the catalogue, a user's real inputs, or, when told to, noise."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.fetch.store import key_of, sha256_of
from harness.models import photos
from harness.models.catalog import Variant
from harness.models.entry import Place
from harness.models.inspect import TensorInfo
from harness.models.samples import read_samples
from harness.models.tasks import Task, task_source
from harness.models.tasks.base import Given, Resources

_NOISE_EXAMPLES = 16
_FEEDING = Variant.FP32  # whose answers a model is calibrated on
Example = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class InputSpec:
    """An input of a model before conversion: its argument's name, NumPy's name of its type, its fixed shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class Examples(Protocol):
    """Inputs that a model is calibrated on, and that its variants are compared on."""

    @property
    def name(self) -> str:
        """What a report calls them."""

    def key(self) -> str:
        """Names them by content."""

    def read(self, inputs: Sequence[InputSpec], say: Callable[[str], None]) -> list[Example]:
        """One array an input, by name, for each example. Raises ModelError when they don't fit the inputs."""


@dataclass(frozen=True)
class SampleExamples:
    """Samples of the catalogue, prepared as the task prepares them; of a photo that may be several views."""

    samples: tuple[str, ...]
    task: Task
    place: Place
    catalog: Path | None = None

    @property
    def name(self) -> str:
        """How many samples."""
        return f"{len(self.samples)} samples"

    def key(self) -> str:
        """Pins, the task's entry in the card, and its code."""
        known = read_samples(self.catalog)
        pins = [known.pin(name).model_dump_json() for name in self.samples]
        own = [Path(photos.__file__).read_bytes(), task_source(self.task)]
        local = [self.place.local(name).read_bytes() for name in self.task.unpinned()]
        return key_of(self.task.model_dump_json(), *own, *local, *pins, *self._feeds())

    def read(self, inputs: Sequence[InputSpec], say: Callable[[str], None]) -> list[Example]:
        """What the task prepares for inputs of these shapes and types. Raises as `Task.prepare`."""
        tensors = [TensorInfo(each.name, each.dtype, each.shape) for each in inputs]
        known = read_samples(self.catalog)
        with tempfile.TemporaryDirectory(prefix="harness-task-") as scratch:
            for name, content in self.task.files(replace(self.place, say=say)).items():
                (Path(scratch) / name).write_bytes(content)
            return [
                dict(zip((tensor.name for tensor in tensors), self._whole(example, tensors, say), strict=True))
                for name in self.samples
                for example in self.task.examples(known.sample(name, say=say), tensors, Resources(Path(scratch)))
            ]

    # What is fed is a described model's answer, and describing a model may calibrate it: a circle that is in the matter.
    def _feeds(self) -> list[str]:
        from harness.models.feed import feed_key

        return [feed_key(fed, _FEEDING, self.catalog) for fed in self.task.feeders()]

    def _whole(
        self, example: Sequence[Given], tensors: Sequence[TensorInfo], say: Callable[[str], None]
    ) -> tuple[NDArray[Any], ...]:
        from harness.models.feed import whole_tensors

        return whole_tensors(example, tensors, _FEEDING, catalog=self.catalog, say=say)


@dataclass(frozen=True)
class ArrayExamples:
    """An `.npz` with one array an input, or an `.npy` for a model of one input; the first axis counts examples."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def key(self) -> str:
        """The file's content. Raises ModelError `calibration.unreadable`."""
        try:
            return sha256_of(self.path)
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error

    def read(self, inputs: Sequence[InputSpec], say: Callable[[str], None]) -> list[Example]:  # noqa: ARG002
        """Raises ModelError.

        `calibration.unreadable`, `.arrays`, `.shape`, `.dtype`, `.not_finite` or `.count`, naming file and array and
        saying what is expected. An input of shape (1, …) takes (n, …), any other shape s takes (n, *s).
        """
        arrays = self._load(inputs)
        wanted = [each.name for each in inputs]
        if sorted(arrays) != sorted(wanted):
            why = f"it has {_listed(list(arrays))}, and the inputs are {_listed(wanted)}"
            hint = f"save it with numpy.savez(path, {', '.join(f'{name}=…' for name in wanted)})"
            raise ModelError("calibration.arrays", f"{self.path} hasn't one array for each input", why=why, hint=hint)
        for each in inputs:
            self._check(each, arrays[each.name])
        counts = {name: len(array) for name, array in arrays.items()}
        if len(set(counts.values())) != 1 or 0 in counts.values():
            said = ", ".join(f"'{name}' {count}" for name, count in counts.items())
            raise ModelError(
                "calibration.count",
                f"{self.path}: examples by array: {said}",
                hint="the first axis counts examples: the same number, and at least one, in each",
            )
        count = next(iter(counts.values()))
        return [
            {each.name: np.ascontiguousarray(arrays[each.name][index]).reshape(each.shape) for each in inputs}
            for index in range(count)
        ]

    def _load(self, inputs: Sequence[InputSpec]) -> dict[str, NDArray[Any]]:
        try:
            loaded = np.load(self.path, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {inputs[0].name if len(inputs) == 1 else "(the only array)": loaded}
            with loaded:
                return {name: loaded[name] for name in loaded.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise self._unreadable(str(error)) from error

    def _check(self, each: InputSpec, array: NDArray[Any]) -> None:
        rest = each.shape[1:] if each.shape[:1] == (1,) else each.shape
        what = f"{self.path}: array '{each.name}'"
        if array.ndim != len(rest) + 1 or array.shape[1:] != rest:
            expected = "(" + ", ".join(["n", *map(str, rest)]) + ")"
            raise ModelError(
                "calibration.shape",
                f"{what} has shape {array.shape}, and {expected} is expected",
                hint="the first axis counts examples; the others are the input's own",
            )
        if str(array.dtype) != each.dtype:
            raise ModelError(
                "calibration.dtype",
                f"{what} is of {array.dtype}, and {each.dtype} is expected",
                hint=f"prepare it as the model wants it, normalised, and save it with .astype('{each.dtype}')",
            )
        if array.dtype.kind == "f":
            bad = np.flatnonzero(~np.isfinite(array))
            if len(bad):
                place = tuple(int(number) for number in np.unravel_index(bad[0], array.shape))
                raise ModelError(
                    "calibration.not_finite",
                    f"{what} has {len(bad)} numbers that are NaN or infinite",
                    why=f"the first is at {place}",
                    hint="one of them would make every range infinite: leave its example out",
                )

    def _unreadable(self, why: str) -> ModelError:
        hint = "write it with numpy.save or numpy.savez, without Python objects in it"
        return ModelError("calibration.unreadable", f"{self.path} can't be read as arrays", why=why, hint=hint)


@dataclass(frozen=True)
class NoiseExamples:
    """Normal noise of a fixed seed: ranges that no real input has, so only for whether a variant converts at all."""

    @property
    def name(self) -> str:
        """Says what it is."""
        return "noise (no real inputs: accuracy means nothing)"

    def key(self) -> str:
        """Always the same."""
        return "noise"

    def read(self, inputs: Sequence[InputSpec], say: Callable[[str], None]) -> list[Example]:  # noqa: ARG002
        """Standard normal floats, and 0 or 1 for what isn't float."""
        numbers = np.random.default_rng(0)
        return [
            {
                each.name: (
                    numbers.normal(0, 1, each.shape)
                    if each.dtype.startswith("float")
                    else numbers.integers(0, 2, each.shape)
                )
                .astype(each.dtype)
                .reshape(each.shape)
                for each in inputs
            }
            for _ in range(_NOISE_EXAMPLES)
        ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"
