"""From a photo to a tensor, from an output to an answer."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image

from harness.errors import ModelError, UsageError
from harness.models.inspect import TensorInfo
from harness.models.labels import LabelFile
from harness.models.photos import read_photo, views
from harness.models.samples import Sample
from harness.models.tasks.base import Answered, Array, Resources
from harness.models.tasks.image_classification import ImageClassification
from harness.models.tasks.parts import Guess, ImageInput, Output
from harness.models.tensors import dequantise, quantise

IMAGE = ImageInput(description="x", width=8, height=8, mean=(127.0,), std=(128.0,))
FLOAT = TensorInfo("image", "float32", (1, 8, 8, 3))
INT8 = TensorInfo("image", "int8", (1, 8, 8, 3), scale=1 / 128, zero_point=-1)
LABELS = ("a", "b", "c", "d")


def prepare(path: Path, image: ImageInput, tensor: TensorInfo) -> Array:
    return image.tensor(read_photo(path), tensor)


def task(image: ImageInput = IMAGE) -> ImageClassification:
    labels, output = LabelFile(kind="text", file="labels.txt"), Output(description="x")
    return ImageClassification(family="image_classification", input=image, output=output, labels=labels)


def decode(output: Array, tensor: TensorInfo) -> tuple[Guess, ...]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "labels.txt").write_text("a\nb\nc\nd\n")
        return task().decode(Sample("x", Path("x.png")), [output], [tensor], Resources(Path(folder)))


def first(guesses: tuple[Guess, ...], label: str) -> float:
    return task().score([Answered(guesses, label)])[0].value


def photo(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_the_centre_square_is_taken(tmp_path: Path) -> None:
    """What lies left and right of the centre has no part in the tensor."""
    pixels = np.zeros((8, 24, 3), np.uint8)
    pixels[:, 8:16] = 255
    tensor = prepare(photo(tmp_path / "x.png", pixels), IMAGE, FLOAT)
    assert (tensor.shape, tensor.dtype) == ((1, 8, 8, 3), np.float32)
    np.testing.assert_array_equal(tensor, np.float32(1.0))


def test_each_channel_has_its_own_normalisation(tmp_path: Path) -> None:
    """`(byte - mean) / std`, channel by channel, in the order red, green, blue."""
    image = ImageInput(description="x", width=8, height=8, mean=(0, 10, 20), std=(1, 2, 4))
    tensor = prepare(photo(tmp_path / "x.png", np.full((8, 8, 3), (100, 110, 120), np.uint8)), image, FLOAT)
    np.testing.assert_array_equal(tensor[0, 3, 3], [100, 50, 25])


def test_an_integer_tensor_takes_the_photos_own_bytes(tmp_path: Path) -> None:
    """With a scale of 1/128 and a zero point of -1, `(byte - 127) / 128` is the byte less 128."""
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    tensor = prepare(photo(tmp_path / "x.png", pixels), IMAGE, INT8)
    np.testing.assert_array_equal(tensor[0], pixels.astype(int) - 128)


def test_numbers_out_of_range_are_kept_at_the_ends() -> None:
    """Quantising never wraps around."""
    numbers = np.zeros((1, 8, 8, 3), np.float32)
    numbers[0, 0, 0] = (-9, 9, 0)
    np.testing.assert_array_equal(quantise(numbers, INT8)[0, 0, 0], [-128, 127, -1])


def test_grey_transparent_and_turned_photos(tmp_path: Path) -> None:
    """Any photo becomes RGB, and stands as its camera was held."""
    Image.fromarray(np.full((9, 9), 255, np.uint8)).save(tmp_path / "grey.png")
    Image.fromarray(np.full((9, 9, 4), 255, np.uint8)).save(tmp_path / "clear.png")
    for name in ("grey.png", "clear.png"):
        np.testing.assert_array_equal(prepare(tmp_path / name, IMAGE, FLOAT), np.float32(1.0))
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    tensor = prepare(tmp_path / "turned.png", IMAGE, FLOAT)
    assert tensor[0, 7, 0, 0] > tensor[0, 0, 0, 0]


def test_what_is_no_photo(tmp_path: Path) -> None:
    """A file of something else, and one that isn't there."""
    (tmp_path / "x.png").write_bytes(b"\x89PNG but not really")
    for path in (tmp_path / "x.png", tmp_path / "none.png"):
        with pytest.raises(UsageError) as caught:
            prepare(path, IMAGE, FLOAT)
        assert caught.value.code == "photo.unreadable"


