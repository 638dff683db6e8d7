"""From a photo to classes of its pixels, and what outlines say of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from harness.checkout import MODEL_CARDS
from harness.errors import ModelError, UsageError
from harness.models import describe_variants, load_card
from harness.models.families.general import General
from harness.models.families.segmentation import Segmentation as Masks
from harness.models.inspect import TensorInfo, inspect
from harness.models.labels import LabelFile, parse_labels
from harness.models.metadata import Content, FileKind, read_back
from harness.models.photos import Fit
from harness.models.reference import reference_outputs
from harness.models.samples import Sample, read_samples, sample
from harness.models.tasks.base import About, Answered, Array, Kind, Resources
from harness.models.tasks.parts import ImageInput
from harness.models.tasks.segmentation import UNSEEN, Segmentation, Segments, drawn

FUNCTIONS = Path(__file__).parents[2] / "data" / "models" / "photo_functions.py"
BRIGHTEST = """schema: 1
id: brightest
title: x
description: x
version: "1"
author: The tests
licence: Apache-2.0
task:
  family: segmentation
  form: classes
  input: {description: x, width: 8, height: 8, mean: [0], std: [255], fit: stretch}
  labels: {kind: text, file: labels.txt}
source: {kind: concrete, function: "builder.py:brightest"}
variants: [fp32]
"""
ABOUT = About("x", "x", "1", "x", "x")
FOUR = TensorInfo("image", "float32", (1, 4, 4, 3))


def task(form: str, *, fit: Fit = Fit.STRETCH, side: int = 4) -> Segmentation:
    image = ImageInput(description="x", width=side, height=side, mean=(0.0,), std=(255.0,), fit=fit)
    labels = LabelFile(kind="text", file="labels.txt")
    return Segmentation.model_validate(
        {"family": "segmentation", "form": form, "input": image.model_dump(), "labels": labels.model_dump()}
    )


def photo(folder: Path, width: int, height: int) -> Sample:
    Image.new("RGB", (width, height), (200, 100, 50)).save(folder / "photo.png")
    return Sample("photo", folder / "photo.png")


def decode(
    folder: Path, form: str, output: Array, labels: str, *, size: tuple[int, int] = (4, 4), fit: Fit = Fit.STRETCH
) -> Segments:
    (folder / "labels.txt").write_text(labels)
    tensor = TensorInfo("out", str(output.dtype), output.shape)
    return task(form, fit=fit).decode(photo(folder, *size), [output], [tensor], Resources(folder))


def segments(classes: list[list[int]], *labels: str) -> Segments:
    return Segments(labels, np.array(classes, np.int16))


def test_a_mask_is_cut_at_a_half(tmp_path: Path) -> None:
    """More than one half is the label, all else background, NaN too."""
    numbers = np.zeros((1, 4, 4, 1), np.float32)
    numbers[0, 0, :, 0] = (0.4, 0.5, 0.6, np.nan)
    found = decode(tmp_path, "mask", numbers, "person\n")
    assert found.labels == ("background", "person")
    np.testing.assert_array_equal(found.classes[0], [0, 0, 1, 0])
    assert found.shares == {"background": 15 / 16, "person": 1 / 16}


def test_the_largest_score_of_a_pixel_wins(tmp_path: Path) -> None:
    """The first of equal ones, and never NaN."""
    numbers = np.zeros((1, 4, 4, 3), np.float32)
    numbers[0, 0, 0], numbers[0, 0, 1], numbers[0, 0, 2] = (1, 2, 3), (-3, -2, -2), (np.nan, np.nan, -9)
    found = decode(tmp_path, "scores", numbers, "background\ncat\ndog\n")
    np.testing.assert_array_equal(found.classes[0], [2, 1, 2, 0])


@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 4, 4, 1)])
def test_classes_are_taken_as_they_are(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Numbers of labels, with or without a last dimension."""
    found = decode(tmp_path, "classes", (np.arange(16) % 3).reshape(shape), "background\ncat\ndog\n")
    np.testing.assert_array_equal(found.classes, np.arange(16).reshape(4, 4) % 3)


def test_a_quantised_mask_is_read_by_its_scale(tmp_path: Path) -> None:
    """Of int8 from 0 to 1, what is above zero is above one half."""
    (tmp_path / "labels.txt").write_text("person\n")
    numbers = np.arange(-8, 8, dtype=np.int8).reshape(1, 4, 4, 1)
    tensor = TensorInfo("out", "int8", (1, 4, 4, 1), scale=1 / 256, zero_point=-128)
    found = task("mask").decode(photo(tmp_path, 4, 4), [numbers], [tensor], Resources(tmp_path))
    np.testing.assert_array_equal(found.classes.reshape(-1), np.arange(-8, 8) > 0)


