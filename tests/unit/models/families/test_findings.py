"""What `harness inspect` has against a model: what readers of its metadata would refuse or misread."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.models.embed import embed
from harness.models.families import read_description
from harness.models.inspect import METADATA_NAME, Subgraph, TensorInfo, TfliteFile, inspect
from harness.models.metadata import Description, associated_file, pack, read_back
from harness.models.metadata.archive import archive_findings, readable_files
from harness.models.metadata.check import contradictions
from harness.models.metadata.findings import findings
from harness.models.metadata.show import as_json, as_lines
from harness.models.metadata.values import AssociatedFile, Box, BoxKind, ColourSpace, FileKind, Image
from tests.unit.models.families.cases import CASES
from tests.unit.models.families.conftest import Bench

Benches = Callable[[str], Bench]


def said_of(bench: Bench, name: str) -> tuple[Description, dict[str, bytes]]:
    case = CASES[name]
    return read_description(bench.write(case.family, case.body, **case.files), inspect(bench.model))


def written(bench: Bench, description: Description, files: Mapping[str, bytes]) -> TfliteFile:
    """As a careless tool would write it, without a check."""
    bench.out.write_bytes(embed(bench.model.read_bytes(), pack(description), files, bench.model))
    return inspect(bench.out)


def codes(model: TfliteFile) -> set[str]:
    found = findings(model)
    assert all(one.where and one.text and one.remedy for one in found)
    return {one.code for one in found}


def reshaped(model: TfliteFile, whose: str, **changes: object) -> TfliteFile:
    """The model as if its first input or output were another tensor."""
    graph = model.main
    at = (graph.inputs if whose == "input" else graph.outputs)[0]
    tensors = tuple(replace(one, **changes) if index == at else one for index, one in enumerate(graph.tensors))  # type: ignore[arg-type]
    return replace(model, subgraphs=(replace(graph, tensors=tensors),))


def test_nothing_said(bench: Benches) -> None:
    """A bare model is told so."""
    assert codes(inspect(bench("segmentation").model)) == {"metadata.none"}


@pytest.mark.parametrize(
    ("whose", "changes", "code"),
    [
        ("input", {"dtype": "int8"}, "task.input_type"),
        ("input", {"shape": (4, 16, 16, 3)}, "task.input_shape"),
        ("input", {"shape": (1, -1, -1, 3)}, "task.input_shape"),
        ("input", {"dtype": "uint8", "scale": 1 / 255, "zero_point": 0}, "task.quantised_normalisation"),
        ("output", {"shape": (2, 5)}, "task.scores"),
        ("output", {"dtype": "int8"}, "task.scores"),
        ("output", {"shape": (1, 6)}, "metadata.labels"),
    ],
)
def test_tensors_of_an_image_classifier(bench: Benches, whose: str, changes: dict[str, object], code: str) -> None:
    """Type, batch, free sizes, quantisation and scores that the Task Library or ML Kit don't take."""
    bench_ = bench("image_classification")
    model = written(bench_, *said_of(bench_, "image_classification"))
    assert codes(model) == set()
    assert code in codes(reshaped(model, whose, **changes))


def test_a_quantised_input_that_takes_bytes_as_they_are(bench: Benches) -> None:
    """Scale and zero point that say the same as mean and std are right."""
    bench_ = bench("image_classification")
    model = written(bench_, *said_of(bench_, "image_classification"))
    assert codes(reshaped(model, "input", dtype="uint8", scale=1 / 127.5, zero_point=128)) == set()


def test_words_of_an_image_classifier(bench: Benches) -> None:
    """No normalisation, another colour space, label files that no locale tells apart."""
    bench_ = bench("image_classification")
    said, files = said_of(bench_, "image_classification")
    bare = replace(said, inputs=(replace(said.inputs[0], mean=(), std=()),))
    assert codes(written(bench_, bare, files)) == {"metadata.normalisation"}
    four = replace(said, inputs=(replace(said.inputs[0], mean=(1.0, 2.0), std=(1.0, 2.0)),))
    assert "task.normalisation" in codes(written(bench_, four, files))
    gray = replace(said, inputs=(replace(said.inputs[0], image=Image(ColourSpace.UNKNOWN)),))
    assert codes(written(bench_, gray, files)) == {"task.colour"}
    first, german, table = said.outputs[0].files
    mixed = replace(said, outputs=(replace(said.outputs[0], files=(first, replace(german, locale=""), table)),))
    assert codes(written(bench_, mixed, files)) == {"labels.locale"}
    again = replace(german, name="labels-at.txt")
    twice = replace(said, outputs=(replace(said.outputs[0], files=(first, german, again, table)),))
    assert codes(written(bench_, twice, {**files, "labels-at.txt": files["labels-de.txt"]})) == {"labels.locale"}


