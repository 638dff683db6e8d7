"""Key points: read from each form, taken back into the photo, scored and drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from harness.errors import ModelError, UsageError
from harness.models.coco_person import BONES, SIGMAS, Point
from harness.models.graph_writer import NewModel, NewNode, NewTensor, to_bytes
from harness.models.inspect import TensorInfo, TfliteFile, inspect
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Kind, Resources, Score
from harness.models.tasks.pose import KeyPoint, Person, Pose

NAMES = [point.value for point in Point]
WORDS = {"name": "points", "description": "x"}
HEATMAPS = {
    "form": "heatmaps", **WORDS, "stride": 16, "offsets": {"name": "offsets", "description": "x"},
}  # fmt: skip
FLAT = {"form": "flat", **WORDS, "values": 5, "score": 3}
KEYPOINTS = {"form": "keypoints", **WORDS}
RESOURCES = Resources(Path())
MAPS, OFFSETS = TensorInfo("m", "float32", (1, 5, 5, 17)), TensorInfo("o", "float32", (1, 5, 5, 34))
LIST = TensorInfo("k", "float32", (1, 1, 17, 3))


def pose(output: Mapping[str, Any], *, fit: str = "stretch", **more: Any) -> Pose:
    """A card's task whose input is 65 × 65."""
    image = {"description": "x", "width": 65, "height": 65, "mean": [0], "std": [1], "fit": fit}
    said = {"family": "pose", "input": image, "output": output, "keypoints": NAMES, **more}
    return TypeAdapter(Pose).validate_python(said)


def photo(folder: Path, width: int = 65, height: int = 65, **truth: Any) -> Sample:
    """A grey photo."""
    path = folder / "photo.png"
    Image.new("RGB", (width, height), (90, 90, 90)).save(path)
    return Sample("photo", path, truth=truth)


def answer(**places: tuple[float, float]) -> tuple[KeyPoint, ...]:
    """All points at (0, 0) but these."""
    return tuple(KeyPoint(point, *places.get(point.value, (0.0, 0.0)), 0.9) for point in Point)


def figures(*answered: Answered) -> dict[str, Score]:
    return {score.name: score for score in pose(KEYPOINTS).score(answered)}


def listed(**places: tuple[float, float, float]) -> Array:
    """A 1 × 1 × 17 × 3 output with y, x and score of these points."""
    numbers = np.full((1, 1, 17, 3), 0.5, np.float32)
    for name, place in places.items():
        numbers[0, 0, NAMES.index(name)] = place
    return numbers


def test_heat_maps_give_the_best_cell_and_its_offset(tmp_path: Path) -> None:
    """The cell with the highest logit, 16 pixels a cell, plus what the offsets say of that cell for that point: y, then x."""
    maps, offsets = np.full((1, 5, 5, 17), -9, np.float32), np.zeros((1, 5, 5, 34), np.float32)
    elbow = NAMES.index("left_elbow")
    maps[0, 3, 1, elbow] = 2.0
    offsets[0, 3, 1, elbow], offsets[0, 3, 1, 17 + elbow] = 5.0, -2.5
    offsets[0, 1, 3] = 99
    found = pose(HEATMAPS).decode(photo(tmp_path), [maps, offsets], [MAPS, OFFSETS], RESOURCES)
    point = found[elbow]
    assert (point.name, point.x, point.y) == (Point.LEFT_ELBOW, 16 - 2.5, 48 + 5)
    assert point.score == pytest.approx(1 / (1 + math.exp(-2)))


def test_outputs_come_in_any_order(tmp_path: Path) -> None:
    """Heat maps and offsets are told by their shapes, among outputs that nobody reads."""
    maps, offsets = np.zeros((1, 5, 5, 17), np.float32), np.zeros((1, 5, 5, 34), np.float32)
    maps[0, 2, 2] = 1
    other = np.ones((1, 5, 5, 32), np.float32)
    tensors = [OFFSETS, TensorInfo("d", "float32", (1, 5, 5, 32)), MAPS]
    found = pose(HEATMAPS).decode(photo(tmp_path), [offsets, other, maps], tensors, RESOURCES)
    assert {(point.x, point.y) for point in found} == {(32, 32)}


