"""Real inputs from arrays: what fits is read example by example, what doesn't is told by file, array and shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.calibration import ArrayExamples, InputSpec, NoiseExamples

IMAGE = InputSpec("image", "float32", (1, 4, 4, 3))
STEPS = InputSpec("steps", "int32", (7,))


def good() -> dict[str, Any]:
    """Five examples of each input."""
    return {"image": np.zeros((5, 4, 4, 3), np.float32), "steps": np.arange(35, dtype=np.int32).reshape(5, 7)}


def refusal(path: Path, inputs: tuple[InputSpec, ...] = (IMAGE, STEPS)) -> ModelError:
    """What reading ends with; the file is named in it."""
    with pytest.raises(ModelError) as caught:
        ArrayExamples(path).read(inputs, lambda _message: None)
    assert str(path) in caught.value.what
    return caught.value


def test_the_first_axis_counts_examples(tmp_path: Path) -> None:
    """Each example has the input's own shape: a batch of 1 is put back, a shape without one is kept."""
    np.savez(tmp_path / "a.npz", **good())
    examples = ArrayExamples(tmp_path / "a.npz").read((IMAGE, STEPS), lambda _message: None)
    assert [(each["image"].shape, each["steps"].shape) for each in examples] == [((1, 4, 4, 3), (7,))] * 5
    assert examples[1]["steps"].tolist() == [7, 8, 9, 10, 11, 12, 13]


def test_a_single_array_serves_a_single_input(tmp_path: Path) -> None:
    """An .npy has no names and needs none."""
    np.save(tmp_path / "a.npy", good()["image"])
    assert len(ArrayExamples(tmp_path / "a.npy").read((IMAGE,), lambda _message: None)) == 5
    assert refusal(tmp_path / "a.npy").code == "calibration.arrays"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"image": np.zeros((5, 4, 4), np.float32)}, "shape", "(n, 4, 4, 3) is expected"),
        ({"image": np.zeros((1, 5, 4, 4, 3), np.float32)}, "shape", "has shape (1, 5, 4, 4, 3)"),
        ({"image": np.zeros((5, 4, 4, 3))}, "dtype", "of float64, and float32 is expected"),
        ({"steps": np.zeros((5, 7), np.int64)}, "dtype", "array 'steps' is of int64"),
        ({"steps": np.zeros((4, 7), np.int32)}, "count", "'image' 5, 'steps' 4"),
        ({"stepps": np.zeros(3)}, "arrays", "hasn't one array for each input"),
        ({"image": np.full((5, 4, 4, 3), np.nan, np.float32)}, "not_finite", "240 numbers that are NaN"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, change: dict[str, Any], code: str, words: str) -> None:
    """The array, what it is and what it should be."""
    np.savez(tmp_path / "a.npz", **{**good(), **change})
    error = refusal(tmp_path / "a.npz")
    assert error.code == f"calibration.{code}"
    assert words in error.what


def test_no_examples_at_all(tmp_path: Path) -> None:
    """An empty first axis calibrates nothing."""
    np.savez(tmp_path / "a.npz", image=np.zeros((0, 4, 4, 3), np.float32), steps=np.zeros((0, 7), np.int32))
    assert refusal(tmp_path / "a.npz").code == "calibration.count"


def test_files_that_are_no_arrays(tmp_path: Path) -> None:
    """Absent, cut, text, and one with Python objects, which is never unpickled."""
    np.savez(tmp_path / "whole.npz", **good())
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:200])
    (tmp_path / "text.npz").write_text("no array")
    np.save(tmp_path / "objects.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    for name in ("absent.npz", "cut.npz", "text.npz", "objects.npy"):
        assert refusal(tmp_path / name, (IMAGE,)).code == "calibration.unreadable"


def test_noise_says_that_it_is_noise() -> None:
    """The same each time, and named for what it is."""
    first, again = (NoiseExamples().read((IMAGE, STEPS), lambda _message: None) for _ in range(2))
    assert all(np.array_equal(a["image"], b["image"]) for a, b in zip(first, again, strict=True))
    assert (first[0]["image"].dtype, first[0]["steps"].dtype) == (np.float32, np.int32)
    assert "noise" in NoiseExamples().name
