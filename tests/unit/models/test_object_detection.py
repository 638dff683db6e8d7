"""Detections out of the tensors of two kinds of detector, scored and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import ModelError, UsageError
from harness.models.average_precision import Annotation, Detection
from harness.models.inspect import TensorInfo
from harness.models.labels import LabelFile
from harness.models.outlined import outlined
from harness.models.photos import Fit
from harness.models.samples import Sample
from harness.models.tasks.base import Answered, Array, Kind, Resources
from harness.models.tasks.object_detection import Nanodet, ObjectDetection, Objects, Role, Ssd
from harness.models.tasks.parts import ImageInput

LABELS = ("cat", "dog", "kite")
BINS = 5
ORDER: tuple[Role, Role, Role, Role] = ("locations", "categories", "scores", "number")


def image(fit: Fit = Fit.STRETCH) -> ImageInput:
    return ImageInput(description="A photo.", width=32, height=32, mean=(127.5,), std=(127.5,), fit=fit)


def nanodet(fit: Fit = Fit.STRETCH, threshold: float = 0.4) -> ObjectDetection:
    output = Nanodet(form="nanodet", bins=BINS, threshold=threshold, overlap=0.5)
    return ObjectDetection(family="object_detection", input=image(fit), output=output, labels=label_file())


def ssd(order: tuple[Role, Role, Role, Role] = ORDER) -> ObjectDetection:
    output = Ssd(form="ssd", threshold=0.4, order=order)
    return ObjectDetection(family="object_detection", input=image(), output=output, labels=label_file())


def label_file() -> LabelFile:
    return LabelFile(kind="text", file="labels.txt")


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    (tmp_path / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    return Resources(tmp_path)


@pytest.fixture
def wide(tmp_path: Path) -> Sample:
    """A photo of 64 × 32 pixels."""
    Image.new("RGB", (64, 32), "grey").save(tmp_path / "wide.png")
    return Sample("wide", tmp_path / "wide.png")


def tensors_of(outputs: Sequence[Array]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(f"t{place}", str(each.dtype), each.shape) for place, each in enumerate(outputs))


def grids(*objects: tuple[int, int, int, float, tuple[int, int, int, int]]) -> list[Array]:
    """The outputs of two grids, of 4 × 4 and 2 × 2 cells: (stride, cell, class, score, bins) of each object."""
    made = {8: (np.zeros((1, 16, 3), np.float32), np.zeros((1, 16, 20), np.float32))}
    made[16] = (np.zeros((1, 4, 3), np.float32), np.zeros((1, 4, 20), np.float32))
    for stride, cell, label, score, bins in objects:
        made[stride][0][0, cell, label] = score
        made[stride][1][0, cell].reshape(4, BINS)[np.arange(4), bins] = 100.0
    return [*made[8], *made[16]]


def four(*objects: tuple[float, float, tuple[float, float, float, float]], most: int = 4) -> list[Array]:
    """The operator's outputs for objects of a class, a score and a box of top, left, bottom and right; noise behind."""
    boxes, classes, scores = np.full((1, most, 4), 7.7), np.full((1, most), 55.5), np.full((1, most), 0.99)
    for place, (label, score, box) in enumerate(objects):
        boxes[0, place], classes[0, place], scores[0, place] = box, label, score
    return [each.astype(np.float32) for each in (boxes, classes, scores, np.array([len(objects)]))]


def decode(task: ObjectDetection, sample: Sample, outputs: Sequence[Array], resources: Resources) -> Objects:
    answer = task.decode(sample, outputs, tensors_of(outputs), resources)
    assert isinstance(answer, Objects)
    return answer


def test_cells_become_boxes_of_the_photo(wide: Sample, resources: Resources) -> None:
    """Cell 5 of the fine grid has its centre at (12, 12); one stride each way, and the photo is twice as wide."""
    answer = decode(nanodet(), wide, grids((8, 5, 1, 0.75, (1, 1, 1, 1))), resources)
    assert answer.found == (Detection("dog", 0.75, (8.0, 4.0, 40.0, 20.0)),)
    assert answer.labels == LABELS


