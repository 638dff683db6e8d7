"""PoseNet, MoveNet and BlazePose for real, on photos whose key points were placed by eye; two minutes from an empty cache."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pytest

from harness.models import DescribedModel, load_card
from harness.models.coco_person import Point
from harness.models.convert import RUNTIME
from harness.models.describe import describe_all
from harness.models.inspect import inspect
from harness.models.metadata import FileKind, associated_file, read_back
from harness.models.photos import read_photo
from harness.models.samples import Sample, sample, sample_names
from harness.models.tasks.base import Kind
from harness.models.tasks.pose import KeyPoint
from harness.scenario.answers import Answers, answers_of, truths_of
from harness.scenario.inputs import prepared_of, tensorflow_outputs

pytestmark = pytest.mark.slow

VARIANTS = {"posenet": ("fp32", "fp16", "dynamic", "int8"), "movenet": ("fp32", "fp16", "dynamic", "int8")}
BEST = ("posenet/fp32", "movenet/fp32", "blazepose/fp16")


@pytest.fixture(scope="module")
def photos() -> tuple[Sample, ...]:
    """The photos with key points."""
    return tuple(sample(name) for name in sample_names(family="pose"))


@pytest.fixture(scope="module")
def models() -> Mapping[str, DescribedModel]:
    """All variants of the three, by model and variant."""
    return {model.id: model for model in describe_all({**VARIANTS, "blazepose": ("fp16",)})}


@pytest.fixture(scope="module")
def answers(models: Mapping[str, DescribedModel], photos: tuple[Sample, ...]) -> Mapping[str, Answers]:
    """What TensorFlow on this host says of each photo."""
    found = {}
    for name, model in models.items():
        outputs = tensorflow_outputs(model, prepared_of(model, photos).tensors)
        found[name] = answers_of(model, photos, outputs, truths_of(model.card, photos))
    return found


def apart(photo: Sample, first: tuple[KeyPoint, ...], second: tuple[KeyPoint, ...]) -> float:
    """The median distance of the points that the photo shows, as a share of its longer side."""
    shown = photo.truth["pose"]["points"]
    pairs = [pair for pair in zip(first, second, strict=True) if pair[0].name in shown]
    distances = [np.hypot(one.x - other.x, one.y - other.y) for one, other in pairs]
    return float(np.median(distances)) / max(read_photo(photo.path).size)


def test_each_photo_has_its_points_inside_of_it(photos: tuple[Sample, ...]) -> None:
    """42 of them on four photos, none beyond an edge."""
    assert [photo.name for photo in photos] == ["grace_hopper", "astronaut", "messi5", "person"]
    truths = {photo.name: load_card("posenet").task.truth(photo) for photo in photos}
    assert sum(len(truth.points) for truth in truths.values()) == 42
    for photo in photos:
        width, height = read_photo(photo.path).size
        assert all(0 <= x < width and 0 <= y < height for x, y in truths[photo.name].points.values())


@pytest.mark.parametrize("name", [f"{model}/{variant}" for model, all_ in VARIANTS.items() for variant in all_])
def test_most_points_are_where_people_see_them(answers: Mapping[str, Answers], name: str) -> None:
    """Of 42, no fewer than 38 are near, and what is lost to precision is at most two."""
    pck, oks, distance = answers[name].scores
    assert (pck.name, pck.of, oks.name, oks.of, distance.of) == ("PCK@0.1", 42, "OKS", 4, 42)
    best = {"posenet": 39, "movenet": 41}[name.partition("/")[0]]
    assert pck.right is not None
    assert pck.right >= (best if name.endswith(("fp32", "fp16")) else best - 2)
    assert oks.value > 0.75


def test_blazepose_finds_whom_it_is_shown(answers: Mapping[str, Answers]) -> None:
    """39 of 42 in the squares that its detector cuts out."""
    assert answers["blazepose/fp16"].scores[0].right == 39


def test_three_models_agree(answers: Mapping[str, Answers], photos: tuple[Sample, ...]) -> None:
    """They have nothing in common but the photos: half of the points are within 2.5 % of the longer side.

    The portrait is left out: BlazePose is made for whole people, and is 3.5 % off there.
    """
    for photo in photos:
        if photo.name != "grace_hopper":
            for one, other in combinations(BEST, 2):
                where = apart(photo, answers[one].answers[photo.name], answers[other].answers[photo.name])
                assert where < 0.025, (photo.name, one, other)


@pytest.mark.parametrize("model", VARIANTS)
@pytest.mark.parametrize(("variant", "most"), [("fp16", 0.001), ("dynamic", 0.01), ("int8", 0.015)])
def test_variants_stay_near_fp32(
    answers: Mapping[str, Answers], photos: tuple[Sample, ...], model: str, variant: str, most: float
) -> None:
    """Half of the points move by less than this share of the longer side."""
    for photo in photos:
        best, other = (answers[f"{model}/{each}"].answers[photo.name] for each in ("fp32", variant))
        assert apart(photo, best, other) < most, photo.name


def test_every_variant_carries_its_metadata(models: Mapping[str, DescribedModel]) -> None:
    """Names of the key points, normalisation, and the name of each output, read back from the file."""
    for name, model in models.items():
        task = model.card.task
        found = read_back(inspect(model.path))
        assert found is not None
        assert (found.name, found.licence) == (model.card.title, model.card.licence)
        assert found.inputs[0].mean == task.input.mean  # type: ignore[attr-defined]
        names = associated_file(model.path, "keypoints.txt").decode().splitlines()
        assert names == list(task.keypoints), name  # type: ignore[attr-defined]
        assert set(Point) <= set(names)
        said = {file.name: file.kind for output in found.outputs for file in output.files}
        wanted = FileKind.DESCRIPTIONS if name.startswith("blazepose") else FileKind.AXIS_LABELS
        assert said == {"keypoints.txt": wanted}


def test_outputs_have_names_of_their_own(models: Mapping[str, DescribedModel]) -> None:
    """PoseNet's two, MoveNet's one and BlazePose's five, in the files' order, and what their numbers are."""
    expected = {
        "posenet/int8": {"heatmaps": Kind.FIELDS, "offsets": Kind.FIELDS},
        "movenet/int8": {"keypoints": Kind.KEYPOINTS},
        "blazepose/fp16": {
            "landmarks": Kind.KEYPOINTS,
            "presence": Kind.VECTOR,
            "mask": Kind.FIELDS,
            "heatmaps": Kind.FIELDS,
            "world": Kind.VECTOR,
        },
    }
    for name, kinds in expected.items():
        found = read_back(inspect(models[name].path))
        assert found is not None
        outputs = models[name].outputs
        assert (
            dict(zip((output.name for output in found.outputs), models[name].card.task.kinds(outputs), strict=True))
            == kinds
        )


def test_inputs_and_sizes(models: Mapping[str, DescribedModel]) -> None:
    """MoveNet takes plain bytes as int32 in every variant; int8 weights are a good quarter of the file."""
    assert {models[f"movenet/{variant}"].inputs[0].dtype for variant in VARIANTS["movenet"]} == {"int32"}
    assert models["posenet/int8"].inputs[0].dtype == "int8"
    for model in VARIANTS:
        assert models[f"{model}/int8"].bytes < 0.32 * models[f"{model}/fp32"].bytes
        assert models[f"{model}/fp16"].bytes < 0.52 * models[f"{model}/fp32"].bytes


def test_the_apps_runtime_is_new_enough(models: Mapping[str, DescribedModel]) -> None:
    """No variant uses an operator that came after the runtime on the phone, nor a custom one."""
    for name, model in models.items():
        graph = inspect(model.path)
        assert graph.min_runtime <= RUNTIME, name
        assert not any(operation.custom for operation in graph.main.operations)