@pytest.mark.parametrize(
    ("form", "output"),
    [
        ("mask", np.zeros((1, 4, 4, 2), np.float32)),
        ("mask", np.zeros((4, 4), np.float32)),
        ("scores", np.zeros((1, 4, 4, 3), np.float32)),
        ("scores", np.zeros((1, 4, 4), np.float32)),
        ("classes", np.zeros((1, 4, 4), np.float32)),
        ("classes", np.full((1, 4, 4), 2, np.int64)),
        ("classes", np.full((1, 4, 4), -1, np.int32)),
        ("classes", np.zeros((1, 4, 4, 2), np.int32)),
    ],
)
def test_an_output_of_another_form(tmp_path: Path, form: str, output: NDArray[np.generic]) -> None:
    """Another shape, another type, or a class without a label is the model's fault, told with the tensor."""
    with pytest.raises(ModelError, match="'out'") as caught:
        decode(tmp_path, form, output, "background\nperson\n" if form != "mask" else "person\n")
    assert caught.value.code == "task.output"


def test_a_pulled_photo_gets_its_shape_back(tmp_path: Path) -> None:
    """Left and right of a wide photo are left and right of the model's square, also of a coarser one."""
    numbers = np.zeros((1, 2, 2), np.int32)
    numbers[0, :, 1] = 1
    found = decode(tmp_path, "classes", numbers, "background\ncat\n", size=(12, 6))
    assert found.classes.shape == (6, 12)
    np.testing.assert_array_equal(found.classes, np.broadcast_to(np.repeat((0, 1), 6), (6, 12)))


def test_what_the_centre_square_leaves_is_unseen(tmp_path: Path) -> None:
    """Nothing is said of the margins, and no share counts them."""
    found = decode(tmp_path, "classes", np.ones((1, 4, 4), np.int32), "background\ncat\n", size=(16, 8), fit=Fit.CENTRE)
    np.testing.assert_array_equal(found.classes[3], [UNSEEN] * 4 + [1] * 8 + [UNSEEN] * 4)
    assert found.shares == {"cat": 1.0}


def test_bars_of_a_letterbox_are_no_part_of_the_photo(tmp_path: Path) -> None:
    """Of a photo twice as wide as high, the model's middle rows are the photo."""
    numbers = np.zeros((1, 4, 4), np.int32)
    numbers[0, 1], numbers[0, 2] = 1, 2
    found = decode(tmp_path, "classes", numbers, "background\ncat\ndog\n", size=(16, 8), fit=Fit.LETTERBOX)
    np.testing.assert_array_equal(found.classes[:, 0], [1, 1, 1, 1, 2, 2, 2, 2])


def test_a_ring_in_a_ring_is_a_hole() -> None:
    """A square with a square hole, by even and odd; all else is background."""
    answer = segments([[0] * 9] * 9, "background", "cat")
    square = ((1, 1), (7, 1), (7, 7), (1, 7)), ((3, 3), (5, 3), (5, 5), (3, 5))
    found = drawn({"cat": square}, answer)
    assert found.sum() == 7 * 7 - 3 * 3
    assert (found[4, 4], found[2, 2], found[0, 0]) == (0, 1, 0)


def test_what_a_model_has_no_class_for() -> None:
    """It is background, and without a class for background it counts for nothing."""
    corner = {"cat": (((0, 0), (3, 0), (0, 3)),)}
    assert set(drawn(corner, segments([[0] * 4] * 4, "background", "dog")).flat) == {0}
    assert set(drawn(corner, segments([[0] * 4] * 4, "dog", "horse")).flat) == {UNSEEN}


def test_overlap_is_shared_pixels_over_all() -> None:
    """Two columns said and two true, one in common: cat 1/3, background 1/2 of what either has; half are right."""
    left = {"cat": (((0, 0), (1, 0), (1, 3), (0, 3)),)}
    answer = segments([[0, 1, 1, 0]] * 4, "background", "cat")
    overlap, pixels = task("scores").score([Answered(answer, left)])
    assert (overlap.name, overlap.of) == ("mIoU", 1)
    assert overlap.value == pytest.approx((4 / 12 + 4 / 12) / 2)
    assert pixels.value == pytest.approx(8 / 16)


def test_a_perfect_answer_scores_one() -> None:
    """Of two photos of different size, whose pixels count together."""
    truth = {"cat": (((0, 0), (1, 0), (1, 3), (0, 3)),)}
    answers = [segments([[1, 1, 0, 0]] * 4, "background", "cat"), segments([[1, 1, 0, 0, 0]] * 4, "background", "cat")]
    assert [score.value for score in task("scores").score([Answered(each, truth) for each in answers])] == [1.0, 1.0]


def test_only_classes_of_the_truths_are_averaged() -> None:
    """A dog that nobody drew lowers the background, and has no overlap of its own."""
    answer = segments([[0, 0, 2, 2]] * 4, "background", "cat", "dog")
    overlap, pixels = task("scores").score([Answered(answer, {})])
    assert (overlap.value, pixels.value) == (0.5, 0.5)


