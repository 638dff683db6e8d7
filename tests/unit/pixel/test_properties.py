"""System properties: who may set what, and who reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.pixel.profile import APIS, PIXEL_3_XL, PROFILES, Gpu, profile_of
from harness.pixel.properties import Properties, PropertyRefused, initial_properties


@pytest.fixture
def properties(tmp_path: Path) -> Properties:
    return Properties(initial_properties(PIXEL_3_XL, "emulator-5554", "mine"), tmp_path / "properties")


def test_the_device_says_that_it_is_virtual(properties: Properties) -> None:
    """Reports rely on these to tell its numbers from a phone's; the fingerprint says it too."""
    assert properties.get("ro.kernel.qemu") == "1"
    assert properties.get("ro.hardware") == "virtual"
    assert properties.get("ro.build.fingerprint").endswith("/virtual:user/test-keys")
    assert properties.get("ro.product.model") == "Pixel 3 XL"


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("api", APIS)
def test_each_phone_says_what_it_is_and_that_it_is_virtual(name: str, api: int, tmp_path: Path) -> None:
    """Model, build and screen are the profile's; the ABI is the one that runs here, whichever the phone has."""
    profile = profile_of(name, api)
    device = Properties(initial_properties(profile, "emulator-5554", "mine"), tmp_path / "properties")
    assert device.get("ro.kernel.qemu") == "1"
    assert device.get("ro.hardware") == "virtual"
    assert device.get("ro.product.cpu.abilist") == "x86_64"
    assert device.get("ro.product.vendor.model") == profile.model
    assert device.get("ro.product.first_api_level") == str(profile.first_api)
    assert device.get("ro.sf.lcd_density") == str(profile.density)
    assert device.get("ro.build.version.sdk") == str(api)
    assert device.get("ro.build.version.release") == {34: "14", 35: "15"}[api]
    assert f":{profile.release}/{profile.build_id}/virtual:" in device.get("ro.build.fingerprint")
    assert int(device.get("ro.build.date.utc")) == profile.build_date.timestamp()


def test_without_a_gpu_no_version_of_opengl_is_told(tmp_path: Path) -> None:
    """As a device that has none leaves the property out."""
    values = [initial_properties(PIXEL_3_XL, "emulator-5554", "mine", gpu=gpu) for gpu in Gpu]
    assert [each.get("ro.opengles.version") for each in values] == ["196610", "196610", None]


def test_native_code_reads_every_change_in_the_mirror(properties: Properties, tmp_path: Path) -> None:
    """`key=value` lines, whole at any moment."""
    properties.set("debug.mine", "a=b")
    lines = (tmp_path / "properties").read_text().splitlines()
    assert "debug.mine=a=b" in lines
    assert dict(line.split("=", 1) for line in lines) == dict(properties.listed())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ro.hardware", "phone"),
        ("debug.long", "x" * 92),
        ("bad name", "1"),
        ("a..b", "1"),
        (".a", "1"),
        ("debug.line", "a\nro.hardware=phone"),
    ],
)
def test_what_android_refuses_is_refused(properties: Properties, name: str, value: str) -> None:
    """Read-only ones, long values, bad names, and a value that would forge another line."""
    before = properties.listed()
    with pytest.raises(PropertyRefused):
        properties.set(name, value)
    assert properties.listed() == before


def test_only_persistent_ones_are_kept(properties: Properties) -> None:
    """`persist.` outlives a restart, nothing else does."""
    properties.set("persist.mine", "1")
    properties.set("debug.mine", "1")
    assert "persist.mine" in properties.kept()
    assert "debug.mine" not in properties.kept()