def test_label_files_of_other_systems(bench: Benches) -> None:
    """CR LF and a byte order mark end up in the names that an app shows; seen with the Task Library itself."""
    bench_ = bench("segmentation")
    said, _ = said_of(bench_, "segmentation")
    labels = b"\xef\xbb\xbfground\r\nperson\r\n"
    assert codes(written(bench_, said, {"labels.txt": labels})) == {"labels.line_ends", "labels.mark"}


def test_a_detector(bench: Benches) -> None:
    """Names, kind of box, and calibration by the number of labels."""
    bench_ = bench("object_detection")
    said, files = said_of(bench_, "object_detection")
    boxes = next(index for index, one in enumerate(said.outputs) if one.name == "location")
    outputs = list(said.outputs)
    outputs[boxes] = replace(outputs[boxes], name="boxes", box=Box((), BoxKind.CENTER))
    assert codes(written(bench_, replace(said, outputs=tuple(outputs), output_groups=()), files)) == {
        "task.detector",
        "task.box",
    }


def test_a_segmenter(bench: Benches) -> None:
    """One batch, float or bytes, at most 256 classes."""
    bench_ = bench("segmentation")
    model = written(bench_, *said_of(bench_, "segmentation"))
    assert "task.segmenter" in codes(reshaped(model, "output", dtype="int8"))
    assert "task.segmenter" in codes(reshaped(model, "output", shape=(1, 16, 16, 300)))


