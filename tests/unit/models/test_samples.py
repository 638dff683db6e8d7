"""Samples: photos and texts out of packages, where in a file a text stands, and what the right answer is."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.models.samples import Sample, read_samples, sample, sample_names
from tests.unit.models.conftest import stay_offline

DOCUMENT = json.dumps({"rows": [{"question": "Who?", "answers": ["me", "I"]}, {"question": " "}]})
TABLE = "1\t2.5\tA fine film.\n2\t-1\t\n"


def catalog_of(folder: Path, shelf: Path, texts: str) -> Path:
    """A catalogue with one wheel that holds a JSON document and a table."""
    wheel = shelf / "word_pack-1.0-py3-none-any.whl"
    files = {"word_pack/words.json": DOCUMENT, "word_pack/words.txt": TABLE}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.writestr("word_pack-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: word-pack\nVersion: 1.0\n")
        archive.writestr("word_pack-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("word_pack-1.0.dist-info/RECORD", "")
    hashes = {Path(name).suffix[1:]: hashlib.sha256(content.encode()).hexdigest() for name, content in files.items()}
    folder.mkdir()
    (folder / "samples.yaml").write_text(
        f"""schema: 1
packages:
  word-pack:
    version: "1.0"
    distribution: {wheel.name}
    sha256: {hashlib.sha256(wheel.read_bytes()).hexdigest()}
texts:
"""
        + texts.format(
            json=f"package: word-pack, member: word_pack/words.json, sha256: {hashes['json']}, licence: CC0",
            txt=f"package: word-pack, member: word_pack/words.txt, sha256: {hashes['txt']}, licence: CC0",
        )
    )
    return folder


def texts_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: str) -> Path:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    stay_offline(monkeypatch, shelf)
    return catalog_of(tmp_path / "catalog", shelf, texts)


def test_a_text_is_found_by_its_path_in_a_json_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts by name, and a truth that stands in the same file."""
    catalog = texts_of(
        tmp_path,
        monkeypatch,
        "  who: {{{json}, fields: {{question: [rows, 0, question]}}, truth: {{qa: {{at: [rows, 0, answers]}}}}}}\n",
    )
    found = sample("who", catalog)
    assert (dict(found.text), dict(found.truth), found.is_photo) == ({"question": "Who?"}, {"qa": ["me", "I"]}, False)
    assert sample_names(catalog, family="qa") == ("who",)


def test_a_text_is_found_by_line_and_field_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both count from 1; a literal truth is itself."""
    catalog = texts_of(
        tmp_path, monkeypatch, "  fine: {{{txt}, fields: {{text: [1, 3]}}, truth: {{text_classification: good}}}}\n"
    )
    found = sample("fine", catalog)
    assert (found.text["text"], found.truth["text_classification"]) == ("A fine film.", "good")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("json", "[rows, 7, question]"),
        ("json", "[rows, 1, question]"),
        ("json", "[rows, 0]"),
        ("txt", "[9, 1]"),
        ("txt", "[2, 3]"),
    ],
)
def test_a_text_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, place: str) -> None:
    """Nothing at that place, blanks, or no text: told with the sample's name and the place."""
    catalog = texts_of(tmp_path, monkeypatch, f"  odd: {{{{{{{source}}}, fields: {{{{text: {place}}}}}}}}}\n")
    with pytest.raises(UsageError, match="sample 'odd'") as caught:
        sample("odd", catalog)
    assert caught.value.code == "sample.place"
    assert place in caught.value.what.replace("'", "")


def test_a_name_is_a_photos_or_a_texts(own_catalog: Path) -> None:
    """One name can't be two samples."""
    path = own_catalog / "samples.yaml"
    photo = path.read_text().partition("photos:\n")[2]
    path.write_text(f"{path.read_text()}texts:\n{photo.rstrip()}\n    fields: {{text: [1, 1]}}\n")
    with pytest.raises(UsageError, match="'blobs' is the name of a photo and of a text"):
        read_samples(own_catalog)


def test_a_sample_without_text_is_a_photo() -> None:
    """A photo is its file."""
    assert Sample("x", Path("x.png")).is_photo