def test_kinds_are_by_form_and_shape() -> None:
    """What is read as places is; any grid is a field; the rest, one number too, is a vector."""
    grid, row, one = TensorInfo("g", "float32", (1, 9, 9, 1)), TensorInfo("r", "float32", (1, 85)), LIST
    score = TensorInfo("s", "float32", (1, 1, 1, 1))
    assert pose(HEATMAPS).kinds([OFFSETS, MAPS, score]) == (Kind.FIELDS, Kind.FIELDS, Kind.VECTOR)
    assert pose(FLAT).kinds([grid, row, score]) == (Kind.FIELDS, Kind.KEYPOINTS, Kind.VECTOR)
    assert pose(KEYPOINTS).kinds([one]) == (Kind.KEYPOINTS,)


def test_a_row_gives_pixels_and_a_logit(tmp_path: Path) -> None:
    """Five numbers a point: the first two are its place, the fourth says how sure; points that aren't COCO's are passed by."""
    names = ["chin", *NAMES]
    row = np.zeros((1, 90), np.float32)
    row[0, :5] = 64
    nose = names.index("nose")
    row[0, 5 * nose : 5 * nose + 5] = 10, 20, 7, 0, 99
    tensor = TensorInfo("r", "float32", (1, 90))
    found = pose(FLAT, keypoints=names).decode(photo(tmp_path), [row], [tensor], RESOURCES)
    assert [point.name for point in found] == list(Point)
    assert found[0] == KeyPoint(Point.NOSE, 10, 20, 0.5)


def test_a_list_gives_shares_of_the_input(tmp_path: Path) -> None:
    """y before x, of an input of 65 × 65 that is a photo of 130 × 65 pulled into shape."""
    numbers = listed(right_knee=(0.2, 0.4, 0.7))
    found = pose(KEYPOINTS).decode(photo(tmp_path, 130, 65), [numbers], [LIST], RESOURCES)
    knee = found[NAMES.index("right_knee")]
    assert (knee.x, knee.y, knee.score) == pytest.approx((0.4 * 130, 0.2 * 65, 0.7))


def test_integers_stand_for_real_numbers(tmp_path: Path) -> None:
    """An int8 list by its own scale and zero point."""
    tensor = TensorInfo("k", "int8", (1, 1, 17, 3), scale=1 / 128, zero_point=-128)
    numbers = np.full((1, 1, 17, 3), -64, np.int8)
    nose = pose(KEYPOINTS).decode(photo(tmp_path), [numbers], [tensor], RESOURCES)[0]
    assert (nose.x, nose.y, nose.score) == (32.5, 32.5, 0.5)


def test_black_bars_are_no_part_of_the_photo(tmp_path: Path) -> None:
    """A photo of 195 × 117 is 65 × 39 in the middle of the input, with bars of 13 above and below."""
    numbers = listed(nose=(0.2, 0.5, 0.9), left_ear=(0.8, 1, 0.9))
    found = pose(KEYPOINTS, fit="letterbox").decode(photo(tmp_path, 195, 117), [numbers], [LIST], RESOURCES)
    assert (found[0].x, found[0].y) == pytest.approx((97.5, 0), abs=1e-4)
    assert (found[3].x, found[3].y) == pytest.approx((195, 117), abs=1e-4)


PLACED = {"points": {"nose": [10, 10], "left_hip": [10, 60]}}


