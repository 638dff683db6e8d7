"""Bad descriptions and bad files: an error that says where, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError, HostError, ModelError, UsageError
from harness.models.families import describe_file
from harness.models.inspect import inspect
from harness.models.metadata import read_back
from tests.unit.models.families.cases import BERT, BERT_WORDS, CASES, IMAGE, REGEX, REGEX_WORDS
from tests.unit.models.families.conftest import Bench

Benches = Callable[[str], Bench]
LABELS = "labels: labels.txt\n"
FIVE = "a\nb\nc\nd\ne\n"


def refusal(bench: Bench, family: str, body: str, **files: str | bytes) -> HarnessError:
    bench.out.write_bytes(b"what stood there")
    with pytest.raises(HarnessError) as caught:
        bench.describe(family, body, **files)
    assert bench.out.read_bytes() == b"what stood there"
    assert not list(bench.folder.glob(".*"))
    return caught.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (IMAGE + LABELS + "lables: x\n", "10:1: unknown key 'lables'; did you mean 'labels'?"),
        (LABELS, "missing key 'input'"),
        ("input: {mean: [.nan], std: [1]}\n" + LABELS, "8:16"),
        (IMAGE + LABELS + "translations: [{file: b.txt, locale: German}]\n", "locale"),
        (IMAGE + LABELS + "calibration: {file: c.csv, transformation: lag}\n", "did you mean 'log'?"),
    ],
)
def test_a_slip_in_the_description(bench: Benches, body: str, words: str) -> None:
    """File, line, column, and the nearest known word."""
    error = refusal(bench("image_classification"), "image_classification", body, labels_txt=FIVE)
    assert isinstance(error, UsageError)
    assert "description.yaml:" in error.what
    assert words in error.what


def test_an_unknown_family(bench: Benches) -> None:
    """The nearest known one is named."""
    error = refusal(bench("image_classification"), "image_clasification", "")
    assert error.code == "describe.family"
    assert "2:9: no family 'image_clasification'; did you mean 'image_classification'?" in error.what


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (IMAGE + "labels: ../labels.txt\n", "describe.path", "9:9"),
        (IMAGE + "labels: /etc/passwd\n", "describe.path", "9:9"),
        (IMAGE + "labels: nowhere.txt\n", "describe.file", "9:9"),
        (IMAGE + LABELS + "files: [{file: sub/labels.txt}]\n", "describe.twice", "10:16"),
    ],
)
def test_a_file_that_can_not_be_taken(bench: Benches, body: str, code: str, place: str) -> None:
    """Outside of the folder, absent, or a second of its name: told with its place."""
    given = bench("image_classification")
    (given.folder / "sub").mkdir()
    (given.folder / "sub" / "labels.txt").write_text("x")
    error = refusal(given, "image_classification", body, labels_txt=FIVE)
    assert error.code == code
    assert f"description.yaml:{place}" in error.what


def test_a_link_out_of_the_folder(bench: Benches, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link is followed only inside."""
    given, away = bench("image_classification"), tmp_path_factory.mktemp("away") / "secret.txt"
    away.write_text(FIVE)
    (given.folder / "link.txt").symlink_to(away)
    assert refusal(given, "image_classification", IMAGE + "labels: link.txt\n").code == "describe.path"