def test_a_letterboxed_photo_is_found_again(wide: Sample, resources: Resources) -> None:
    """The photo's 64 × 32 stand as 32 × 16 in the middle; what is on the bars is cut off."""
    answer = decode(nanodet(Fit.LETTERBOX), wide, grids((8, 5, 1, 0.75, (1, 1, 1, 1))), resources)
    assert answer.found == (Detection("dog", 0.75, (8.0, 0.0, 40.0, 24.0)),)


def test_grids_of_all_sizes_in_any_order(wide: Sample, resources: Resources) -> None:
    """Scores and distances are told by their shapes; the surest comes first."""
    outputs = grids((8, 0, 2, 0.5, (0, 0, 1, 1)), (16, 3, 0, 0.9, (0, 0, 0, 0)), (16, 0, 1, 0.6, (1, 1, 1, 1)))
    answers = [
        decode(nanodet(), wide, [outputs[place] for place in order], resources)
        for order in ((0, 1, 2, 3), (3, 0, 1, 2))
    ]
    assert [one.label for one in answers[0].found] == ["dog", "kite"]  # the cat's box has no area
    assert answers[0].found[1].box == (8.0, 4.0, 24.0, 12.0)
    assert answers[0] == answers[1]


def test_of_two_on_one_place_the_surer_is_kept(wide: Sample, resources: Resources) -> None:
    """Neighbouring cells that mean the same dog; a cat there is another matter."""
    twice = grids((8, 5, 1, 0.7, (1, 1, 2, 1)), (8, 6, 1, 0.8, (2, 1, 1, 1)), (8, 10, 0, 0.6, (2, 2, 1, 0)))
    answer = decode(nanodet(), wide, twice, resources)
    assert [(one.label, one.score) for one in answer.found] == [
        ("dog", pytest.approx(0.8)),
        ("cat", pytest.approx(0.6)),
    ]


def test_integer_outputs_are_read_by_their_scales(wide: Sample, resources: Resources) -> None:
    """int8 scores in steps of 1/256, int8 logits in steps of .1."""
    real = grids((8, 5, 1, 0.75, (1, 1, 1, 1)))
    outputs = [(each * 256 - 128 if each.shape[-1] == 3 else each).astype(np.int8) for each in real]
    scales = [(1 / 256, -128) if each.shape[-1] == 3 else (0.1, 0) for each in real]
    tensors = [
        TensorInfo("t", "int8", each.shape, scale, zero) for each, (scale, zero) in zip(outputs, scales, strict=True)
    ]
    (found,) = nanodet().decode(wide, outputs, tensors, resources).found
    assert (found.label, found.score) == ("dog", 0.75)
    np.testing.assert_allclose(found.box, (8, 4, 40, 20), atol=0.1)


def test_what_is_under_the_threshold_counts_but_is_no_answer(wide: Sample, resources: Resources) -> None:
    """COCO's score looks at objects that nobody would be shown."""
    answer = decode(nanodet(), wide, grids((8, 5, 1, 0.3, (1, 1, 1, 1))), resources)
    assert [one.label for one in answer.found] == ["dog"]
    assert answer.sure == ()
    assert nanodet().words(answer) == "nothing"


@pytest.mark.parametrize(
    "shapes",
    [
        [(1, 16, 3)],
        [(1, 16, 3), (1, 16, 3)],
        [(1, 16, 20), (1, 16, 20)],
        [(1, 15, 3), (1, 15, 20)],
        [(16, 3), (16, 20)],
        [(1, 0, 3), (1, 0, 20)],
        [(2, 16, 3), (2, 16, 20)],
    ],
)
def test_outputs_that_are_no_grids(wide: Sample, resources: Resources, shapes: list[tuple[int, ...]]) -> None:
    """Half a grid, two of one kind, cells that no stride gives, no batch or a larger one: told with the tensor."""
    with pytest.raises(ModelError, match="output 't") as caught:
        decode(nanodet(), wide, [np.zeros(shape, np.float32) for shape in shapes], resources)
    assert caught.value.code == "task.output"


