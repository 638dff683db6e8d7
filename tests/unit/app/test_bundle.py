"""What an APK carries: checked when it is put together, named by its content."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.app.bundle import ImageInput, Model, Photo, Variant, bundle_of
from harness.errors import BuildError
from harness.fetch.store import sha256_of


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A model of one variant, whose file only looks like a `.tflite`."""
    file = tmp_path / "any name.tflite"
    file.write_bytes(b"\x1c\0\0\0TFL3 and so on")
    image = ImageInput(2, 2, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
    return Model("net", "Net", "image_classification", (Variant("fp32", file),), ("cat", "dog"), image)


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    """The first bytes of a PNG."""
    file = tmp_path / "chelsea.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n...")
    return Photo("chelsea", file, "Egyptian cat")


def test_catalog_names_every_asset_with_its_hash(model: Model, photo: Photo) -> None:
    """catalog.json tells the app where models, labels and photos lie, and each model's size and SHA-256."""
    bundle = bundle_of([model], [photo])
    catalog = json.loads(bundle.catalog())
    assert catalog == {
        "schema": 1,
        "models": [
            {
                "id": "net",
                "title": "Net",
                "task": "image_classification",
                "input": {"width": 2, "height": 2, "mean": [127.0] * 3, "std": [128.0] * 3},
                "labels": "labels/net.txt",
                "variants": [
                    {
                        "name": "fp32",
                        "asset": "models/net/fp32.tflite",
                        "sha256": sha256_of(model.variants[0].file),
                        "bytes": model.variants[0].file.stat().st_size,
                    }
                ],
            }
        ],
        "photos": [{"name": "chelsea", "asset": "photos/chelsea.png", "label": "Egyptian cat"}],
    }
    assert [entry.name for entry in bundle.entries] == [
        "assets/catalog.json",
        "assets/labels/net.txt",
        "assets/models/net/fp32.tflite",
        "assets/photos/chelsea.png",
    ]


def test_folder_for_gradle_has_the_same_files(model: Model, photo: Photo, tmp_path: Path) -> None:
    """Written as a folder, the bundle is what the direct build packs, without `assets/` before it."""
    bundle = bundle_of([model], [photo])
    bundle.write(tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {f"assets/{name}" for name in found} == {entry.name for entry in bundle.entries}
    assert (tmp_path / "out/models/net/fp32.tflite").read_bytes() == model.variants[0].file.read_bytes()


def test_key_follows_content_and_not_file_names(model: Model, tmp_path: Path) -> None:
    """A copy of a model under another file name is the same bundle; one other byte or label is another one."""
    key = bundle_of([model]).key
    copy = tmp_path / "copy.tflite"
    copy.write_bytes(model.variants[0].file.read_bytes())
    assert bundle_of([replace(model, variants=(Variant("fp32", copy),))]).key == key
    assert bundle_of([replace(model, labels=("cat", "wolf"))]).key != key
    copy.write_bytes(copy.read_bytes() + b"!")
    assert bundle_of([replace(model, variants=(Variant("fp32", copy),))]).key != key


def test_missing_file_is_named(model: Model, tmp_path: Path) -> None:
    """A model that isn't there is an error before anything is built."""
    with pytest.raises(BuildError, match=r"gone\.tflite") as caught:
        bundle_of([replace(model, variants=(Variant("fp32", tmp_path / "gone.tflite"),))])
    assert caught.value.code == "bundle.missing"


def test_files_that_are_something_else_are_refused(model: Model, photo: Photo, tmp_path: Path) -> None:
    """The first bytes decide, not the name: a page saved as a model, a text saved as a photo."""
    page = tmp_path / "page.tflite"
    page.write_text("<!doctype html>")
    with pytest.raises(BuildError) as caught:
        bundle_of([replace(model, variants=(Variant("fp32", page),))])
    assert caught.value.code == "bundle.not_tflite"
    text = tmp_path / "text.jpg"
    text.write_text("a cat")
    with pytest.raises(BuildError) as caught:
        bundle_of([model], [replace(photo, file=text)])
    assert caught.value.code == "bundle.not_photo"


@pytest.mark.parametrize("name", ["../up", "", "a/b", ".hidden", "sp ace"])
def test_names_that_could_leave_their_folder_are_refused(model: Model, name: str) -> None:
    """Ids become paths in the APK, on the device and in results."""
    with pytest.raises(BuildError) as caught:
        bundle_of([replace(model, id=name)])
    assert caught.value.code == "bundle.name"


def test_two_models_of_one_name_are_refused(model: Model) -> None:
    """One would hide the other."""
    with pytest.raises(BuildError, match="two of model net"):
        bundle_of([model, model])


def test_an_app_needs_a_model() -> None:
    """Without one there is nothing to run."""
    with pytest.raises(BuildError) as caught:
        bundle_of([])
    assert caught.value.code == "bundle.empty"
