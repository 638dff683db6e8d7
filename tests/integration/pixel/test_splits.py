"""Split APKs on a running device: installed together, added, taken off, and seen by the app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.pixel.lifecycle import PixelInfo
from tests.integration.pixel.conftest import Adb
from tests.tiny_apk import pack, sign, split_manifest
from tests.tiny_code import probe_apks


@pytest.fixture(autouse=True)
def clean(adb: Adb, pixel: PixelInfo) -> Iterator[None]:
    """No test leaves the package."""
    yield
    adb("uninstall", "dev.tiny")


def test_splits_are_installed_added_and_taken_off(
    adb: Adb, pixel: PixelInfo, apk: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """`install-multiple`, then `-p` with one more, then `uninstall` of one: `pm path` tells each."""
    config = sign(pack(tmp_path / "config.apk", split_manifest("config.en")), keys[0])
    more = sign(pack(tmp_path / "more.apk", split_manifest("config.de")), keys[0])

    assert "Success" in adb.text("install-multiple", str(apk), str(config))
    adb.text("install-multiple", "-p", "dev.tiny", str(more))
    both = adb.text("shell", "pm", "path", "dev.tiny").split()
    adb.text("shell", "pm", "uninstall", "dev.tiny", "config.en")
    left = adb.text("shell", "pm", "path", "dev.tiny").split()

    assert [path.rpartition("/")[2] for path in both] == [
        "base.apk", "split_config.de.apk", "split_config.en.apk",
    ]  # fmt: skip
    assert [path.rpartition("/")[2] for path in left] == ["base.apk", "split_config.de.apk"]
    assert "splits=[base, config.de]" in adb.text("shell", "dumpsys", "package", "dev.tiny")
    path = left[1].removeprefix("package:")
    assert adb.text("shell", f"wc -c < {path}").strip() == str(more.stat().st_size)


def test_splits_that_do_not_belong_are_refused(
    adb: Adb, pixel: PixelInfo, apk: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """Another version, another signer: adb tells Android's reason, and nothing is installed."""
    later = sign(pack(tmp_path / "later.apk", split_manifest("config.en", version=2)), keys[0])
    foreign = sign(pack(tmp_path / "foreign.apk", split_manifest("config.en")), keys[1])
    for split, why in ((later, b"inconsistent with"), (foreign, b"signatures are inconsistent")):
        done = adb("install-multiple", str(apk), str(split))
        assert done.returncode != 0
        assert b"INSTALL_FAILED_INVALID_APK" in done.stdout + done.stderr
        assert why in done.stdout + done.stderr
    assert adb("shell", "pm", "path", "dev.tiny").returncode == 1


@pytest.mark.slow
def test_an_app_sees_its_splits_and_its_permissions(
    adb: Adb, pixel: PixelInfo, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """A class of a split extends one of the base; an asset that only it has is there; a grant is seen."""
    base, feature = (sign(path, keys[0]) for path in probe_apks(tmp_path))
    adb.text("install-multiple", str(base), str(feature))

    told = adb.text("shell", "am", "instrument", "-w", "-r", "dev.tiny/.Probe")

    assert "INSTRUMENTATION_RESULT: splits=[feature]" in told
    assert "INSTRUMENTATION_RESULT: internet=0" in told
    assert "INSTRUMENTATION_RESULT: camera=-1" in told
    assert "INSTRUMENTATION_RESULT: extra=of the split" in told
    assert "INSTRUMENTATION_RESULT: asset=an asset" in told
    adb.text("shell", "pm", "grant", "dev.tiny", "android.permission.CAMERA")
    assert "INSTRUMENTATION_RESULT: camera=0" in adb.text("shell", "am", "instrument", "-w", "-r", "dev.tiny/.Probe")