@pytest.mark.parametrize("labels", ["cat\n", "cat\ndog\nkite\ncow\n"])
def test_a_grid_has_a_score_a_label(wide: Sample, resources: Resources, labels: str) -> None:
    """Fewer or more labels than classes are the card's mistake."""
    (resources.folder / "labels.txt").write_text(labels)
    with pytest.raises(ModelError, match="one number for each of") as caught:
        decode(nanodet(), wide, grids(), resources)
    assert caught.value.code == "task.output"


@pytest.mark.parametrize("number", [3, -1, np.nan])
def test_a_category_without_a_label(wide: Sample, resources: Resources, number: float) -> None:
    """The operator's numbers are lines of the label file."""
    with pytest.raises(ModelError, match="there are 3 labels") as caught:
        decode(ssd(), wide, four((number, 0.9, (0.0, 0.0, 0.5, 0.5))), resources)
    assert caught.value.code == "task.output"


def test_the_operators_boxes_are_shares_of_the_image(wide: Sample, resources: Resources) -> None:
    """Top, left, bottom, right; what stands behind the number is memory, whatever it says."""
    answer = decode(ssd(), wide, four((1, 0.9, (0.25, 0.0, 0.75, 0.5)), (0, 0.5, (-0.1, 0.5, 1.1, 1.0))), resources)
    assert [one.label for one in answer.found] == ["dog", "cat"]
    assert [one.box for one in answer.found] == [(0.0, 8.0, 32.0, 24.0), (32.0, 0.0, 64.0, 32.0)]
    assert decode(ssd(), wide, four(), resources).found == ()


def test_the_card_says_which_output_comes_when(wide: Sample, resources: Resources) -> None:
    """The same objects from outputs in another order, if the card has that order."""
    outputs = four((1, 0.9, (0.25, 0.0, 0.75, 0.5)))
    other: tuple[Role, Role, Role, Role] = ("number", "categories", "scores", "locations")
    turned = [outputs[ORDER.index(role)] for role in other]
    assert decode(ssd(other), wide, turned, resources) == decode(ssd(), wide, outputs, resources)
    with pytest.raises(ModelError, match="aren't locations, categories, scores, number") as caught:
        decode(ssd(), wide, turned, resources)
    assert (caught.value.code, caught.value.hint) == ("task.output", "say in the card's `order` which comes when")


def test_backends_agree_on_what_is_shown_only() -> None:
    """Places behind the number, and objects under the threshold, have no part in the comparison; the number has."""
    outputs = four((1, 0.9, (0.0, 0.0, 0.5, 0.5)), (0, 0.1, (0.5, 0.5, 1.0, 1.0)))
    boxes, classes, scores, number = ssd().meant(outputs, tensors_of(outputs))
    assert (boxes.shape, classes.tolist(), number.tolist()) == ((1, 1, 4), [[1.0]], [2.0])
    np.testing.assert_array_equal(scores, np.float32([[0.9]]))
    whole = grids()
    assert all(one is other for one, other in zip(nanodet().meant(whole, tensors_of(whole)), whole, strict=True))


def test_not_a_number_is_no_object(wide: Sample, resources: Resources) -> None:
    """NaN is under any threshold."""
    outputs = grids((8, 5, 1, np.nan, (1, 1, 1, 1)))
    assert decode(nanodet(), wide, outputs, resources).found == ()
    broken = four((1, 0.9, (0.0, 0.0, 0.5, 0.5)))
    broken[3][0] = np.nan
    assert decode(ssd(), wide, broken, resources).found == ()


def test_what_the_outputs_are() -> None:
    """Boxes, categories that are right or wrong, and scores whose order counts only where the operator sorted them."""
    assert nanodet().kinds(tensors_of(grids())) == (Kind.HEATMAPS, Kind.BOXES) * 2
    assert ssd().kinds(tensors_of(four())) == (Kind.BOXES, Kind.CLASSES, Kind.SCORES, Kind.CLASSES)


def test_a_model_is_asked_for_its_own_classes_only() -> None:
    """A detector of dogs isn't blamed for the kite."""
    found = Objects((Detection("dog", 0.9, (0.0, 0.0, 9.0, 9.0)),), 0.4, ("dog",))
    truth = (Annotation(label="dog", box=(0, 0, 9, 9)), Annotation(label="kite", box=(20, 20, 30, 30)))
    half, mean = nanodet().score([Answered(found, truth)])
    assert [(one.name, one.value, one.of) for one in (half, mean)] == [
        ("mAP@0.5", pytest.approx(1.0), 1),
        ("mAP@[.5:.95]", pytest.approx(1.0), 1),
    ]
    assert nanodet().score([]) == ()
    assert nanodet().score([Answered(found, truth[1:])]) == ()


