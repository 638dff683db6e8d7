"""Checkpoints of PyTorch, read without it: both layouts, and nothing that a pickle may ask to run.

The checkpoints are made by pickling stand-ins under PyTorch's names; `test_models` reads one that PyTorch wrote.
"""

from __future__ import annotations

import collections
import io
import pickle
import struct
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.torch_weights import read_torch_weights

NUMBERS = np.arange(12, dtype=np.float32)
Row = tuple[Any, int, tuple[int, ...], tuple[int, ...]]


class Stored:
    """A storage as PyTorch's pickler sees it: a persistent id, its numbers elsewhere."""

    def __init__(self, kind: str, key: str, count: int) -> None:
        self.id = ("storage", getattr(sys.modules["torch"], kind), key, "cpu", count)


class Rebuilt:
    """A tensor as PyTorch pickles it."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (*self.arguments, False, collections.OrderedDict())


class Writer(pickle.Pickler):
    """Writes storages by reference."""

    def persistent_id(self, thing: Any) -> Any:
        return thing.id if isinstance(thing, Stored) else None


@pytest.fixture(autouse=True)
def torch() -> Iterator[None]:
    """PyTorch's names, for the pickler to refer to."""
    module, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "HalfStorage", "LongStorage", "QUInt8Storage"):
        setattr(module, kind, type(kind, (), {"__module__": "torch"}))

    def rebuild() -> None:
        """Only its name matters."""

    rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = (
        "torch._utils",
        "_rebuild_tensor_v2",
        "_rebuild_tensor_v2",
    )
    inner._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", module)
        patch.setitem(sys.modules, "torch._utils", inner)
        yield


def dump(thing: Any) -> bytes:
    stream = io.BytesIO()
    Writer(stream, protocol=2).dump(thing)
    return stream.getvalue()


def as_zip(path: Path, state: Any, stored: dict[str, bytes], order: bytes = b"little") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", dump(state))
        archive.writestr("model/byteorder", order)
        for key, content in stored.items():
            archive.writestr(f"model/data/{key}", content)
    return path


def as_sequence(path: Path, state: Any, stored: dict[str, bytes], size: int = 4) -> Path:
    head = [dump(0x1950A86A20F9469CFC6C), dump(1001), dump({"little_endian": True}), dump(state), dump(list(stored))]
    tail = [struct.pack("<q", len(content) // size) + content for content in stored.values()]
    path.write_bytes(b"".join([*head, *tail]))
    return path


def weight(*row: Any, kind: str = "FloatStorage", count: int = 12) -> Rebuilt:
    return Rebuilt(Stored(kind, "0", count), *row)


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read_torch_weights(path)
    return caught.value


@pytest.mark.parametrize("layout", [as_zip, as_sequence])
def test_tensors_share_and_stride_their_storage(tmp_path: Path, layout: Callable[..., Path]) -> None:
    """Offsets and strides count numbers: a whole, a part, a transposed view and a scalar of one storage."""
    state = collections.OrderedDict(
        whole=weight(0, (3, 4), (4, 1)),
        part=weight(4, (2,), (1,)),
        turned=weight(0, (4, 3), (1, 4)),
        one=weight(5, (), ()),
    )
    found = read_torch_weights(layout(tmp_path / "x.pth", state, {"0": NUMBERS.tobytes()}))
    np.testing.assert_array_equal(found["whole"], NUMBERS.reshape(3, 4))
    np.testing.assert_array_equal(found["part"], [4, 5])
    np.testing.assert_array_equal(found["turned"], NUMBERS.reshape(3, 4).T)
    assert found["one"] == 5
    assert {values.dtype for values in found.values()} == {np.dtype("float32")}


def test_other_types_and_empty_tensors(tmp_path: Path) -> None:
    """Halves and 64-bit integers keep their type; no numbers are an array of none."""
    state = {"half": weight(0, (2,), (1,), kind="HalfStorage", count=2), "none": weight(0, (0, 3), (3, 1))}
    found = read_torch_weights(as_zip(tmp_path / "x.pth", state, {"0": np.float16([1, 2]).tobytes()}))
    assert (found["half"].dtype, found["none"].shape) == (np.dtype("float16"), (0, 3))


@pytest.mark.parametrize("layout", [as_zip, as_sequence])
def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path, layout: Callable[..., Path]) -> None:
    """The name it asks for is told, and isn't looked up."""

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    error = refusal(layout(tmp_path / "x.pth", {"a": Evil()}, {"0": b""}))
    assert (error.code, error.what.endswith("asks for __builtin__.exec")) == ("weights.refused", True)
    assert not (tmp_path / "ran").exists()


def test_the_head_of_the_older_layout_is_read_as_carefully(tmp_path: Path) -> None:
    """A checkpoint whose very first pickle is the attack."""
    path = tmp_path / "x.pth"
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert refusal(path).code == "weights.refused"


@pytest.mark.parametrize(
    "row", [(0, (13,), (1,)), (8, (3, 4), (4, 1)), (0, (2,), (100,)), (-1, (2,), (1,)), (0, (2,), (-1,))]
)
def test_a_tensor_beyond_its_storage_is_refused(tmp_path: Path, row: tuple[Any, ...]) -> None:
    """No memory outside of the file is ever read."""
    error = refusal(as_zip(tmp_path / "x.pth", {"a": weight(*row)}, {"0": NUMBERS.tobytes()}))
    assert (error.code, "'a'" in error.why) == ("weights.unreadable", True)


def test_what_is_no_state_dict(tmp_path: Path) -> None:
    """Each is told with its reason."""
    good = {"a": weight(0, (12,), (1,))}
    assert "a list and not a state_dict" in refusal(as_zip(tmp_path / "1", [1], {})).why
    assert "'a' is no tensor" in refusal(as_zip(tmp_path / "2", {"a": 3}, {})).why
    assert "big-endian" in refusal(as_zip(tmp_path / "3", good, {"0": NUMBERS.tobytes()}, b"big")).why
    assert (
        "QUInt8Storage" in refusal(as_zip(tmp_path / "4", {"a": weight(0, (1,), (1,), kind="QUInt8Storage")}, {})).what
    )
    assert refusal(as_zip(tmp_path / "5", good, {})).code == "weights.unreadable"
    assert refusal(tmp_path / "none").code == "weights.unreadable"


def test_a_cut_checkpoint_is_refused(tmp_path: Path) -> None:
    """Wherever the download stopped."""
    whole = as_sequence(tmp_path / "x.pth", {"a": weight(0, (12,), (1,))}, {"0": NUMBERS.tobytes()}).read_bytes()
    path = tmp_path / "cut.pth"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert refusal(path).code == "weights.unreadable"