def test_pixels_that_were_not_seen_do_not_count() -> None:
    """Neither for nor against."""
    answer = segments([[UNSEEN, 0, 1, UNSEEN]] * 4, "background", "cat")
    truth = {"cat": (((2, 0), (3, 0), (3, 3), (2, 3)),)}
    assert [score.value for score in task("scores").score([Answered(answer, truth)])] == [1.0, 1.0]


def test_no_truths_no_score() -> None:
    """Nothing is made up."""
    assert task("mask").score([]) == ()


@pytest.mark.parametrize("said", ["person", {"person": [[[0, 0], [1, 1]]]}, {"person": [[[0, 0, 0]] * 3]}])
def test_outlines_that_are_none(tmp_path: Path, said: object) -> None:
    """A word, a ring of two points, and points of three numbers: the sample is named."""
    sample = Sample("mine", tmp_path / "x.png", truth={"segmentation": said})
    with pytest.raises(UsageError, match="'mine'") as caught:
        task("mask").truth(sample)
    assert caught.value.code == "sample.truth"


def test_a_text_is_no_photo(tmp_path: Path) -> None:
    """It is refused by its name."""
    with pytest.raises(UsageError, match="'note'"):
        task("mask").prepare(Sample("note", tmp_path / "x.txt", {"text": "hello"}), [FOUR], Resources(tmp_path))


def test_an_unknown_form_is_refused() -> None:
    """With the forms that there are."""
    with pytest.raises(ValidationError, match="'mask', 'scores' or 'classes'"):
        task("boxes")


def test_words_and_picture(tmp_path: Path) -> None:
    """The largest class first; background keeps its colours, the class is tinted, what wasn't seen is dark."""
    sample = photo(tmp_path, 64, 64)
    classes = np.zeros((64, 64), np.int16)
    classes[32:, :32], classes[:, 56:] = 1, UNSEEN
    answer = Segments(("background", "cat"), classes)
    assert task("scores").words(answer) == "background 71.4%, cat 28.6%"
    picture = np.asarray(task("scores").draw(sample, answer))
    assert picture[40, 44].tolist() == [200, 100, 50]
    assert picture[10, 60].sum() < 200
    assert picture[60, 4].tolist() != [200, 100, 50]
    np.testing.assert_array_equal(picture[60, 4], picture[40, 20])


def test_kinds_and_families() -> None:
    """Numbers of classes have no word in the Task Library; masks and scores have."""
    tensor = [TensorInfo("out", "float32", (1, 4, 4, 1))]
    kinds = {form: task(form).kinds(tensor) for form in ("mask", "scores", "classes")}
    assert kinds == {"mask": (Kind.MASKS,), "scores": (Kind.HEATMAPS,), "classes": (Kind.CLASSES,)}
    model = object()
    assert isinstance(task("mask").described(ABOUT, model), Masks)  # type: ignore[arg-type]
    assert isinstance(task("classes").described(ABOUT, model), General)  # type: ignore[arg-type]


def test_a_model_that_ends_in_an_argmax(own_catalog: Path) -> None:
    """The whole way from a card: converted, described as `general` with names of values, run, and read as classes."""
    card = own_catalog / "brightest"
    card.mkdir()
    shutil.copy(FUNCTIONS, card / "builder.py")
    (card / "labels.txt").write_text("red\ngreen\nblue\n")
    (card / "model.yaml").write_text(BRIGHTEST)
    (model,) = describe_variants(load_card("brightest", own_catalog), catalog=own_catalog)
    blobs = sample("blobs", own_catalog)
    (tensor,) = model.card.task.prepare(blobs, model.inputs, model.resources)
    assert isinstance(tensor, np.ndarray)
    output = reference_outputs(model, [tensor])
    assert output[0].dtype == np.int32
    answer = model.card.task.decode(blobs, output, model.outputs, model.resources)
    assert answer.labels == ("red", "green", "blue")
    np.testing.assert_array_equal(answer.classes[3::6, 4::8], tensor[0].argmax(-1))
    found = read_back(inspect(model.path))
    assert found is not None
    assert [(file.name, file.kind) for file in found.outputs[0].files] == [("labels.txt", FileKind.VALUE_LABELS)]
    assert found.inputs[0].content is Content.IMAGE


def test_every_outline_of_the_catalogue_has_a_known_class_and_lies_in_its_photo() -> None:
    """Names are PASCAL VOC's, as the largest model here has them, and no point is outside of 800 × 800."""
    labels = parse_labels((MODEL_CARDS / "deeplab_v3/labels.txt").read_bytes(), "labels.txt")
    truths = [photo.truth["segmentation"] for photo in read_samples().photos.values() if "segmentation" in photo.truth]
    assert len(truths) >= 6
    for truth in truths:
        assert set(truth) <= set(labels) - {"background"}
        assert all(0 <= x <= 800 and 0 <= y <= 800 for rings in truth.values() for ring in rings for x, y in ring)