def test_the_square_round_a_person_is_cut_out_and_taken_back(tmp_path: Path) -> None:
    """Its middle is the middle of the input, what is beyond the photo is black, and points come back to the photo."""
    task = pose(KEYPOINTS, fit="letterbox", frame="person")
    sample = photo(tmp_path, 100, 100, pose={**PLACED, "square": [50, -50, 100]})
    (tensor,) = task.prepare(sample, [TensorInfo("i", "float32", (1, 65, 65, 3))], RESOURCES)
    assert isinstance(tensor, np.ndarray)
    assert (tensor[0, 5, 5].max(), tensor[0, 60, 5].min(), tensor[0, 60, 60].max()) == (0, 90, 0)
    nose = task.decode(sample, [listed(nose=(0.5, 0.25, 1))], [LIST], RESOURCES)[0]
    assert (nose.x, nose.y) == pytest.approx((75, 0))


@pytest.mark.parametrize("truth", [{}, {"pose": PLACED}])
def test_without_a_square_the_whole_photo_is_taken(tmp_path: Path, truth: dict[str, Any]) -> None:
    """A photo of which nobody said where its person is."""
    sample = photo(tmp_path, **truth)
    tensors = [TensorInfo("i", "float32", (1, 65, 65, 3))]
    (tensor,) = pose(KEYPOINTS, frame="person").prepare(sample, tensors, RESOURCES)
    np.testing.assert_array_equal(tensor, 90)


def test_an_input_of_plain_integers_takes_bytes(tmp_path: Path) -> None:
    """int32 from 0 to 255, as they are."""
    (tensor,) = pose(KEYPOINTS).prepare(photo(tmp_path), [TensorInfo("i", "int32", (1, 65, 65, 3))], RESOURCES)
    assert isinstance(tensor, np.ndarray)
    assert (tensor.dtype, tensor.min(), tensor.max()) == (np.int32, 90, 90)


def test_calibration_sees_the_whole_photo_and_ten_views(tmp_path: Path) -> None:
    """Each of the input's shape."""
    tensors = [TensorInfo("i", "float32", (1, 65, 65, 3))]
    found = list(pose(KEYPOINTS).examples(photo(tmp_path, 80, 60), tensors, RESOURCES))
    assert {part.shape for example in found for part in example if isinstance(part, np.ndarray)} == {(1, 65, 65, 3)}
    assert len(found) == 11


@pytest.mark.parametrize(
    ("output", "tensors"),
    [
        (HEATMAPS, [MAPS]),
        (HEATMAPS, [MAPS, TensorInfo("o", "float32", (1, 4, 4, 34))]),
        (FLAT, [TensorInfo("r", "float32", (1, 84))]),
        (KEYPOINTS, [TensorInfo("k", "float32", (1, 17, 3))]),
        (KEYPOINTS, []),
    ],
)
def test_outputs_of_another_shape_are_refused(
    tmp_path: Path, output: Mapping[str, Any], tensors: list[TensorInfo]
) -> None:
    """The error has the shape that was looked for, the form and all outputs that there are."""
    with pytest.raises(ModelError, match=f"no output has the shape .* of {output['form']}") as caught:
        pose(output).decode(photo(tmp_path), [np.zeros(each.shape) for each in tensors], tensors, RESOURCES)
    assert caught.value.code == "task.output"
    assert all(str(tensor) in str(caught.value.why) for tensor in tensors)
    assert "keypoints" in str(caught.value.hint)


def test_two_outputs_of_one_shape_are_refused(tmp_path: Path) -> None:
    """Nothing says which of them holds the key points."""
    with pytest.raises(ModelError, match="2 outputs have the shape 1×1×17×3"):
        pose(KEYPOINTS).decode(photo(tmp_path), [listed(), listed()], [LIST, LIST], RESOURCES)


def model_file(folder: Path, **outputs: tuple[int, ...]) -> TfliteFile:
    """A model that gives these outputs, by name."""
    tensors = [NewTensor(name, shape) for name, shape in outputs.items()]
    inputs = [NewTensor(f"{name}_in", shape) for name, shape in outputs.items()]
    nodes = [NewNode("RELU", (f"{name}_in",), (name,)) for name in outputs]
    model = NewModel("x", (*inputs, *tensors), tuple(nodes), tuple(each.name for each in inputs), tuple(outputs))
    path = folder / "model.tflite"
    path.write_bytes(to_bytes(model))
    return inspect(path)


