"""The probe app as an APK: built like the harness' own app, with its own classes and manifest."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.app.bundle import Bundle
from harness.app.direct import BuiltApk, build_apk

PROJECT = Path(__file__).parents[2] / "android_app"
PROBE = Path(__file__).parents[1] / "data/probe_app"


def build_probe(bundle: Bundle, folder: Path) -> BuiltApk:
    """The probe app, signed with this checkout's debug key."""
    project = folder / "android_app"
    shutil.copytree(PROJECT, project)
    main = project / "app/src/main"
    shutil.rmtree(main / "java")
    shutil.copytree(PROBE / "java", main / "java")
    shutil.copy(PROBE / "AndroidManifest.xml", main / "AndroidManifest.xml")
    return build_apk(bundle, project, folder / "probe.apk")
