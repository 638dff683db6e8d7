"""What an APK carries beside its code: described models with their labels, and photos to try them on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from harness.app.archive import Entry
from harness.errors import BuildError
from harness.fetch.store import key_of, sha256_of

SCHEMA: Final = 1
VARIANTS: Final = ("fp32", "fp16", "dynamic", "int8", "int16x8")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_IDENTIFIER = b"TFL3"
_PHOTOS: Final = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}


@dataclass(frozen=True, slots=True)
class ImageInput:
    """How the app turns a photo into a model's input: pixels of 0 to 255, then `(x - mean) / std` per channel."""

    width: int
    height: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One precision of a model: a `.tflite` file."""

    name: str
    file: Path


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its variants; `labels` in the order of the scores. A model that isn't fed photos has no `image`."""

    id: str
    title: str
    task: str
    variants: tuple[Variant, ...]
    labels: tuple[str, ...] = ()
    image: ImageInput | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo to try models on, PNG or JPEG; `label` is what it shows."""

    name: str
    file: Path
    label: str = ""


@dataclass(frozen=True)
class Bundle:
    """Models and photos, checked and named by their content. Made by `bundle_of`; the files must stay as they are."""

    models: tuple[Model, ...]
    photos: tuple[Photo, ...]
    hashes: tuple[tuple[Path, str], ...]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The assets, in a fixed order; names begin with `assets/`."""
        entries = [Entry("assets/catalog.json", self.catalog().encode())]
        for model in self.models:
            if model.labels:
                entries.append(Entry(f"assets/{_labels(model)}", ("\n".join(model.labels) + "\n").encode()))
            entries += [Entry(f"assets/{_asset(model, variant)}", variant.file) for variant in model.variants]
        entries += [Entry(f"assets/{_photo(photo)}", photo.file) for photo in self.photos]
        return tuple(entries)

    @cached_property
    def key(self) -> str:
        """A name for the content: the same files under the same names give the same key."""
        hashes = dict(self.hashes)
        parts: list[str | bytes] = []
        for entry in self.entries:
            parts += [entry.name, entry.content if isinstance(entry.content, bytes) else hashes[entry.content]]
        return key_of(*parts)

    def sha256(self, variant: Variant) -> str:
        """The hash of a variant's file."""
        return dict(self.hashes)[variant.file]

    def catalog(self) -> str:
        """`catalog.json`: what the app and its screen know of the models and photos."""
        hashes = dict(self.hashes)
        catalog = {
            "schema": SCHEMA,
            "models": [_model_json(model, hashes) for model in self.models],
            "photos": [{"name": photo.name, "asset": _photo(photo), "label": photo.label} for photo in self.photos],
        }
        return json.dumps(catalog, indent=1, ensure_ascii=False) + "\n"

    def write(self, folder: Path) -> None:
        """Write the assets as a folder for a Gradle build (`-PharnessAssets=folder`)."""
        for entry in self.entries:
            target = folder / entry.name.removeprefix("assets/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(entry.read())


def bundle_of(models: Iterable[Model], photos: Iterable[Photo] = ()) -> Bundle:
    """Check models and photos, and hash their files.

    Raises `BuildError`: `bundle.missing` for a file that isn't there, `bundle.not_tflite`, `bundle.not_photo`,
    `bundle.name` for a name that is there twice or couldn't be a file's, `bundle.empty` without a model.
    """
    models, photos = tuple(models), tuple(photos)
    if not models:
        raise BuildError("bundle.empty", "an app without a model has nothing to do", hint="name at least one model")
    _require_names("model", [model.id for model in models])
    _require_names("photo", [photo.name for photo in photos])
    hashes: dict[Path, str] = {}
    for model in models:
        _require_names(f"variant of {model.id}", [variant.name for variant in model.variants])
        if not model.variants:
            raise BuildError("bundle.empty", f"{model.id} has no variant")
        for variant in model.variants:
            _require_start(variant.file, 4, _IDENTIFIER, "bundle.not_tflite", "a .tflite file")
            hashes[variant.file] = sha256_of(variant.file)
    for photo in photos:
        if photo.file.suffix not in _PHOTOS:
            raise BuildError("bundle.not_photo", f"{photo.file} is neither a .png nor a .jpg")
        _require_start(photo.file, 0, _PHOTOS[photo.file.suffix], "bundle.not_photo", f"a {photo.file.suffix} file")
        hashes[photo.file] = sha256_of(photo.file)
    return Bundle(models, photos, tuple(hashes.items()))


def _model_json(model: Model, hashes: dict[Path, str]) -> dict[str, Any]:
    image = model.image
    return {
        "id": model.id,
        "title": model.title,
        "task": model.task,
        "input": None
        if image is None
        else {"width": image.width, "height": image.height, "mean": list(image.mean), "std": list(image.std)},
        "labels": _labels(model) if model.labels else None,
        "variants": [
            {
                "name": variant.name,
                "asset": _asset(model, variant),
                "sha256": hashes[variant.file],
                "bytes": variant.file.stat().st_size,
            }
            for variant in model.variants
        ],
    }


def _asset(model: Model, variant: Variant) -> str:
    return f"models/{model.id}/{variant.name}.tflite"


def _labels(model: Model) -> str:
    return f"labels/{model.id}.txt"


def _photo(photo: Photo) -> str:
    return f"photos/{photo.name}{photo.file.suffix}"


def _require_names(kind: str, names: list[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise BuildError("bundle.name", f"{name!r} can't be the name of a {kind}: letters, digits, '_', '.', '-'")
        if names.count(name) > 1:
            raise BuildError("bundle.name", f"there are two of {kind} {name}")


def _require_start(path: Path, offset: int, magic: bytes, code: str, what: str) -> None:
    try:
        with path.open("rb") as stream:
            start = stream.read(offset + len(magic))
    except OSError as error:
        raise BuildError("bundle.missing", f"can't read {path}", why=error.strerror or str(error)) from error
    if start[offset:] != magic:
        raise BuildError(code, f"{path} is not {what}", why=f"it begins with {start[:12]!r}")