ABOUT = About("x", "x", "1", "x", "x")
OTHERS = [{"tensor": "c", "name": "presence", "description": "x"}]


def test_outputs_are_described_in_the_models_order(tmp_path: Path) -> None:
    """Offsets, heat maps, one that the card names, one that it doesn't: each under its name."""
    model = model_file(tmp_path, a=(1, 5, 5, 34), b=(1, 5, 5, 17), c=(1, 1), d=(1, 2))
    outputs = pose(HEATMAPS, others=OTHERS).described(ABOUT, model).outputs
    assert [(each.kind, each.name) for each in outputs] == [
        ("other", "offsets"),
        ("heatmaps", "points"),
        ("other", "presence"),
        ("other", "d"),
    ]


def test_an_output_that_the_card_names_is_there(tmp_path: Path) -> None:
    """A tensor of another name is no output to describe."""
    with pytest.raises(ModelError, match="no output 'c'") as caught:
        pose(KEYPOINTS, others=OTHERS).described(ABOUT, model_file(tmp_path, k=(1, 1, 17, 3)))
    assert caught.value.code == "task.output"


def test_not_a_number_is_no_place(tmp_path: Path) -> None:
    """An answer with NaN is refused, so that it is neither scored nor drawn."""
    with pytest.raises(ModelError, match="NaN") as caught:
        pose(KEYPOINTS).decode(photo(tmp_path), [listed(nose=(math.nan, 0, 0))], [LIST], RESOURCES)
    assert caught.value.code == "task.output"


def test_a_text_has_no_pose(tmp_path: Path) -> None:
    """Asked for key points of a text, the task says what it takes."""
    text = Sample("words", tmp_path / "words.json", {"text": "a man kicks a ball"})
    for ask in (
        lambda: pose(KEYPOINTS).prepare(text, [TensorInfo("i", "float32", (1, 65, 65, 3))], RESOURCES),
        lambda: pose(KEYPOINTS).decode(text, [listed()], [LIST], RESOURCES),
        lambda: pose(KEYPOINTS).draw(text, answer()),
    ):
        with pytest.raises(UsageError, match="takes photos") as caught:
            ask()
        assert caught.value.code == "task.sample"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"points": {"nose": [1, 2], "tail": [3, 4]}}, "tail"),
        ({"points": {"nose": [1, 2]}}, "at least 2"),
        ({"points": {"nose": [1, 2], "left_eye": [3]}}, "left_eye"),
        ({"points": PLACED["points"], "square": [0, 0, 0]}, "square"),
        ({"nose": [1, 2]}, "nose"),
    ],
)
def test_a_truth_that_is_none(tmp_path: Path, said: dict[str, Any], named: str) -> None:
    """Names that aren't COCO's, one point alone, half a place, an empty square: each named, with the sample."""
    with pytest.raises(UsageError, match="'photo'") as caught:
        pose(KEYPOINTS).truth(photo(tmp_path, pose=said))
    assert caught.value.code == "sample.truth"
    assert named in str(caught.value.why)


@pytest.mark.parametrize(
    ("output", "more", "named"),
    [
        (KEYPOINTS, {"keypoints": NAMES[:-1]}, "keypoints lacks right_ankle"),
        (KEYPOINTS, {"keypoints": [*NAMES, "nose"]}, "twice"),
        ({**FLAT, "score": 5}, {}, "score is at 5"),
        ({**KEYPOINTS, "form": "boxes"}, {}, "boxes"),
        ({**HEATMAPS, "stride": 0}, {}, "stride"),
    ],
)
def test_a_card_that_can_not_be(output: Mapping[str, Any], more: Mapping[str, Any], named: str) -> None:
    """Points missing or twice, a score beyond a point's values, an unknown form, no stride."""
    with pytest.raises(ValidationError, match=named):
        pose(output, **more)


