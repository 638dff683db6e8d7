"""APKs that are made to harm, through a real adb: refused, and the next client's command goes on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import Adb
from tests.tiny_apk import binary_xml, manifest, pack


def test_hostile_apks_are_refused_and_the_device_goes_on(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """A bomb for a manifest, an entry twice, a name that leads out, an error page; then a command and a log line each."""
    bomb, twice = tmp_path / "bomb.apk", pack(tmp_path / "twice.apk")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AndroidManifest.xml", binary_xml(manifest()) + bytes(256 << 20))
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("classes.dex", b"other")
    out = pack(tmp_path / "out.apk", files={"lib/x86_64/../../../evil.so": b"x"})
    page = tmp_path / "page.apk"
    page.write_bytes(b"<html>not found</html>")
    expected = {
        bomb: "INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION",
        twice: "INSTALL_PARSE_FAILED_NOT_APK",
        out: "INSTALL_PARSE_FAILED_NOT_APK",
        page: "INSTALL_PARSE_FAILED_NOT_APK",
    }

    for apk, code in expected.items():
        done = adb("install", str(apk))
        assert code in (done.stdout + done.stderr).decode()
        assert adb.text("shell", "echo on").strip() == "on"

    logged = adb.text("logcat", "-d", "-b", "system", "-s", "PackageManager")
    assert logged.count("Package couldn't be installed: INSTALL_PARSE_FAILED_") >= len(expected)
    assert "dev.tiny" not in adb.text("shell", "pm", "list", "packages", "-3")
