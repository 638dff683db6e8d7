"""A model that is real and tiny, with a calibration photo of its own; no network is needed."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.models import DescribedModel, ModelCard, describe_variants, load_card

TINY = Path(__file__).parents[2] / "data" / "models" / "tiny"


def write_photos(catalog: Path, shelf: Path) -> None:
    """A wheel on the shelf with one photo of coloured blobs, and a samples.yaml that pins it."""
    numbers = np.random.default_rng(3).integers(0, 255, (4, 4, 3), np.uint8)
    photo = io.BytesIO()
    Image.fromarray(numbers).resize((64, 48), Image.Resampling.BICUBIC).save(photo, "PNG")
    wheel = shelf / "blob_pack-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("blob_pack/blobs.png", photo.getvalue())
        archive.writestr("blob_pack-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: blob-pack\nVersion: 1.0\n")
        archive.writestr("blob_pack-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("blob_pack-1.0.dist-info/RECORD", "")
    (catalog / "samples.yaml").write_text(
        f"""schema: 1
packages:
  blob-pack:
    version: "1.0"
    distribution: {wheel.name}
    sha256: {hashlib.sha256(wheel.read_bytes()).hexdigest()}
photos:
  blobs:
    package: blob-pack
    member: blob_pack/blobs.png
    sha256: {hashlib.sha256(photo.getvalue()).hexdigest()}
    licence: CC0
    truth: {{image_classification: red}}
"""
    )


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip takes packages from instead of an index, beside a cache of these tests' own."""
    return tmp_path_factory.mktemp("shelf")


def stay_offline(patch: pytest.MonkeyPatch, shelf: Path) -> None:
    """pip knows the shelf and nothing else, and what is made stays out of the user's cache."""
    patch.setenv("HARNESS_CACHE", str(shelf / "cache"))
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(shelf))


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, shelf: Path) -> None:
    """Each test of this folder, and no other, has its packages on the shelf."""
    stay_offline(monkeypatch, shelf)


@pytest.fixture(scope="session")
def catalog(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with the tiny model and its photo."""
    folder = tmp_path_factory.mktemp("catalog")
    shutil.copytree(TINY, folder / "tiny")
    write_photos(folder, shelf)
    return folder


@pytest.fixture(scope="session")
def tiny_card(catalog: Path) -> ModelCard:
    """The tiny model's card."""
    return load_card("tiny", catalog)


@pytest.fixture(scope="session")
def tiny(tiny_card: ModelCard, catalog: Path, shelf: Path) -> dict[str, DescribedModel]:
    """The tiny model in all five variants, described, by variant."""
    with pytest.MonkeyPatch.context() as patch:
        stay_offline(patch, shelf)
        return {model.variant.value: model for model in describe_variants(tiny_card, catalog=catalog)}


@pytest.fixture
def own_catalog(catalog: Path, tmp_path: Path) -> Path:
    """A copy of the catalogue that a test may spoil."""
    return Path(shutil.copytree(catalog, tmp_path / "catalog"))