def test_right_points_score_all() -> None:
    """Every point where it should be: all near, nothing apart, similarity 1."""
    places = {"nose": (0.0, 0.0), "left_hip": (30.0, 100.0)}
    found = figures(Answered(answer(**places), Person(points={Point(name): at for name, at in places.items()})))
    assert str(found["PCK@0.1"].right) == "2"
    assert (found["PCK@0.1"].value, found["OKS"].value, found["distance"].value) == (1, 1, 0)


def test_pck_counts_points_within_a_tenth_of_the_longer_side() -> None:
    """Of a box 50 × 100, ten pixels are near and eleven aren't; only points that the truth has are looked at."""
    truth = Person(points={Point.NOSE: (0, 0), Point.LEFT_HIP: (50, 100), Point.RIGHT_HIP: (0, 100)})
    found = figures(Answered(answer(nose=(6, 8), left_hip=(50, 111), right_hip=(0, 100), left_knee=(999, 999)), truth))
    assert (found["PCK@0.1"].right, found["PCK@0.1"].of) == (2, 3)
    assert found["distance"].value == pytest.approx((0.10 + 0.11 + 0) / 3)
    assert found["distance"].of == 3


def test_oks_is_cocos() -> None:
    """exp(-d² / (2 · area · (2 sigma)²)) of each point, a mean over a photo's points, then over photos."""
    truth = Person(points={Point.NOSE: (0, 0), Point.LEFT_HIP: (40, 100)})
    nose = math.exp(-(5**2) / (2 * 0.53 * 40 * 100 * 0.052**2))
    far = Answered(answer(nose=(3, 4), left_hip=(40, 100)), truth)
    right = Answered(answer(left_hip=(40, 100)), truth)
    assert figures(far)["OKS"].value == pytest.approx((nose + 1) / 2)
    assert figures(far, right)["OKS"].value == pytest.approx(((nose + 1) / 2 + 1) / 2)
    assert figures(far, right)["OKS"].of == 2


def test_nothing_known_nothing_scored() -> None:
    """No photo with a truth, no figure."""
    assert pose(KEYPOINTS).score([]) == ()


def test_sigmas_and_bones_are_of_all_points() -> None:
    """Seventeen of each sort of thing, and each point is at the end of a line."""
    assert set(SIGMAS) == set(Point)
    assert {point for bone in BONES for point in bone} == set(Point)
    assert (SIGMAS[Point.RIGHT_HIP], SIGMAS[Point.LEFT_EYE]) == (0.107, 0.025)


def test_an_answer_in_a_line() -> None:
    """How many points are sure, and the surest."""
    unsure = [KeyPoint(point, 1, 2, 0.1) for point in Point]
    unsure[0] = KeyPoint(Point.NOSE, 12.4, 33.6, 0.875)
    assert pose(KEYPOINTS).words(tuple(unsure)) == "1 of 17 points, nose at (12, 34) 0.88"


def test_the_picture_has_sure_points_and_the_lines_between_them(tmp_path: Path) -> None:
    """A photo of 1,280 pixels is drawn at 640; between two sure points there is a line, and unsure ones aren't there."""
    points = {"left_shoulder": (320.0, 200.0), "left_elbow": (960.0, 200.0)}
    sure = tuple(KeyPoint(each.name, each.x, each.y, 0.9 if each.name in points else 0.1) for each in answer(**points))
    drawn = np.asarray(pose(KEYPOINTS).draw(photo(tmp_path, 1280, 640), sure))
    assert drawn.shape == (320, 640, 3)
    orange = np.all(drawn == (255, 150, 0), axis=-1)
    columns = np.nonzero(orange)[1]
    assert (columns.min(), columns.max()) == (pytest.approx(156, abs=2), pytest.approx(484, abs=2))
    assert orange[100, 170:470].all()
    assert (drawn[:40, :40] == 90).all()
