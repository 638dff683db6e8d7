"""The real EfficientNet-Lite0, from published weights to answers on photos, through all four variants."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.models import DescribedModel, load_card
from harness.models.convert import RUNTIME
from harness.models.inspect import inspect
from harness.models.metadata import FileKind, associated_file, read_back
from harness.models.reference import reference_outputs
from harness.models.samples import Sample, sample, sample_names
from harness.models.tasks.base import Answered, Array
from harness.models.tasks.parts import Guess
from harness.models.tensors import dequantise


@pytest.fixture(scope="session")
def photos() -> tuple[Sample, ...]:
    """The photos whose answers are known."""
    return tuple(sample(name) for name in sample_names(family="image_classification"))


def outputs(model: DescribedModel, photo: Sample) -> list[Array]:
    return reference_outputs(model, list(model.card.task.prepare(photo, model.inputs, model.resources)))


def probabilities(model: DescribedModel, photo: Sample) -> NDArray[np.float64]:
    return dequantise(outputs(model, photo)[0], model.outputs[0])


def answer(model: DescribedModel, photo: Sample) -> tuple[Guess, ...]:
    guesses = model.card.task.decode(photo, outputs(model, photo), model.outputs, model.resources)
    return tuple(guesses)


def label(photo: Sample) -> str:
    return str(photo.truth["image_classification"])


def test_the_photos_are_what_the_names_say(photos: tuple[Sample, ...]) -> None:
    """The known answers are those of ImageNet's classes."""
    assert {photo.name: label(photo) for photo in photos} == {
        "chelsea": "Egyptian cat",
        "coffee": "espresso",
        "grace_hopper": "military uniform",
    }


@pytest.mark.parametrize("variant", ["fp32", "fp16", "dynamic"])
def test_float_variants_name_every_photo(
    efficientnet: dict[str, DescribedModel], photos: tuple[Sample, ...], variant: str
) -> None:
    """The surest guess is the right one, three times of three."""
    model = efficientnet[variant]
    top1 = model.card.task.score([Answered(answer(model, photo), label(photo)) for photo in photos])[0]
    assert (top1.name, top1.right, top1.of) == ("top-1", 3, 3)


def test_int8_names_every_photo_among_its_first_two(
    efficientnet: dict[str, DescribedModel], photos: tuple[Sample, ...]
) -> None:
    """Two of three are alone in front. Of chelsea, Egyptian cat by .385 to .332 in fp32, int8 can't tell the two cats."""
    for photo in photos:
        guesses = answer(efficientnet["int8"], photo)
        alone = guesses[0].label == label(photo) and guesses[0].score > guesses[1].score
        assert label(photo) in [guess.label for guess in guesses[:2]]
        assert alone or photo.name == "chelsea"


def test_fp32_gives_the_known_probability(efficientnet: dict[str, DescribedModel], photos: tuple[Sample, ...]) -> None:
    """The weights were carried over right: chelsea's answer is as sure as the published network's, to four digits."""
    assert answer(efficientnet["fp32"], photos[0])[0].score == pytest.approx(0.38463, abs=5e-5)


@pytest.mark.parametrize(("variant", "most"), [("fp16", 0.005), ("dynamic", 0.05), ("int8", 0.15)])
def test_variants_stay_near_fp32(
    efficientnet: dict[str, DescribedModel], photos: tuple[Sample, ...], variant: str, most: float
) -> None:
    """No probability moves further than the variant's precision explains."""
    for photo in photos:
        difference = probabilities(efficientnet[variant], photo) - probabilities(efficientnet["fp32"], photo)
        assert np.abs(difference).max() < most, photo.name


def test_sizes_fall_with_precision(efficientnet: dict[str, DescribedModel]) -> None:
    """Half precision is half the file, int8 weights a good quarter."""
    sizes = {name: model.bytes / efficientnet["fp32"].bytes for name, model in efficientnet.items()}
    assert sizes["fp16"] == pytest.approx(0.5, abs=0.02)
    assert sizes["dynamic"] < 0.3
    assert sizes["int8"] < 0.3


def test_every_variant_carries_its_metadata(efficientnet: dict[str, DescribedModel]) -> None:
    """Name, normalisation and the thousand labels are in the file itself."""
    card = load_card("efficientnet_lite0")
    for name, model in efficientnet.items():
        found = read_back(inspect(model.path))
        assert found is not None
        assert (found.name, found.licence, found.version) == (card.title, card.licence, card.version)
        assert (found.inputs[0].mean, found.inputs[0].std) == ((127.0,) * 3, (128.0,) * 3)
        assert found.outputs[0].files[0].kind is FileKind.AXIS_LABELS
        assert associated_file(model.path, "labels.txt").decode().splitlines()[285] == "Egyptian cat", name
        assert len(associated_file(model.path, "labels.txt").decode().splitlines()) == 1000


def test_graphs_are_what_a_gpu_delegate_can_take(efficientnet: dict[str, DescribedModel]) -> None:
    """Fixed shapes and builtin operators only: 61 of them in fp32."""
    for model in efficientnet.values():
        graph = inspect(model.path).main
        assert not any(operation.custom for operation in graph.operations)
        assert all(side > 0 for tensor in graph.tensors for side in tensor.shape)
    assert len(inspect(efficientnet["fp32"].path).main.operations) == 61


def test_the_apps_runtime_is_new_enough(efficientnet: dict[str, DescribedModel]) -> None:
    """The converter is newer than the runtime on the phone; no variant uses an operator that came in between."""
    for name, model in efficientnet.items():
        assert inspect(model.path).min_runtime <= RUNTIME, name


@pytest.mark.parametrize("variant", ["fp32", "fp16", "dynamic"])
def test_the_task_library_classifies_with_the_described_model(
    efficientnet: dict[str, DescribedModel], photos: tuple[Sample, ...], variant: str
) -> None:
    """A reader of metadata that we didn't write finds normalisation and labels, and answers as we do.

    Its image module can't be loaded beside TensorFlow, so its process has none. It takes no int8 input.
    """
    code = (
        "import sys\nsys.modules['tensorflow'] = None\n"
        "from tensorflow_lite_support.python.task.vision import image_classifier\n"
        "from tensorflow_lite_support.python.task.vision.core import tensor_image\n"
        "classifier = image_classifier.ImageClassifier.create_from_file(sys.argv[1])\n"
        "found = classifier.classify(tensor_image.TensorImage.create_from_file(sys.argv[2]))\n"
        "print(found.classifications[0].categories[0].category_name)"
    )
    coffee = next(photo for photo in photos if photo.name == "coffee")
    command = [sys.executable, "-c", code, str(efficientnet[variant].path), str(coffee.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "espresso"
