"""The app's manifest as a build completes it: what Gradle's merger does, for one manifest."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from harness.app.versions import AppVersions
from harness.errors import BuildError

_ANDROID = "http://schemas.android.com/apk/res/android"
_TOOLS = "http://schemas.android.com/tools"


def complete_manifest(path: Path, versions: AppVersions) -> bytes:
    """The manifest for aapt2, as XML: package set, libraries left in the APK, `tools:` instructions carried out.

    Versions and SDK levels are aapt2's to add. Raises `BuildError` (`build.manifest`) when it can't be read.
    """
    try:
        root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - the project's own source
    except (OSError, ET.ParseError) as error:
        raise BuildError("build.manifest", f"can't read {path}", why=str(error)) from error
    application = root.find("application")
    if root.tag != "manifest" or application is None:
        raise BuildError("build.manifest", f"{path} is not a manifest with an application")
    ET.register_namespace("android", _ANDROID)
    root.set("package", versions.application_id)
    application.set(f"{{{_ANDROID}}}extractNativeLibs", "false")
    _carry_out_tools(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _carry_out_tools(element: ET.Element) -> None:
    for child in list(element):
        if child.get(f"{{{_TOOLS}}}node") == "remove":
            element.remove(child)
        else:
            _carry_out_tools(child)
    for name in [name for name in element.attrib if name.startswith(f"{{{_TOOLS}}}")]:
        del element.attrib[name]
