"""Models that tflite-support's own writers described, which is what most models in the world are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness.models.inspect import inspect
from harness.models.metadata import FileKind, read_back
from harness.models.metadata.findings import findings
from harness.models.metadata.values import Box, Content, RegexTokenizer, TensorGroup

_WRITERS = """
import pathlib, sys
from tensorflow_lite_support.metadata.python.metadata_writers import (
    image_classifier, image_segmenter, metadata_info, nl_classifier, object_detector)
models, folder = map(pathlib.Path, sys.argv[1:])
def file(name, text):
    (folder / name).write_text(text)
    return str(folder / name)
def write(name, writer, *arguments):
    made = writer.MetadataWriter.create_for_inference((models / f"{name}.tflite").read_bytes(), *arguments)
    (folder / f"{name}.tflite").write_bytes(made.populate())
write("image_classification", image_classifier, [127.5], [127.5], [file("five.txt", "a\\nb\\nc\\nd\\ne")])
write("segmentation", image_segmenter, [127.5], [127.5], [file("two.txt", "ground\\nperson")])
write("object_detection", object_detector, [127.5], [127.5], [file("three.txt", "cat\\ndog\\ncow")])
words = metadata_info.RegexTokenizerMd("[^a-z]+", file("vocab.txt", "<PAD> 0\\n<UNKNOWN> 1"))
write("text_classification", nl_classifier, words, [file("moods.txt", "bad\\ngood")])
"""


def test_what_their_writers_wrote_is_read(models: Path, tmp_path: Path) -> None:
    """Labels, boxes, groups and tokenizers are where we look for them, and there is nothing against the rest.

    Their detector's writer guesses the outputs by tensor number, which is wrong for this model, and that is told.
    """
    done = subprocess.run(
        [sys.executable, "-c", _WRITERS, models, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = {path.stem: inspect(path) for path in tmp_path.glob("*.tflite")}
    said = {name: words for name, model in found.items() if (words := read_back(model))}
    classifier, detector, segmenter, text = (
        said[name] for name in ("image_classification", "object_detection", "segmentation", "text_classification")
    )
    assert (classifier.inputs[0].content, classifier.inputs[0].mean) == (Content.IMAGE, (127.5,))
    assert [file.kind for file in classifier.outputs[0].files] == [FileKind.AXIS_LABELS]
    assert segmenter.outputs[0].content_range == (1, 2)
    assert detector.output_groups == (TensorGroup("detection_result", ("location", "category", "score")),)
    assert next(one for one in detector.outputs if one.name == "location").box == Box((1, 0, 3, 2))
    assert isinstance(text.inputs[0].units[0], RegexTokenizer)
    codes = {name: {one.code for one in findings(model)} for name, model in found.items()}
    assert codes.pop("object_detection") == {"metadata.dimensions"}
    assert codes == {name: set() for name in ("image_classification", "segmentation", "text_classification")}