@pytest.mark.parametrize(
    "tensor",
    [
        TensorInfo("image", "float32", (1, 3, 8, 8)),
        TensorInfo("image", "float32", (1, 8, 8, 1)),
        TensorInfo("image", "int8", (1, 8, 8, 3)),
    ],
)
def test_a_tensor_that_takes_no_such_photo(tmp_path: Path, tensor: TensorInfo) -> None:
    """Another shape, or integers without a scale, are the model's fault and told with the tensor."""
    path = photo(tmp_path / "x.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ModelError, match="'image'") as caught:
        prepare(path, IMAGE, tensor)
    assert caught.value.code == "task.input"


def test_an_answer_is_sorted_and_named() -> None:
    """The surest first, equal ones in the labels' order."""
    tensor = TensorInfo("p", "float32", (1, 4))
    guesses = decode(np.float32([[0.25, 0.5, 0.0, 0.25]]), tensor)
    assert guesses == (Guess(1, "b", 0.5), Guess(0, "a", 0.25), Guess(3, "d", 0.25), Guess(2, "c", 0.0))
    assert (first(guesses, "b"), first(guesses, "a"), first((), "b")) == (1.0, 0.0, 0.0)
    assert task().words(guesses) == "b 0.500, a 0.250, d 0.250"


def test_top_1_and_top_5_are_shares() -> None:
    """The headline counts the label in front, the other figure the first five; without any truth there is none."""
    guesses = tuple(Guess(index, label, 0.2) for index, label in enumerate("abcdef"))
    one, five = task().score([Answered(guesses[:5], "a"), Answered(guesses[:5], "e"), Answered(guesses[:5], "f")])
    assert (one.name, one.right, one.of) == ("top-1", 1, 3)
    assert (five.name, five.right, five.of) == ("top-5", 2, 3)
    assert task().score([]) == ()


def test_a_text_is_no_photo(tmp_path: Path) -> None:
    """A scenario that gives a classifier a text is told so."""
    with pytest.raises(UsageError) as caught:
        task().prepare(Sample("words", tmp_path, {"text": "hello"}), [FLOAT], Resources(tmp_path))
    assert caught.value.code == "task.sample"


def test_an_integer_answer_is_in_real_numbers() -> None:
    """-128 is nothing and 127 nearly all, by the output's own scale."""
    tensor = TensorInfo("p", "int8", (1, 4), scale=1 / 256, zero_point=-128)
    np.testing.assert_array_equal(dequantise(np.int8([[-128, 0, 127, -127]]), tensor), [[0, 0.5, 255 / 256, 1 / 256]])
    assert decode(np.int8([[-128, 0, 127, -127]]), tensor)[0] == Guess(2, "c", 255 / 256)


def test_a_tie_goes_to_the_lower_label() -> None:
    """Two labels on one step of an int8 output: only the one with the lower number counts as the answer."""
    tensor = TensorInfo("p", "int8", (1, 4), scale=1 / 256, zero_point=-128)
    guesses = decode(np.int8([[-36, -36, -37, -128]]), tensor)
    assert [first(guesses, label) for label in LABELS] == [1.0, 0.0, 0.0, 0.0]


def test_not_a_number_is_never_the_answer() -> None:
    """NaN comes last, so it can't pass for a guess."""
    guesses = decode(np.float32([[np.nan, 0.1, 0.2, np.nan]]), TensorInfo("p", "float32", (1, 4)))
    assert [guess.label for guess in guesses] == ["c", "b", "a", "d"]


def test_an_output_of_another_length() -> None:
    """As many numbers as labels."""
    with pytest.raises(ModelError) as caught:
        decode(np.zeros((1, 5), np.float32), TensorInfo("p", "float32", (1, 5)))
    assert caught.value.code == "task.output"


def test_views_are_ten_different_squares() -> None:
    """The centre and four corners, as they are and mirrored; always the same."""
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    found = [view.tobytes() for view in views(Image.fromarray(pixels))]
    assert (len(found), len(set(found))) == (10, 10)
    assert found == [view.tobytes() for view in views(Image.fromarray(pixels))]
    assert all(view.width == view.height for view in views(Image.fromarray(pixels)))