def test_a_truth_is_labels_and_boxes(wide: Sample) -> None:
    """As the catalogue has them; another form is told with the sample's name."""
    said = [{"label": "dog", "box": [1, 2, 3, 4]}]
    sample = Sample("wide", wide.path, truth={"object_detection": said})
    assert nanodet().truth(sample) == (Annotation(label="dog", box=(1, 2, 3, 4)),)
    for wrong in ("dog", [{"label": "dog"}], [{"label": "dog", "box": [3, 2, 1, 4]}], [{**said[0], "sure": True}]):
        with pytest.raises(UsageError, match="wide") as caught:
            nanodet().truth(Sample("wide", wide.path, truth={"object_detection": wrong}))
        assert caught.value.code == "sample.truth"


def test_a_text_is_no_photo(tmp_path: Path, resources: Resources) -> None:
    """A scenario that gives a detector a text is told so."""
    text = Sample("words", tmp_path, {"text": "hello"})
    for ask in (
        lambda: nanodet().prepare(text, [TensorInfo("i", "float32", (1, 32, 32, 3))], resources),
        lambda: decode(nanodet(), text, grids(), resources),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "task.sample"


def test_calibration_sees_a_photo_and_its_mirror_image(tmp_path: Path, resources: Resources) -> None:
    """Objects of both sides."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, :16] = 255
    Image.fromarray(pixels).save(tmp_path / "half.png")
    tensor = TensorInfo("i", "float32", (1, 32, 32, 3))
    first, second = (
        given[0] for given in nanodet().examples(Sample("half", tmp_path / "half.png"), [tensor], resources)
    )
    np.testing.assert_array_equal(first, np.asarray(second)[:, :, ::-1])
    assert not np.array_equal(first, second)


def test_an_answer_in_words_and_as_a_picture(tmp_path: Path) -> None:
    """What it is sure of: in a line, and in boxes on the photo, which is otherwise as it was."""
    Image.new("RGB", (200, 100), "grey").save(tmp_path / "grey.png")
    left, right = (10.0, 40.0, 60.0, 90.0), (120.0, 40.0, 170.0, 90.0)
    found = (Detection("cat", 0.9, left), Detection("dog", 0.5, left), Detection("kite", 0.2, right))
    answer = Objects(found, 0.4, LABELS)
    assert nanodet().words(answer) == "cat 0.90, dog 0.50"
    picture = np.asarray(nanodet().draw(Sample("grey", tmp_path / "grey.png"), answer))
    assert (picture[:, 100:] == 128).all()
    assert (picture[60:88, 14:56] == 128).all()
    assert not (picture[60:88, 10:12] == 128).all()


def test_tags_dont_hide_each_other() -> None:
    """Two labels on one box stand below each other: each has its own colour."""
    box = (20.0, 40.0, 180.0, 180.0)
    picture = outlined(Image.new("RGB", (200, 200)), [Detection("cat", 0.9, box), Detection("dog", 0.8, box)])
    colours = {colour for _, colour in picture.getcolors(100_000) if max(colour) == 255 and min(colour) < 255}
    heights = {colour: np.ptp(np.argwhere((np.asarray(picture) == colour).all(-1))[:, 0]) for colour in colours}
    assert len([height for height in heights.values() if height >= 12]) == 2


def test_a_small_object_is_not_painted_over() -> None:
    """The outline of a box of few pixels is thin."""
    picture = outlined(Image.new("RGB", (900, 900)), [Detection("kite", 0.9, (400.0, 400.0, 412.0, 410.0))])
    assert picture.getpixel((405, 405)) == (0, 0, 0)


def test_nothing_found_is_the_photo() -> None:
    """Byte for byte."""
    photo = Image.new("RGB", (40, 30), "grey")
    assert outlined(photo, []).tobytes() == photo.tobytes()
