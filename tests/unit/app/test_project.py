"""The Gradle project as the direct build reads it: versions, lock, manifest."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from harness.app.manifest import complete_manifest
from harness.app.resources import MANIFEST
from harness.app.versions import CATALOG, LOCK, pinned, read_versions
from harness.errors import BuildError

PROJECT = Path(__file__).parents[3] / "android_app"
ANDROID = "{http://schemas.android.com/apk/res/android}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The app's two version files, to be changed."""
    (tmp_path / "gradle").mkdir()
    for name in (CATALOG, LOCK):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_lock_of_this_checkout_fits_its_catalog() -> None:
    """All that the catalog names is pinned, the libraries as AARs in the catalog's order."""
    versions = read_versions(PROJECT)
    artifacts = pinned(PROJECT, versions)
    assert [library.coordinates for library in artifacts.libraries] == [
        "org.tensorflow:tensorflow-lite:2.16.1:aar",
        "org.tensorflow:tensorflow-lite-api:2.16.1:aar",
        "org.tensorflow:tensorflow-lite-gpu:2.16.1:aar",
        "org.tensorflow:tensorflow-lite-gpu-api:2.14.0:aar",
    ]
    assert all(len(artifact.sha256) == 64 for artifact in artifacts.all)
    assert (versions.application_id, versions.min_sdk, versions.target_sdk) == ("dev.tfliteharness", 24, 34)


def test_version_changed_without_the_lock_says_how_to_write_it(project: Path) -> None:
    """Catalog and lock that differ are an error with both sides and the command."""
    edit(project / CATALOG, 'r8 = "8.13.19"', 'r8 = "8.13.20"')
    with pytest.raises(BuildError) as caught:
        pinned(project, read_versions(project))
    assert caught.value.code == "build.lock"
    assert "not in the lock: com.android.tools:r8:8.13.20" in caught.value.why
    assert "only in the lock: com.android.tools:r8:8.13.19" in caught.value.why
    assert f"python -m harness.app.lock {project}" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('minSdk = "24"\n', "", "minSdk is missing"),
        ('targetSdk = "34"', 'targetSdk = "new"', "targetSdk = 'new' is not a whole number"),
        ('version.ref = "r8"', 'version = "1"', r"\[libraries\] r8 needs"),
        ("[versions]", "[versions", "can't read the version catalog"),
    ],
)
def test_broken_catalog_is_named_with_its_key(project: Path, old: str, new: str, message: str) -> None:
    """Whatever is wrong in the catalog is said with the file and the key."""
    edit(project / CATALOG, old, new)
    with pytest.raises(BuildError, match=message) as caught:
        read_versions(project)
    assert caught.value.code == "build.versions"
    assert CATALOG.name in caught.value.what


def test_manifest_is_completed_as_gradle_does(tmp_path: Path) -> None:
    """Removed permissions are gone with all `tools:` instructions; what the AARs have for the application is added."""
    aar = tmp_path / "lib.aar"
    with zipfile.ZipFile(aar, "w") as archive:
        archive.writestr(
            "AndroidManifest.xml",
            f'<manifest xmlns:android="{ANDROID[1:-1]}"><application>'
            '<uses-native-library android:name="libOpenCL.so" android:required="false"/></application></manifest>',
        )
    root = ET.fromstring(complete_manifest(PROJECT / MANIFEST, read_versions(PROJECT), [aar]))  # noqa: S314 - our own
    assert root.get("package") == "dev.tfliteharness"
    assert root.findall("uses-permission") == []
    application = root.find("application")
    assert application is not None
    assert application.get(f"{ANDROID}extractNativeLibs") == "false"
    library = application.find("uses-native-library")
    assert library is not None
    assert library.get(f"{ANDROID}required") == "false"
    assert not [name for element in root.iter() for name in element.attrib if "schemas.android.com/tools" in name]


def test_manifest_that_is_not_xml_is_named(tmp_path: Path) -> None:
    """A slip of the pen in the manifest is said with file and place."""
    broken = tmp_path / "AndroidManifest.xml"
    broken.write_text("<manifest><application></manifest>")
    with pytest.raises(BuildError, match="AndroidManifest") as caught:
        complete_manifest(broken, read_versions(PROJECT), [])
    assert "line 1" in caught.value.why
