"""Cards, photos and labels: what the catalogue may say, and how it is told what it may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import HarnessError, ModelError, UsageError
from harness.models import ModelCard, Variant, load_card, model_ids
from harness.models.catalog import default_catalog
from harness.models.entry import Pin, Place
from harness.models.labels import LabelFile, LabelIndex, parse_labels, read_labels
from harness.models.samples import read_samples, sample, sample_names
from harness.models.tasks.image_classification import ImageClassification


def spoiled(catalog: Path, old: str, new: str, file: str = "tiny/model.yaml") -> UsageError:
    """The refusal of a catalogue after a change of one of its files."""
    path = catalog / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UsageError) as caught:
        read_samples(catalog) if file == "samples.yaml" else load_card("tiny", catalog)
    return caught.value


def test_every_card_of_this_checkout_is_good() -> None:
    """Cards load, and each sample that one names is pinned."""
    samples = read_samples()
    assert "efficientnet_lite0" in model_ids()
    for model in model_ids():
        card = load_card(model)
        assert card.folder == default_catalog() / model
        for name in card.calibration.samples if card.calibration else ():
            assert len(samples.pin(name).sha256) == 64


def test_no_card_calibrates_on_what_it_is_scored_on() -> None:
    """A sample with a truth is a test; a variant that was tuned on it would be judged too well."""
    for model in model_ids():
        card = load_card(model)
        tuned_on = card.calibration.samples if card.calibration else ()
        assert not set(sample_names(family=card.task.family)) & set(tuned_on)


def test_a_card_is_a_value(tiny_card: ModelCard) -> None:
    """It can't be changed, and says what the file says."""
    task = tiny_card.task
    assert isinstance(task, ImageClassification)
    assert (tiny_card.id, task.input.mean, tiny_card.variants[0]) == ("tiny", (127.5,), Variant.FP32)
    with pytest.raises(ValueError, match="frozen"):
        tiny_card.title = "Other"  # type: ignore[misc]


def test_an_unknown_model_is_answered_with_the_nearest(catalog: Path) -> None:
    """A slip in a name is told as one."""
    with pytest.raises(UsageError, match="did you mean 'tiny'") as caught:
        load_card("tinny", catalog)
    assert caught.value.code == "card.unknown_model"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("author:", "auther:", "unknown key 'auther'; did you mean 'author'?"),
        ("mean: [127.5]", "mean: [127.5, 127.5]", "mean and std have 2 and 1 numbers; give 1 or 3 each"),
        ("std: [127.5]", "std: [0]", "greater than 0"),
        ("width: 16", "width: -16", "greater than 0"),
        ("id: tiny", "id: tidy", "id is 'tidy' and the folder is 'tiny'"),
        ("int8, int16x8]", "int4]", "did you mean 'int8'?"),
        ("int8, int16x8]", "int8, int8]", "names one of them twice"),
        ("calibration:\n  samples: [blobs]", "", "int8 and int16x8 need 'calibration"),
        ("builder: builder.py:build", "builder: 'os; x:y'", "match pattern"),
        ("family: image_classification", "family: image_clasification", "image_classification"),
        ("kind: text", "kind: txt", "text"),
        ("title: Tiny", 'title: "Ti\\x1bny"', "one line each"),
    ],
)
def test_a_slip_in_a_card_is_pointed_at(own_catalog: Path, old: str, new: str, message: str) -> None:
    """File, line and column, and what is wrong there."""
    error = spoiled(own_catalog, old, new)
    assert message in error.what
    assert error.what.startswith(f"{own_catalog / 'tiny' / 'model.yaml'}:")


def test_local_files_stay_in_the_cards_folder(tiny_card: ModelCard) -> None:
    """A card names its own files, and no other's."""
    assert tiny_card.place.local("labels.txt").is_file()
    for name in ("../tiny/../samples.yaml", "/etc/passwd", "absent.txt"):
        with pytest.raises(UsageError) as caught:
            tiny_card.place.local(name)
        assert caught.value.code == "card.path"


def test_a_photo_is_fetched_and_known_by_its_truth(catalog: Path, tiny_card: ModelCard) -> None:
    """A sample has its file under its own name, and its answer."""
    found = sample("blobs", catalog)
    assert (found.path.name, tiny_card.task.truth(found)) == ("blobs.png", "red")
    assert sample_names(catalog, family="image_classification") == ("blobs",)
    assert sample_names(catalog, family="pose") == ()


def test_a_photo_that_is_not_there(catalog: Path) -> None:
    """Told with the nearest name."""
    with pytest.raises(UsageError, match="did you mean 'blobs'"):
        sample("blob", catalog)


def test_a_photo_of_a_package_that_is_not_pinned(own_catalog: Path) -> None:
    """The place of the slip is told."""
    error = spoiled(own_catalog, "package: blob-pack", "package: blob-pak", "samples.yaml")
    assert "did you mean 'blob-pack'?" in error.what
    assert "samples.yaml:9:14" in error.what


def test_labels_of_a_text_file(tiny_card: ModelCard) -> None:
    """One a line."""
    labels = LabelFile(kind="text", file="labels.txt")
    assert read_labels(labels, tiny_card.place) == ("red", "green", "blue", "dark", "bright")


def test_label_files_as_they_come() -> None:
    """A byte order mark, Windows' line ends and a missing last one are no labels."""
    assert parse_labels(b"\xef\xbb\xbfa\r\nb c\r\n", "x") == ("a", "b c")
    assert parse_labels(b"a\nb", "x") == ("a", "b")
    for content, code in ((b"a\n\nb\n", "labels.blank"), (b"", "labels.blank"), (b"\xff\xfe", "labels.unreadable")):
        with pytest.raises(ModelError) as caught:
            parse_labels(content, "x")
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"1": "goldfish, Carassius", "0": "tench, Tinca tinca"}, ("tench", "goldfish")),
        ({"0": "tench", "2": "shark"}, "labels.unreadable"),
        (["tench"], "labels.unreadable"),
        ({"0": 3}, "labels.unreadable"),
        ({"0": ", Tinca"}, "labels.blank"),
    ],
)
def test_labels_of_an_index(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: object,
    expected: tuple[str, ...] | str,
) -> None:
    """The first synonym of each, in the order of the numbers; a gap in them is an error."""
    path = tmp_path / "index.json"
    path.write_text(json.dumps(content))
    monkeypatch.setattr("harness.fetch.package.fetch", lambda _file, **_: path)
    pin = Pin(package="p", version="1", distribution="p-1-py3-none-any.whl", sha256="0" * 64, member="index.json")
    labels, place = LabelIndex(kind="json_index", file=pin), Place(tmp_path, "card")
    if isinstance(expected, tuple):
        assert read_labels(labels, place) == expected
    else:
        with pytest.raises(HarnessError) as caught:
            read_labels(labels, place)
        assert caught.value.code == expected
