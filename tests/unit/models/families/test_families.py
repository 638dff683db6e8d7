"""Every family's description goes into a real model and comes out again, for us and for the readers of others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ModelError
from harness.models.families import families, read_description
from harness.models.inspect import inspect
from harness.models.metadata import FileKind, associated_file, read_back
from harness.models.metadata.findings import findings
from harness.models.metadata.pack import parser_version
from harness.models.metadata.values import (
    BertTokenizer,
    Box,
    BoxKind,
    Content,
    Coordinates,
    Description,
    RegexTokenizer,
    ScoreCalibration,
    ScoreThreshold,
    ScoreTransformation,
    SentencePieceTokenizer,
    TensorGroup,
)
from tests.unit.models.families.cases import BERT, BERT_WORDS, CASES, IMAGE
from tests.unit.models.families.conftest import Bench

Benches = Callable[[str], Bench]


def described(bench: Benches, name: str) -> Description:
    case = CASES[name]
    found = read_back(bench(name).describe(case.family, case.body, **case.files))
    assert found is not None
    return found


def test_every_family_has_a_case() -> None:
    """A family that no test writes isn't one."""
    assert {case.family for case in CASES.values()} == set(families())


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_comes_back(bench: Benches, name: str) -> None:
    """Field by field, with the files as they were, and with nothing that a reader would refuse but what is known."""
    case, given = CASES[name], bench(name)
    after = given.describe(case.family, case.body, **case.files)
    asked, files = read_description(given.folder / "description.yaml", inspect(given.model))
    found = read_back(inspect(given.out))
    assert found == asked
    assert (found.name, found.version, found.author) == (f"A {case.family} model", "2", "We")
    assert {name: associated_file(given.out, name) for name in files} == files
    assert {one.code for one in findings(after)} == case.findings


