"""Real detectors on real photos: NanoDet and an SSD for people, against boxes that were drawn by eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.models import DescribedModel, describe_variants, load_card
from harness.models.boxes import overlaps
from harness.models.inspect import inspect
from harness.models.labels import read_labels
from harness.models.metadata import Content, read_back
from harness.models.photos import Fit, fit, read_photo
from harness.models.reference import reference_outputs
from harness.models.samples import Sample, sample, sample_names
from harness.models.source_card import ConcreteSource
from harness.models.tasks.base import Answered, Array
from harness.models.tasks.object_detection import ObjectDetection, Objects


@pytest.fixture(scope="module")
def photos() -> tuple[Sample, ...]:
    """The photos whose objects are known."""
    return tuple(sample(name) for name in sample_names(family="object_detection"))


def described(model: str, *variants: str) -> dict[str, DescribedModel]:
    return {str(each.variant): each for each in describe_variants(load_card(model), variants)}


def outputs(model: DescribedModel, photo: Sample) -> list[Array]:
    return reference_outputs(model, list(model.card.task.prepare(photo, model.inputs, model.resources)))


def objects(model: DescribedModel, photo: Sample) -> Objects:
    found = model.card.task.decode(photo, outputs(model, photo), model.outputs, model.resources)
    assert isinstance(found, Objects)
    return found


def precision(model: DescribedModel, photos: tuple[Sample, ...]) -> float:
    task = model.card.task
    return task.score([Answered(objects(model, photo), task.truth(photo)) for photo in photos])[0].value


def test_annotations_name_cocos_classes_and_lie_in_their_photos(photos: tuple[Sample, ...]) -> None:
    """Every label is a line of coco.names, and no box leaves its photo."""
    card = load_card("nanodet")
    assert isinstance(card.task, ObjectDetection)
    labels = read_labels(card.task.labels, card.place)
    assert len(labels) == 80
    for photo in photos:
        width, height = read_photo(photo.path).size
        for one in card.task.truth(photo):
            assert one.label in labels
            assert one.box[2] <= width, photo.name
            assert one.box[3] <= height, photo.name


@pytest.mark.slow
def test_nanodet_finds_what_is_in_the_photos(photos: tuple[Sample, ...]) -> None:
    """Dog, bicycle and a car (so it calls the pickup) where they are; a giraffe with its zebra, a bird, kites and people."""
    model = described("nanodet", "fp32")["fp32"]
    by_name = {photo.name: objects(model, photo) for photo in photos}
    assert {"dog", "bicycle", "car"} <= {one.label for one in by_name["dog"].sure}
    assert [one.label for one in by_name["giraffe"].sure] == ["giraffe", "zebra"]
    assert [one.label for one in by_name["eagle"].sure] == ["bird"]
    assert {one.label for one in by_name["kite"].sure} == {"kite", "person"}
    dog = by_name["dog"].sure[0]
    (truth,) = (one for one in model.card.task.truth(sample("dog")) if one.label == "dog")
    assert overlaps(np.array([dog.box]), np.array([truth.box]))[0, 0] > 0.8


@pytest.mark.slow
def test_every_precision_of_nanodet_is_as_good(photos: tuple[Sample, ...]) -> None:
    """The mean average precision at an overlap of half is .75, whatever the numbers."""
    models = described("nanodet")
    found = {variant: precision(model, photos) for variant, model in models.items()}
    assert list(found) == ["fp32", "fp16", "dynamic", "int8"]
    assert all(value == pytest.approx(0.75, abs=0.03) for value in found.values()), found


@pytest.mark.slow
def test_nanodets_metadata_say_which_output_is_which() -> None:
    """Three groups of scores, with labels, and distances."""
    model = described("nanodet", "int8")["int8"]
    said = read_back(inspect(model.path))
    assert said is not None
    assert {group.name: group.tensors for group in said.output_groups} == {
        f"grid_{stride}": (f"scores_{stride}", f"distances_{stride}") for stride in (8, 16, 32)
    }
    for tensor, output in zip(said.outputs, model.outputs, strict=True):
        assert [file.name for file in tensor.files] == (["labels.txt"] if output.shape[-1] == 80 else [])


@pytest.mark.slow
def test_every_precision_of_the_ssd_finds_people_and_only_them(photos: tuple[Sample, ...]) -> None:
    """One where there is one, nobody on photos of animals."""
    for variant, model in described("ssdlite_person").items():
        counts = {photo.name: len(objects(model, photo).sure) for photo in photos if photo.name != "kite"}
        assert {name for name, count in counts.items() if count} == {"astronaut", "grace_hopper", "person"}, variant
        assert max(counts.values()) == 1, variant


@pytest.mark.slow
def test_the_ssd_is_described_as_the_task_library_wants_it() -> None:
    """Four outputs by name, in the model's own order, the labels with the categories."""
    said = read_back(inspect(described("ssdlite_person", "fp32")["fp32"].path))
    assert said is not None
    names = [output.name for output in said.outputs]
    assert names == ["number of detections", "category", "score", "location"]
    assert (said.outputs[3].content, said.outputs[3].box.index) == (Content.BOUNDING_BOX, (1, 0, 3, 2))
    assert [file.name for file in said.outputs[1].files] == ["labels.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["person", "kite"])
def test_the_ssd_answers_like_the_graph_that_it_is_cut_from(name: str) -> None:
    """The whole frozen graph, with its own loops at the end, finds the same boxes on the same 300 × 300 pixels."""
    model = described("ssdlite_person", "fp32")["fp32"]
    source = model.card.source
    assert isinstance(source, ConcreteSource)
    pixels = np.asarray(fit(read_photo(sample(name).path), 300, 300, Fit.STRETCH).image)[np.newaxis]
    boxes, scores = whole_graph(model.card.place.locate(source.files["graph"]), pixels)
    raw = model.card.task.output.raw(outputs(model, sample(name)), model.outputs, model.card.task.input, 1)
    count = len(raw.scores)
    assert count >= 1
    np.testing.assert_allclose(raw.scores, scores[:count], atol=1e-5)
    np.testing.assert_allclose(raw.boxes[:, [1, 0, 3, 2]] / 300, boxes[:count], atol=1e-5)


def whole_graph(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> tuple[Array, Array]:
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(path.read_bytes())
    imported = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    tensor = imported.graph.get_tensor_by_name
    run = imported.prune(tensor("image_tensor:0"), [tensor("detection_boxes:0"), tensor("detection_scores:0")])
    boxes, scores = run(tf.constant(pixels))
    return boxes.numpy()[0], scores.numpy()[0]
