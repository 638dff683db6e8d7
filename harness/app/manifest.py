"""The app's manifest as a build completes it: what Gradle's merger does, as far as this app needs it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from pathlib import Path

from harness.app.versions import AppVersions
from harness.errors import BuildError

_ANDROID = "http://schemas.android.com/apk/res/android"
_TOOLS = "http://schemas.android.com/tools"


def complete_manifest(path: Path, versions: AppVersions, aars: Sequence[Path]) -> bytes:
    """The manifest for aapt2, as XML: package set, libraries left in the APK, `tools:` instructions carried out.

    What the AARs' manifests have in their `<application>` is added, as Gradle does. Versions and SDK levels are
    aapt2's to add. Raises `BuildError` (`build.manifest`) when a manifest can't be read.
    """
    try:
        root = _parse(path.read_bytes(), path)
    except OSError as error:
        raise BuildError("build.manifest", f"can't read {path}", why=str(error)) from error
    application = root.find("application")
    if root.tag != "manifest" or application is None:
        raise BuildError("build.manifest", f"{path} is not a manifest with an application")
    ET.register_namespace("android", _ANDROID)
    root.set("package", versions.application_id)
    application.set(f"{{{_ANDROID}}}extractNativeLibs", "false")
    for aar in aars:
        application.extend(_application_parts(aar))
    _carry_out_tools(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _application_parts(aar: Path) -> list[ET.Element]:
    try:
        with zipfile.ZipFile(aar) as archive:
            root = _parse(archive.read("AndroidManifest.xml"), aar)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BuildError("build.manifest", f"{aar.name} has no manifest", why=str(error)) from error
    application = root.find("application")
    return [] if application is None else list(application)


def _parse(data: bytes, path: Path) -> ET.Element:
    try:
        return ET.fromstring(data)  # noqa: S314 - the project's own source, and libraries pinned by their hash
    except ET.ParseError as error:
        raise BuildError("build.manifest", f"{path} is not XML", why=str(error)) from error


def _carry_out_tools(element: ET.Element) -> None:
    for child in list(element):
        if child.get(f"{{{_TOOLS}}}node") == "remove":
            element.remove(child)
        else:
            _carry_out_tools(child)
    for name in [name for name in element.attrib if name.startswith(f"{{{_TOOLS}}}")]:
        del element.attrib[name]
