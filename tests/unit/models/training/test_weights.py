"""Weights as an `.npz` of always the same bytes."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.training import half, npz_of


def test_what_is_written_is_read_back() -> None:
    """NumPy reads it, names, types, shapes and numbers alike; a transposed array too."""
    weights = {"a.kernel": np.arange(6, dtype=np.float32).reshape(2, 3).T, "b": np.float16([0.5])}
    with np.load(io.BytesIO(npz_of(weights)), allow_pickle=False) as read:
        assert sorted(read.files) == ["a.kernel", "b"]
        for name, values in weights.items():
            assert read[name].dtype == values.dtype
            np.testing.assert_array_equal(read[name], values)


def test_the_bytes_depend_on_the_weights_alone() -> None:
    """Neither on their order, nor on the hour: every date in the archive is the same."""
    one, other = np.ones(3, np.float32), np.zeros(2, np.float32)
    written = npz_of({"one": one, "other": other})
    assert written == npz_of({"other": other, "one": one})
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(written)).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert written != npz_of({"one": one, "other": one})


def test_no_python_object_is_written() -> None:
    """Such a file couldn't be read without running what is in it."""
    with pytest.raises(ValueError, match="allow_pickle"):
        npz_of({"a": np.array([object()])})


def test_halves() -> None:
    """float32 becomes float16; integers and other floats stay."""
    found = half({"a": np.float32([0.1]), "b": np.int32([7]), "c": np.float64([0.1])})
    assert {name: str(values.dtype) for name, values in found.items()} == {"a": "float16", "b": "int32", "c": "float64"}
    assert found["a"][0] == np.float16(0.1)


@pytest.mark.parametrize("number", [np.nan, np.inf, 70_000.0])
def test_what_is_no_number_any_more(number: float) -> None:
    """NaN, infinity, and what half precision can't hold; the weight is named."""
    with pytest.raises(ModelError) as caught:
        half({"fine": np.float32([1]), "odd": np.float32([1, number])})
    assert (caught.value.code, "'odd'" in caught.value.what) == ("training.not_finite", True)
