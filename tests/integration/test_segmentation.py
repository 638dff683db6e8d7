"""The real segmentation models on the photos whose outlines were drawn, and what others say of the same photos."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile
from harness.models import DescribedModel, describe_variants, load_card
from harness.models.entry import locate
from harness.models.inspect import inspect
from harness.models.metadata import FileKind, associated_file, read_back
from harness.models.quiet import silenced, tensorflow
from harness.models.reference import reference_outputs
from harness.models.samples import sample
from harness.models.source_card import TfliteSource
from harness.models.tasks.base import Array
from harness.scenario.answers import answers_of, truths_of
from harness.scenario.inputs import prepared_of, tensorflow_outputs

PEOPLE = ("astronaut", "camera", "grace_hopper", "messi5")
ALL = (*PEOPLE, "eagle", "person")
MEDIAPIPE = PackageFile(
    package="mediapipe",
    version="0.10.21",
    distribution="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    member="mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
    member_sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
)


@pytest.fixture(scope="module")
def deeplab() -> DescribedModel:
    """DeepLab v3 as it was published, described by us."""
    (model,) = describe_variants(load_card("deeplab_v3"))
    return model


@pytest.fixture(scope="module")
def selfie() -> Mapping[str, DescribedModel]:
    """The selfie model in its four variants."""
    return {str(model.variant): model for model in describe_variants(load_card("selfie_segmentation"))}


def scores(model: DescribedModel, names: tuple[str, ...]) -> dict[str, float]:
    samples = [sample(name) for name in names]
    outputs = tensorflow_outputs(model, prepared_of(model, samples).tensors)
    found = answers_of(model, samples, outputs, truths_of(model.card, samples))
    assert not found.unreadable
    return {score.name: score.value for score in found.scores}


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_deeplab_finds_people_and_the_eagle(deeplab: DescribedModel) -> None:
    """The known figures: five photos of six are right; the white horse among them is taken for a sheep."""
    good = scores(deeplab, (*PEOPLE, "eagle"))
    assert good["mIoU"] == pytest.approx(0.896, abs=0.005)
    assert good["pixel accuracy"] == pytest.approx(0.954, abs=0.005)
    assert scores(deeplab, ALL)["mIoU"] == pytest.approx(0.586, abs=0.005)


def test_deeplabs_labels_are_those_it_was_published_with(deeplab: DescribedModel) -> None:
    """The file has its own list inside, and so has our copy of it."""
    source = deeplab.card.source
    assert isinstance(source, TfliteSource)
    published = locate(source.file, Path(), "", lambda _message: None)
    assert associated_file(published, "labelmap.txt").decode().split() == " ".join(deeplab.resources.labels()).split()
    found = read_back(inspect(deeplab.path))
    assert found is not None
    assert (found.inputs[0].mean, found.inputs[0].std) == ((127.5,), (127.5,))
    assert [(file.name, file.kind) for file in found.outputs[0].files] == [("labels.txt", FileKind.AXIS_LABELS)]


def test_the_task_library_segments_with_the_described_model(deeplab: DescribedModel, tmp_path: Path) -> None:
    """A reader of metadata that isn't ours finds normalisation and labels, and the same person."""
    code = (
        "import sys\nsys.modules['tensorflow'] = None\nimport numpy\n"
        "from tensorflow_lite_support.python.task.vision import image_segmenter\n"
        "from tensorflow_lite_support.python.task.vision.core import tensor_image\n"
        "segmenter = image_segmenter.ImageSegmenter.create_from_file(sys.argv[1])\n"
        "found = segmenter.segment(tensor_image.TensorImage.create_from_file(sys.argv[2])).segmentations[0]\n"
        "numpy.save(sys.argv[3], found.category_mask)\n"
        "print(found.colored_labels[15].category_name)"
    )
    photo = sample("grace_hopper")
    command = [sys.executable, "-c", code, str(deeplab.path), str(photo.path), str(tmp_path / "mask.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "person"
    ours = reference_outputs(deeplab, prepared_of(deeplab, [photo]).tensors["grace_hopper"])[0][0].argmax(-1)
    assert overlap(np.load(tmp_path / "mask.npy") == 15, ours == 15) > 0.97


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["fp32", "fp16", "dynamic", "int8"])
def test_the_selfie_model_finds_people(selfie: Mapping[str, DescribedModel], variant: str) -> None:
    """In every precision; the helmet in the astronaut's arm, which it takes for her, isn't in the outlines."""
    found = scores(selfie[variant], PEOPLE)
    assert found["mIoU"] > 0.87
    assert found["pixel accuracy"] > 0.93


@pytest.mark.slow
def test_mediapipes_own_file_finds_the_same_people(selfie: Mapping[str, DescribedModel]) -> None:
    """The graph that the card is made of, and the file that MediaPipe ships with an operator of its own, agree.

    Their masks overlap by .9999 on the portraits, by .9949 on the player, where both take some lawn for him.
    """
    mine = selfie["fp32"]
    tensors = prepared_of(mine, [sample(name) for name in PEOPLE]).tensors
    for name in PEOPLE:
        ours = reference_outputs(mine, tensors[name])[0] > 0.5
        theirs = _mediapipe(tensors[name][0]) > 0.5
        assert overlap(ours[0, ..., 0], theirs[0, ..., 0]) > (0.994 if name == "messi5" else 0.999), name


def _mediapipe(tensor: Array) -> Array:
    with silenced():
        interpreter = tensorflow().lite.Interpreter(model_path=str(fetch(MEDIAPIPE)), num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
        interpreter.invoke()
        found: Array = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return found


def test_a_drawn_answer_is_a_picture_of_the_photo(deeplab: DescribedModel) -> None:
    """As large as the photo, tinted where the bird is and nowhere in the far corner."""
    eagle = sample("eagle")
    outputs = tensorflow_outputs(deeplab, prepared_of(deeplab, [eagle]).tensors)
    answer = deeplab.card.task.decode(eagle, outputs["eagle"], deeplab.outputs, deeplab.resources)
    picture = deeplab.card.task.draw(eagle, answer)
    assert picture is not None
    with Image.open(eagle.path) as photo:
        assert picture.size == photo.size
        assert picture.getpixel((photo.width - 5, 5)) == photo.convert("RGB").getpixel((photo.width - 5, 5))
        assert picture.getpixel((400, 250)) != photo.convert("RGB").getpixel((400, 250))