def test_text(bench: Benches) -> None:
    """Tokenizers that are missing, tokens of another number, and text that goes in as it is."""
    bench_ = bench("question_answering")
    said, files = said_of(bench_, "question_answering")
    model = written(bench_, said, files)
    assert "task.tokens" in codes(reshaped(model, "input", shape=(1, 128)))
    assert codes(written(bench_, replace(said, input_units=()), {})) == {"task.tokenizer"}
    other = replace(said, inputs=tuple(replace(one, name=f"my {one.name}") for one in said.inputs))
    assert codes(written(bench_, other, files)) == {"task.bert"}
    bench_ = bench("text_classification")
    said, files = said_of(bench_, "text_classification")
    bare = replace(said, inputs=(replace(said.inputs[0], units=()),))
    model = written(bench_, bare, {"labels.txt": files["labels.txt"]})
    assert codes(model) == {"task.tokenizer"}
    assert codes(reshaped(model, "input", dtype="string")) == {"task.strings"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_archive_is_listed_and_never_unpacked(bench: Benches) -> None:
    """Names that lead out, doubles, a bomb, a file that nothing names: each is told, none is read."""
    bench_ = bench("segmentation")
    said, files = said_of(bench_, "segmentation")
    written(bench_, said, files)
    with zipfile.ZipFile(bench_.out, "a") as archive:
        archive.writestr("../../escape.txt", "x")
        archive.writestr("labels.txt", "other")
        archive.writestr("bomb.txt", bytes(8 << 20), zipfile.ZIP_DEFLATED)
    found = {(one.code, one.where) for one in findings(inspect(bench_.out))}
    assert found == {
        ("archive.name", "'../../escape.txt'"),
        ("archive.duplicate", "'labels.txt'"),
        ("archive.bomb", "'bomb.txt'"),
        ("archive.unreadable", "'labels.txt'"),
        ("archive.unnamed", "'../../escape.txt'"),
        ("archive.unnamed", "'bomb.txt'"),
    }
    assert not (bench_.folder.parent.parent / "escape.txt").exists()


def test_a_file_that_is_named_and_not_there(bench: Benches) -> None:
    """A model without its labels is told."""
    bench_ = bench("segmentation")
    said, _ = said_of(bench_, "segmentation")
    assert codes(written(bench_, said, {})) == {"archive.absent"}


def test_a_compressed_file(bench: Benches) -> None:
    """The Task Library says "Expected uncompressed zip archive" and stops; we can read it."""
    bench_ = bench("segmentation")
    said, files = said_of(bench_, "segmentation")
    written(bench_, said, {})
    with zipfile.ZipFile(bench_.out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", files["labels.txt"])
    assert codes(inspect(bench_.out)) == {"archive.compressed"}
    assert associated_file(bench_.out, "labels.txt") == files["labels.txt"]


def test_metadata_of_another_schema(bench: Benches) -> None:
    """Both versions are named; a newer parser of the same schema is only a finding."""
    bench_ = bench("segmentation")
    said, files = said_of(bench_, "segmentation")
    content = pack(said)
    bench_.out.write_bytes(embed(bench_.model.read_bytes(), content.replace(b"M001", b"M002"), files, bench_.model))
    with pytest.raises(ModelError, match="schema M002, and M001") as caught:
        read_back(inspect(bench_.out))
    assert caught.value.code == "metadata.schema"
    assert codes(inspect(bench_.out)) == {"metadata.corrupt"}
    bench_.out.write_bytes(embed(bench_.model.read_bytes(), content.replace(b"1.0.0", b"1.9.0"), files, bench_.model))
    assert codes(inspect(bench_.out)) == {"metadata.newer"}


def stub(content: bytes) -> TfliteFile:
    """A model of which only the metadata matters."""
    graph = Subgraph("", (TensorInfo("x", "float32", (1, 2)),), (0,), (0,), ())
    return TfliteFile(Path("stub.tflite"), 0, 3, "", (graph,), (), {METADATA_NAME: content}, ())


@pytest.fixture(scope="module")
def buffers(models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ...]:
    """The metadata of every case."""
    found = []
    for name in CASES:
        bench = Bench(tmp_path_factory.mktemp(name), models / f"{name}.tflite")
        found.append(pack(said_of(bench, name)[0]))
    return tuple(found)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_metadata_is_a_model_error_or_is_read(buffers: tuple[bytes, ...], data: st.DataObject) -> None:
    """Whatever bytes change or are cut off: a description comes out, or ModelError, and nothing else."""
    content = bytearray(data.draw(st.sampled_from(buffers)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 4))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            struct.pack_into("<I", content, at, data.draw(st.one_of(st.integers(0, 64), st.integers(0, 2**32 - 1))))
    del content[data.draw(st.integers(8, len(content))) if data.draw(st.booleans()) else len(content) :]
    model = stub(bytes(content))
    try:
        said = read_back(model)
    except ModelError:
        return
    assert said is not None
    found = tuple(contradictions(said, model, {}))
    assert list(as_lines(model, said, found))
    json.dumps(as_json(model, said, found), allow_nan=False)


@pytest.fixture(scope="module")
def packed(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A described model whose files are compressed in every way that zip knows."""
    bench = Bench(tmp_path_factory.mktemp("packed"), models / "segmentation.tflite")
    written(bench, said_of(bench, "segmentation")[0], {})
    with zipfile.ZipFile(bench.out, "a") as archive:
        for kind, name in ((zipfile.ZIP_DEFLATED, "labels.txt"), (zipfile.ZIP_LZMA, "b"), (zipfile.ZIP_BZIP2, "c")):
            archive.writestr(name, b"ground\nperson\n" * 20, kind)
    return bench.out


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_archive_is_a_model_error_or_is_read(packed: Path, data: st.DataObject) -> None:
    """Whatever bytes change behind the model: files come out or don't, and nothing but ModelError is raised."""
    content = bytearray(packed.read_bytes())
    start = content.index(b"PK\x03\x04")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(start, len(content) - 1))] = data.draw(st.integers(0, 255))
    spoilt = packed.with_name("spoilt.tflite")
    spoilt.write_bytes(content)
    try:
        list(archive_findings(spoilt))
        readable_files(spoilt, ["labels.txt", "b", "c"])
    except ModelError:
        return


@pytest.mark.parametrize("length", [0, 4, 8, 20])
def test_metadata_that_was_cut(buffers: tuple[bytes, ...], length: int) -> None:
    """A stump is damage, told with its byte."""
    with pytest.raises(ModelError) as caught:
        read_back(stub(buffers[0][:length]))
    assert caught.value.code == "model.corrupt"


def test_a_calibration_of_a_detector_counts_labels(bench: Benches) -> None:
    """Its lines are as many as the labels of the other tensor."""
    bench_ = bench("object_detection")
    said, files = said_of(bench_, "object_detection")
    table = AssociatedFile("scores.csv", "", FileKind.SCORE_CALIBRATION)
    outputs = tuple(replace(one, files=(table,)) if one.name == "score" else one for one in said.outputs)
    model = written(bench_, replace(said, outputs=outputs), {**files, "scores.csv": b"1,1,1\n"})
    texts = [one.text for one in findings(model) if one.code == "metadata.calibration"]
    assert "'scores.csv' has 2 lines, and 'labels.txt' has 3 labels" in texts