def test_other_readers_agree(bench: Benches, tmp_path: Path) -> None:
    """tflite-support shows the words and files of all, and asks for the parser that we say."""
    paths, versions = [], []
    for name in CASES:
        found = described(bench, name)
        paths.append((tmp_path / "out.tflite").rename(tmp_path / f"{name}.tflite"))
        versions.append((sorted({file.name for file in found.files}), parser_version(found)))
    code = (
        "import json, sys\n"
        "from tensorflow_lite_support.metadata.python import metadata\n"
        "from tensorflow_lite_support.metadata.cc.python import _pywrap_metadata_version as versions\n"
        "for path in sys.argv[1:]:\n"
        "    shown = metadata.MetadataDisplayer.with_model_file(path)\n"
        "    json.loads(shown.get_metadata_json())\n"
        "    needs = versions.GetMinimumMetadataParserVersion(shown.get_metadata_buffer())\n"
        "    print(json.dumps([sorted(shown.get_packed_associated_file_list()), needs]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [tuple(json.loads(line)) for line in done.stdout.splitlines()] == versions


def test_the_task_library_runs_what_we_described(bench: Benches, models: Path, tmp_path: Path) -> None:
    """Classifier, detector, segmenter, text classifier and question answerer start and answer with our labels.

    Its image module can't be loaded beside TensorFlow, so its process has none.
    """
    for name in (
        "image_classification",
        "object_detection",
        "segmentation",
        "text_classification",
        "question_answering",
    ):
        described(bench, name)
        (tmp_path / "out.tflite").rename(tmp_path / f"{name}.tflite")
    code = (
        "import sys, pathlib, numpy\nsys.modules['tensorflow'] = None\n"
        "from tensorflow_lite_support.python.task.vision.core import tensor_image\n"
        "from tensorflow_lite_support.python.task.vision import image_classifier, object_detector, image_segmenter\n"
        "from tensorflow_lite_support.python.task.text import nl_classifier, bert_question_answerer\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "made = lambda kind, name: kind.create_from_file(str(folder / f'{name}.tflite'))\n"
        "photo = tensor_image.TensorImage.create_from_array(numpy.full((16, 16, 3), 90, numpy.uint8))\n"
        "found = made(image_classifier.ImageClassifier, 'image_classification').classify(photo)\n"
        "print(sorted(one.category_name for one in found.classifications[0].categories))\n"
        "found = made(object_detector.ObjectDetector, 'object_detection').detect(photo)\n"
        "print([(one.categories[0].category_name, one.bounding_box.origin_y) for one in found.detections])\n"
        "found = made(image_segmenter.ImageSegmenter, 'segmentation').segment(photo)\n"
        "print([one.category_name for one in found.segmentations[0].colored_labels])\n"
        "found = made(nl_classifier.NLClassifier, 'text_classification').classify('a good day')\n"
        "print(sorted(one.category_name for one in found.classifications[0].categories))\n"
        "found = made(bert_question_answerer.BertQuestionAnswerer, 'question_answering').answer('we are here', 'who')\n"
        "print(len(found.answers))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    classes, objects, masks, words, answers = done.stdout.splitlines()
    assert (
        classes == "['c', 'd']"
    )  # c has no calibration and takes the default score; the others are below the threshold
    assert objects.startswith("[('dog', ")
    assert (masks, words) == ("['ground', 'person']", "['bad', 'good']")
    assert int(answers) > 0


def test_image_classification(bench: Benches) -> None:
    """Labels in two languages, calibration, threshold, a README and an entry of one's own."""
    found = described(bench, "image_classification")
    (output,) = found.outputs
    assert [(file.kind, file.locale) for file in output.files] == [
        (FileKind.AXIS_LABELS, ""),
        (FileKind.AXIS_LABELS, "de"),
        (FileKind.SCORE_CALIBRATION, ""),
    ]
    assert output.units == (ScoreCalibration(ScoreTransformation.LOG, 0.5), ScoreThreshold(0.25))
    assert [(file.name, file.version) for file in found.model_files] == [("README.md", "3")]
    assert (found.custom[0].name, found.custom[0].data) == ("trained-on", b"five photos")
    assert (found.inputs[0].minimum, found.inputs[0].maximum) == ((-1.0,), (1.0,))


def test_object_detection_finds_its_outputs_whatever_their_order(bench: Benches) -> None:
    """Each output gets the name by which the Task Library asks for it; three are a group."""
    found = described(bench, "object_detection")
    shapes = [tensor.shape for tensor in inspect(bench("object_detection").model).main.output_tensors]
    by_name = dict(zip([one.name for one in found.outputs], shapes, strict=True))
    assert by_name == {"location": (1, 4, 4), "category": (1, 4), "score": (1, 4), "number of detections": (1,)}
    boxes = next(one for one in found.outputs if one.content is Content.BOUNDING_BOX)
    assert (boxes.box, boxes.content_range) == (Box((1, 0, 3, 2), BoxKind.BOUNDARIES, Coordinates.RATIO), (2, 2))
    assert found.output_groups == (TensorGroup("detection_result", ("location", "category", "score")),)
    categories = next(one for one in found.outputs if one.name == "category")
    assert categories.files[0].kind is FileKind.VALUE_LABELS


def test_object_detection_is_told_when_it_can_not_tell(bench: Benches) -> None:
    """A name that no tensor has is an error that lists the names there are."""
    body = IMAGE + "labels: labels.txt\ntensors: {scores: nothing}\n"
    with pytest.raises(ModelError) as caught:
        bench("object_detection").describe("object_detection", body, labels_txt="a\n")
    assert caught.value.code == "metadata.role"
    assert "'score'" in caught.value.why


def test_pose_names_points_on_their_own_axis(bench: Benches) -> None:
    """Key points stand on the last axis but one, heat maps on the last."""
    points, maps = described(bench, "pose").outputs
    assert (points.content_range, maps.content_range) == ((3, 3), (1, 2))
    assert points.files[0].kind is maps.files[0].kind is FileKind.AXIS_LABELS


def test_style_transfer_tells_photo_from_style(bench: Benches) -> None:
    """The converter put the style first; the photo is the tensor that can hold one."""
    style, photo = described(bench, "style_transform").inputs
    assert (style.content, photo.content) == (Content.FEATURE, Content.IMAGE)


def test_text_families_carry_their_tokenizer(bench: Benches) -> None:
    """Of one input it belongs to the tensor, of BERT's three to all."""
    for name in ("text_classification", "smart_reply"):
        (unit,) = described(bench, name).inputs[0].units
        assert isinstance(unit, RegexTokenizer)
        assert (unit.pattern, unit.vocabulary[0].name) == (r"[^\w]+", "vocab.txt")
    found = described(bench, "question_answering")
    assert isinstance(found.input_units[0], BertTokenizer)
    assert [one.name for one in found.inputs] == ["ids", "segment_ids", "mask"]
    assert [one.name for one in found.outputs] == ["end_logits", "start_logits"]


def test_general_says_all(bench: Benches) -> None:
    """Sound, groups, ranges, locales and versions."""
    found = described(bench, "general")
    assert (found.inputs[0].audio.sample_rate, found.inputs[0].dimension_names) == (16000, ("batch", "sample"))
    assert found.outputs[0].box == Box((0, 2, 1, 3), BoxKind.CENTER)
    assert (found.outputs[0].files[0].locale, found.outputs[0].files[0].version) == ("en-US", "7")
    assert found.input_groups == (TensorGroup("both", ("wave", "gain")),)


def test_a_sentence_piece_tokenizer(bench: Benches) -> None:
    """Its model is a file of no kind, its vocabulary one of words."""
    body = "tokenizer: {kind: sentence_piece, model: pieces.model, vocabulary: pieces.vocab}\n"
    files: dict[str, str | bytes] = {"pieces_model": b"\x0a\x0b", "pieces_vocab": "a\n"}
    found = read_back(bench("question_answering").describe("question_answering", body, **files))
    assert found is not None
    (unit,) = found.input_units
    assert isinstance(unit, SentencePieceTokenizer)
    assert [file.name for file in (*unit.model, *unit.vocabulary)] == ["pieces.model", "pieces.vocab"]


def test_a_model_of_another_family(bench: Benches) -> None:
    """Numbers of inputs and outputs tell, before anything is written."""
    given = bench("image_classification")
    with pytest.raises(ModelError) as caught:
        given.describe("question_answering", BERT, vocab_txt=BERT_WORDS)
    assert caught.value.code == "metadata.family"
    assert not given.out.exists()
