"""Metadata: what is written comes back, and a description that contradicts its model is never written."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ModelError
from harness.models import DescribedModel, Variant
from harness.models.convert import convert
from harness.models.embed import embed
from harness.models.families.base import Given, Shelf
from harness.models.inspect import IDENTIFIER, inspect
from harness.models.metadata import (
    AssociatedFile,
    Content,
    Description,
    FileKind,
    TensorDescription,
    associated_file,
    describe,
    pack,
    read_back,
    safe_name,
)

LABELS = {"labels.txt": b"red\ngreen\nblue\ndark\nbright\n"}


@pytest.fixture
def model(tiny: dict[str, DescribedModel], tmp_path: Path) -> Path:
    """A described model to describe anew."""
    return Path(shutil.copy(tiny["fp32"].path, tmp_path / "model.tflite"))


@pytest.fixture
def description(tiny: dict[str, DescribedModel], model: Path) -> Description:
    """What its card says."""
    card, file = tiny["fp32"].card, inspect(model)
    shelf = Shelf.of(tiny["fp32"].resources.folder, "model.yaml")
    return card.task.described(card.about, file).describe(Given(file, shelf))


def with_input(description: Description, **changes: object) -> Description:
    return replace(description, inputs=(replace(description.inputs[0], **changes),))  # type: ignore[arg-type]


def with_files(description: Description, *names: str) -> Description:
    files = tuple(AssociatedFile(name, "", FileKind.AXIS_LABELS) for name in names)
    return replace(description, outputs=(replace(description.outputs[0], files=files),))


def refusal(model: Path, description: Description, files: dict[str, bytes] | None = None) -> ModelError:
    target = model.with_name("described.tflite")
    with pytest.raises(ModelError) as caught:
        describe(model, description, LABELS if files is None else files, target)
    assert not target.exists()
    return caught.value


def test_every_field_comes_back(model: Path, description: Description) -> None:
    """What is read from the copy, by another reader than the writer's, is what was asked for."""
    after = describe(model, description, LABELS, model.with_name("described.tflite"))
    assert read_back(after) == description
    assert after.associated_files == ("labels.txt",)
    assert associated_file(after.path, "labels.txt") == LABELS["labels.txt"]
    assert description.inputs[0].minimum == (-1.0,)
    assert description.outputs[0].files[0].kind is FileKind.AXIS_LABELS


def test_the_original_stays_as_it_was(model: Path, description: Description) -> None:
    """Metadata goes to a copy."""
    before = model.read_bytes()
    describe(model, replace(description, name="Another"), LABELS, model.with_name("described.tflite"))
    assert model.read_bytes() == before


def test_new_metadata_replaces_the_old(model: Path, description: Description) -> None:
    """Describing twice leaves one buffer of metadata and one set of files."""
    files = {"words.txt": LABELS["labels.txt"]}
    after = describe(model, with_files(description, "words.txt"), files, model.with_name("described.tflite"))
    assert after.associated_files == ("words.txt",)
    assert list(after.metadata).count("TFLITE_METADATA") == 1
    assert len(after.metadata) == len(inspect(model).metadata)


def test_the_converters_bytes_stay_as_they_are(tiny: dict[str, DescribedModel], catalog: Path) -> None:
    """The model stands in the described file unchanged, at a multiple of 64 bytes, so nothing in it loses alignment."""
    card = tiny["int8"].card
    (converted,) = convert(card, [Variant.INT8], catalog=catalog)
    assert tiny["int8"].path.read_bytes().index(converted.path.read_bytes()) % 64 == 0


def test_the_metadata_buffer_is_aligned(model: Path) -> None:
    """The schema asks for buffers at a multiple of 16 bytes, and this one is ours to place."""
    data = embed(model.read_bytes(), b"METADATA", {}, model)
    assert data.index(b"METADATA", data.index(b"TFLITE_METADATA") + 16) % 16 == 0


