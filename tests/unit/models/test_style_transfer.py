"""The two halves of style transfer: which tensor takes what, and how paintings are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from harness.errors import ModelError
from harness.models.families.style_transfer import StyleTransfer as Family
from harness.models.inspect import TensorInfo
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Fed, Kind, Resources
from harness.models.tasks.style_transfer import Bottleneck, Painting, StyleTransfer

PHOTO = TensorInfo("content", "float32", (1, 16, 16, 3))
STYLE = TensorInfo("style", "float32", (1, 1, 1, 100))
HERE = Resources(Path())
INPUT = {"description": "x", "width": 16, "height": 16, "mean": [0], "std": [255], "fit": "stretch"}


def task(part: str) -> StyleTransfer:
    style = {"style": {"model": "predict_card", "sample": "starry_night"}} if part == "transform" else {}
    return StyleTransfer.model_validate({"family": "style_transfer", "part": part, "input": INPUT, **style})


@pytest.fixture
def photo(tmp_path: Path) -> Sample:
    """32 × 16 pixels of one colour."""
    Image.new("RGB", (32, 16), (255, 51, 0)).save(tmp_path / "photo.png")
    return Sample("photo", tmp_path / "photo.png")


def test_the_style_is_another_models_answer(photo: Sample) -> None:
    """In whichever order the inputs are, the photo goes where three channels are, the style to the other."""
    for inputs in ((PHOTO, STYLE), (STYLE, PHOTO)):
        given = dict(zip((each.name for each in inputs), task("transform").prepare(photo, inputs, HERE), strict=True))
        assert given["style"] == Fed("predict_card", "starry_night")
        assert isinstance(given["content"], np.ndarray)
        np.testing.assert_allclose(given["content"][0, 3, 3], [1, 0.2, 0], atol=1e-6)


def test_every_example_is_fed_the_style(photo: Sample) -> None:
    """Ten views of a photo, each with the same style."""
    examples = list(task("transform").examples(photo, (PHOTO, STYLE), HERE))
    assert len(examples) == 10
    assert {example[1] for example in examples} == {Fed("predict_card", "starry_night")}
    assert task("transform").feeders() == (Fed("predict_card", "starry_night"),)


def test_predict_takes_a_photo_alone(photo: Sample) -> None:
    """And waits for nobody."""
    (tensor,) = task("predict").prepare(photo, (PHOTO,), HERE)
    assert isinstance(tensor, np.ndarray)
    assert task("predict").feeders() == ()


@pytest.mark.parametrize(
    ("part", "inputs"),
    [
        ("predict", (PHOTO, STYLE)),
        ("transform", (PHOTO,)),
        ("transform", (PHOTO, PHOTO)),
        ("transform", (STYLE, STYLE)),
    ],
)
def test_tensors_of_another_model(photo: Sample, part: str, inputs: tuple[TensorInfo, ...]) -> None:
    """The inputs are told, and nothing is guessed."""
    with pytest.raises(ModelError, match=f"part '{part}'") as caught:
        task(part).prepare(photo, inputs, HERE)
    assert caught.value.code == "task.input"


@pytest.mark.parametrize(
    "said", [{"part": "transform", "style": None}, {"part": "predict", "style": {"model": "a", "sample": "b"}}]
)
def test_only_the_painter_has_a_style(said: dict[str, object]) -> None:
    """A card says so at once."""
    with pytest.raises(ValidationError, match="part 'transform' needs 'style"):
        StyleTransfer.model_validate({"family": "style_transfer", "input": INPUT, **said})


def test_a_painting_is_kept_from_zero_to_one(photo: Sample) -> None:
    """What is beyond is cut, and NaN is black."""
    numbers = np.full((1, 16, 16, 3), 0.5, np.float32)
    numbers[0, 0, 0] = (-0.5, 1.5, np.nan)
    tensor = TensorInfo("out", "float32", (1, 16, 16, 3))
    answer = task("transform").decode(photo, [numbers], [tensor], HERE)
    assert isinstance(answer, Painting)
    assert answer.pixels[0, 0].tolist() == [0, 1, 0]
    assert task("transform").words(answer) == "16 × 16, mean red 0.498, green 0.502, blue 0.498"


def test_numbers_of_a_style(photo: Sample) -> None:
    """All of them, whatever the tensor's shape."""
    numbers = np.linspace(-1.5, 2, 100, dtype=np.float32).reshape(1, 1, 1, 100)
    answer = task("predict").decode(photo, [numbers], [STYLE], HERE)
    assert isinstance(answer, Bottleneck)
    assert task("predict").words(answer) == "100 numbers from -1.5 to 2"
    assert task("predict").draw(photo, answer) is None


@pytest.mark.parametrize("output", [np.zeros((1, 16, 16, 4)), np.zeros((2, 16, 16, 3)), np.zeros((16, 16, 3))])
def test_an_output_that_is_no_image(photo: Sample, output: Array) -> None:
    """It is told with its tensor."""
    with pytest.raises(ModelError, match="'out'") as caught:
        task("transform").decode(photo, [output], [TensorInfo("out", "float64", output.shape)], HERE)
    assert caught.value.code == "task.output"


def test_paintings_are_scored_against_the_references() -> None:
    """The mean of both figures over two photos, one painted the same, one a tenth brighter."""
    pixels = np.random.default_rng(1).uniform(0, 0.9, (16, 16, 3))
    same, brighter = Answered(Painting(pixels), Painting(pixels)), Answered(Painting(pixels + 0.1), Painting(pixels))
    alike, peak = task("transform").score([same, brighter])
    assert (alike.name, peak.name, alike.of) == ("SSIM", "PSNR dB", 2)
    assert 0.9 < alike.value < 1
    assert peak.value == pytest.approx((100 + 20) / 2)
    assert task("transform").score([]) == ()


def test_only_paintings_are_judged_by_the_reference() -> None:
    """A style's numbers are held against the reference's by agreement alone."""
    assert task("transform").judged_by_reference
    assert not task("predict").judged_by_reference
    assert task("transform").kinds([PHOTO]) == (Kind.IMAGES,)
    assert task("predict").kinds([STYLE]) == (Kind.VECTOR,)


def test_both_are_described_in_the_task_librarys_form() -> None:
    """Each as its part."""
    about = About("x", "x", "1", "x", "x")
    for part in ("predict", "transform"):
        described = task(part).described(about, object())  # type: ignore[arg-type]
        assert isinstance(described, Family)
        assert described.part == part