@pytest.mark.parametrize(
    ("name", "files", "code", "words"),
    [
        ("image_classification", {"labels_txt": "a\nb\n"}, "metadata.labels", "2 labels, and the last axis"),
        ("image_classification", {"labels-de_txt": "a\nb\n"}, "metadata.labels", "'labels-de.txt' has 2 labels"),
        ("image_classification", {"labels_txt": b"\xff\n" * 5}, "labels.unreadable", "not UTF-8"),
        ("image_classification", {"labels_txt": "a\n\nb\nc\nd\n"}, "labels.blank", "label 2 of 5 is blank"),
        ("image_classification", {"scores_csv": "1,1,0\n"}, "metadata.calibration", "has 2 lines"),
        ("image_classification", {"scores_csv": "1,1,0\n" * 5}, "metadata.calibration", "has 6 lines"),
        ("image_classification", {"scores_csv": "1,1\n\n\n\n"}, "metadata.calibration", "2 numbers on line 1"),
        ("image_classification", {"scores_csv": "-1,1,1\n\n\n\n"}, "metadata.calibration", "below 0 on line 1"),
        ("object_detection", {"labels_txt": b"\xff"}, "labels.unreadable", "not UTF-8"),
        ("pose", {"points_txt": "nose\n"}, "metadata.labels", "1 labels, and the"),
        ("segmentation", {"labels_txt": "a\n" * 16}, "metadata.labels", "16 labels, and the last axis"),
        ("text_classification", {"vocab_txt": "good\n"}, "metadata.tokenizer", "not `token number`"),
        ("text_classification", {"vocab_txt": "<PAD> 0\n"}, "metadata.tokenizer", "has no <UNKNOWN>"),
        ("text_classification", {"vocab_txt": REGEX_WORDS + "good 5\n"}, "metadata.tokenizer", "'good' twice"),
        (
            "text_classification",
            {"vocab_txt": REGEX_WORDS + "all 20\n"},
            "metadata.tokenizer",
            "up to 20, and they are looked up in 20 rows",
        ),
        ("smart_reply", {"vocab_txt": REGEX_WORDS + "all 999\n"}, "metadata.tokenizer", "in 20 rows"),
        ("smart_reply", {"replies_txt": "Yes.\n"}, "metadata.labels", "1 labels"),
        ("question_answering", {"vocab_txt": "[CLS]\n"}, "metadata.tokenizer", "has no [SEP] nor [UNK]"),
        ("question_answering", {"vocab_txt": BERT_WORDS + "who\n"}, "metadata.tokenizer", "'who' twice"),
    ],
)
def test_files_that_contradict_the_model(
    bench: Benches, name: str, files: dict[str, str | bytes], code: str, words: str
) -> None:
    """Each names the field, the file and the tensor's own number."""
    case = CASES[name]
    error = refusal(bench(name), case.family, case.body, **{**case.files, **files})
    assert isinstance(error, ModelError)
    assert (error.code, words in error.what) == (code, True), error.what


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("index: [0, 2, 1, 3]", "index: [0, 2, 1, 4]", "metadata.box"),
        ("index: [0, 2, 1, 3]", "index: [0, 1]", "metadata.box"),
        ("dimension_names: [batch, sample]", "dimension_names: [sample]", "metadata.dimensions"),
        ("range: [2, 2]", "range: [2, 5]", "metadata.dimensions"),
        ("maximum: [1]", "maximum: [-2]", "metadata.range"),
        ("maximum: [1]", "maximum: [1, 2, 3]", "metadata.range"),
        ("maximum: [1]", "maximum: [1.0e+300]", "metadata.range"),
        ("sample_rate: 16000", "sample_rate: 0", "metadata.content"),
        ("content: {kind: feature}", "content: {kind: image}", "metadata.content"),
        ("content: {kind: feature}", "mean: [1], std: [0]", "metadata.normalisation"),
        ("content: {kind: feature}", "mean: [1, 2], std: [1, 2]", "metadata.normalisation"),
        ("tensors: [wave, gain]", "tensors: [wave, gane]", "metadata.group"),
        ("- {name: gain, content: {kind: feature}}\n", "", "metadata.count"),
        ("threshold: 0.5", "calibration: {}", "metadata.calibration"),
    ],
)
def test_words_that_contradict_the_tensors(bench: Benches, old: str, new: str, code: str) -> None:
    """What the general description says is held against the model, tensor by tensor."""
    case = CASES["general"]
    assert old in case.body
    error = refusal(bench("general"), case.family, case.body.replace(old, new), **case.files)
    assert error.code == code, error.what
    assert code == "metadata.count" or "puts[" in error.what or "group 'both'" in error.what


@pytest.mark.parametrize(
    ("family", "tokenizer", "words"),
    [
        ("question_answering", "tokenizer: {kind: bert}\n", "a bert tokenizer needs vocabulary"),
        ("question_answering", "tokenizer: {kind: sentence_piece, vocabulary: v.txt}\n", "needs model"),
        ("text_classification", REGEX.replace("pattern", "model") + LABELS, "needs pattern"),
        ("question_answering", BERT, "'vocab.txt' can't be read"),
    ],
)
def test_a_tokenizer_that_is_not_whole(bench: Benches, family: str, tokenizer: str, words: str) -> None:
    """Each kind has its own files, and they have to be there."""
    error = refusal(bench(family), family, tokenizer)
    assert isinstance(error, UsageError)
    assert words in error.what


def test_one_file_for_two_ends(bench: Benches) -> None:
    """Labels aren't a vocabulary."""
    body = REGEX + "labels: vocab.txt\n"
    error = refusal(bench("text_classification"), "text_classification", body, vocab_txt="<PAD> 0\n<UNKNOWN> 1\n")
    assert "'vocab.txt' is of two kinds" in error.what


def test_tokens_do_not_go_into_an_image(bench: Benches) -> None:
    """A regex tokenizer wants a tensor of integers."""
    body = REGEX + LABELS
    error = refusal(bench("image_classification"), "text_classification", body, labels_txt=FIVE, vocab_txt=REGEX_WORDS)
    assert error.code == "metadata.tokenizer"


def test_the_model_itself_is_never_written(bench: Benches) -> None:
    """Metadata goes to a copy."""
    given = bench("segmentation")
    case = CASES["segmentation"]
    before = given.model.read_bytes()
    description = given.write(case.family, case.body, **case.files)
    with pytest.raises(ModelError) as caught:
        describe_file(given.model, description, given.model)
    assert caught.value.code == "metadata.same_file"
    assert given.model.read_bytes() == before


def test_a_copy_that_can_not_be_written(bench: Benches) -> None:
    """A folder that isn't there is told, without a trace."""
    given, case = bench("segmentation"), CASES["segmentation"]
    description = given.write(case.family, case.body, **case.files)
    with pytest.raises(HostError) as caught:
        describe_file(given.model, description, given.folder / "nowhere" / "out.tflite")
    assert caught.value.code == "file.unwritable"


def test_a_described_model_is_described_anew(bench: Benches, tmp_path: Path) -> None:
    """What it said before, and the files of before, are gone."""
    given = bench("segmentation")
    case = CASES["segmentation"]
    given.describe(case.family, case.body, **case.files)
    again = Bench(tmp_path, given.out.rename(tmp_path / "first.tflite"))
    after = again.describe("general", "inputs: [{name: a}]\noutputs: [{name: b}]\n")
    found = read_back(inspect(again.out))
    assert found is not None
    assert (found.name, found.inputs[0].name, after.associated_files) == ("A general model", "a", ())