def test_tensorflow_runs_the_copy_and_tflite_support_reads_it(tiny: dict[str, DescribedModel]) -> None:
    """Both libraries take the file: one computes with it, the other shows the same words."""
    code = (
        "import sys, numpy\nimport tensorflow as tf\n"
        "from tensorflow_lite_support.metadata.python import metadata\n"
        "shown = metadata.MetadataDisplayer.with_model_file(sys.argv[1])\n"
        "assert shown.get_packed_associated_file_list() == ['labels.txt']\n"
        "assert '\"mean\": [' in shown.get_metadata_json() and 'Five made-up classes' in shown.get_metadata_json()\n"
        "from tensorflow_lite_support.metadata.cc.python import _pywrap_metadata_version as versions\n"
        "assert versions.GetMinimumMetadataParserVersion(shown.get_metadata_buffer()) == '1.0.0'\n"
        "run = tf.lite.Interpreter(sys.argv[1]); run.allocate_tensors()\n"
        "taken = run.get_input_details()[0]\n"
        "run.set_tensor(taken['index'], numpy.zeros(taken['shape'], taken['dtype'])); run.invoke()\n"
        "print(run.get_tensor(run.get_output_details()[0]['index']).sum())"
    )
    command = [sys.executable, "-c", code, str(tiny["fp32"].path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1)


@pytest.mark.parametrize("count", [4, 6])
def test_labels_that_do_not_fit_the_output(model: Path, description: Description, count: int) -> None:
    """One label a number of the last axis; the error names the file, the field and the tensor."""
    error = refusal(model, description, {"labels.txt": b"x\n" * count})
    assert error.code == "metadata.labels"
    assert f"outputs[0] 'probability': 'labels.txt' has {count} labels, and the last axis of tensor '" in error.what


def test_blank_labels(model: Path, description: Description) -> None:
    """A blank line among labels shifts all that follow."""
    assert refusal(model, description, {"labels.txt": b"a\n\nb\nc\nd\n"}).code == "labels.blank"


@pytest.mark.parametrize(("mean", "std"), [((1.0, 2.0), (1.0, 1.0)), ((1.0,), (1.0, 1.0, 1.0)), ((), (1.0,))])
def test_normalisation_of_another_length(
    model: Path, description: Description, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    """One number, or one a channel, and as many means as deviations."""
    error = refusal(model, with_input(description, mean=mean, std=std))
    assert error.code == "metadata.normalisation"
    assert "inputs[0] 'image'" in error.what
    assert "tensor 'image' (float32 1×16×16×3)" in error.what


def test_a_float_image_without_normalisation(model: Path, description: Description) -> None:
    """An app can't guess what a float image stands for."""
    assert refusal(model, with_input(description, mean=(), std=())).code == "metadata.normalisation"


def test_a_deviation_of_zero(model: Path, description: Description) -> None:
    """Nothing can be divided by it."""
    assert refusal(model, with_input(description, std=(0.0,))).code == "metadata.normalisation"


def test_a_range_that_is_upside_down_or_of_another_length(model: Path, description: Description) -> None:
    """A minimum stands below its maximum, and there is one, or one a channel."""
    assert refusal(model, with_input(description, minimum=(1.0,), maximum=(0.0,))).code == "metadata.range"
    assert refusal(model, with_input(description, minimum=(0.0, 0.0))).code == "metadata.range"


def test_an_image_that_is_none(model: Path, description: Description) -> None:
    """A tensor of another rank or other channels is no RGB photo."""
    outputs = (replace(description.outputs[0], content=Content.IMAGE),)
    error = refusal(model, replace(description, outputs=outputs))
    assert (error.code, "outputs[0] 'probability'" in error.what) == ("metadata.content", True)


def test_more_tensors_than_there_are(model: Path, description: Description) -> None:
    """Each tensor is described, and no other."""
    inputs = (*description.inputs, TensorDescription("more", ""))
    assert refusal(model, replace(description, inputs=inputs)).code == "metadata.count"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\x", "C:x", "", ".", "a//b", "x\0", "x\n"])
def test_an_associated_file_that_leads_elsewhere(model: Path, description: Description, name: str) -> None:
    """A name that isn't plain is refused when writing and when reading."""
    assert not safe_name(name)
    assert refusal(model, with_files(description, name), {name: LABELS["labels.txt"]}).code == "metadata.file"
    with pytest.raises(ModelError):
        associated_file(model, name)


def test_two_associated_files_of_one_name(model: Path, description: Description) -> None:
    """Readers differ in which of the two they take."""
    error = refusal(model, with_files(description, "labels.txt", "labels.txt"))
    assert "two associated files are named 'labels.txt'" in error.what


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_stands_twice_in_a_model_is_not_read(model: Path) -> None:
    """A model of someone else may carry two; neither is taken."""
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr("labels.txt", "other")
    with pytest.raises(ModelError, match="there 2 times"):
        associated_file(model, "labels.txt")


def test_files_named_and_given_have_to_agree(model: Path, description: Description) -> None:
    """A file without a word about it, or a word without a file, is a slip."""
    assert "named and not given" in refusal(model, description, {}).what
    assert "given and not named" in refusal(model, description, {**LABELS, "more.txt": b""}).what


def test_a_model_without_metadata(tiny: dict[str, DescribedModel], tmp_path: Path) -> None:
    """Nothing said is None, and not an error."""
    whole = tiny["fp32"].path.read_bytes()
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(whole[whole.index(IDENTIFIER, 8) - 4 : whole.index(b"PK\x03\x04")])
    assert read_back(inspect(bare)) is None


def test_metadata_of_another_kind_is_told(model: Path) -> None:
    """A buffer under metadata's name that isn't metadata is damage."""
    data = embed(model.read_bytes(), b"not a flatbuffer at all", {}, model)
    model.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        read_back(inspect(model))
    assert caught.value.code == "model.corrupt"


def test_files_are_stored_and_without_a_date(model: Path, description: Description) -> None:
    """The same model gives the same bytes on another day."""
    content = describe(model, description, LABELS, model.with_name("described.tflite")).path.read_bytes()
    (entry,) = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert (entry.date_time, entry.compress_type) == ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
    assert pack(description) == pack(description)
