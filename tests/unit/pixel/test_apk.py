"""Reading APKs that may be hostile."""

from __future__ import annotations

import contextlib
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.pixel import axml
from harness.pixel.apk import choose_abi, extract_native, read_apk
from harness.pixel.declarations import IntentFilter
from harness.pixel.manifest import parse_manifest
from harness.pixel.refusals import InstallRefused
from tests.tiny_apk import EXPORTED, NAME, PROCESS, SCHEME, TARGET_ACTIVITY, Tag, binary_xml, manifest, pack


@pytest.mark.parametrize("utf8", [False, True])
def test_manifest_is_read_by_resource_ids_whatever_the_names(utf8: bool) -> None:
    """Android finds its own attributes by resource id; the names in the file may be anything."""
    read = parse_manifest(binary_xml(manifest(version=7, test_only=True), utf8=utf8))

    assert (read.package, read.version_code, read.version_name) == ("dev.tiny", 7, "7.0")
    assert (read.min_sdk, read.target_sdk, read.test_only, read.debuggable) == (24, 34, True, True)
    assert [(each.name, each.exported, each.actions) for each in read.activities] == [
        ("dev.tiny.MainActivity", True, ("android.intent.action.MAIN",))
    ]
    assert [(each.name, each.target_package) for each in read.instrumentations] == [("dev.tiny.Probe", "dev.tiny")]
    assert read.permissions == ("android.permission.INTERNET",)


def test_filters_are_read_with_their_data_and_priority() -> None:
    """Scheme, host, paths by kind, types; an alias stands for its activity, a service has a process of its own."""
    data: list[Tag] = [
        ("data", {SCHEME: "https", 0x01010028: "example.org", 0x0101002B: "/a"}, []),
        ("data", {0x0101002C: "/b.*", 0x01010026: "image/*"}, []),
    ]
    view: Tag = ("intent-filter", {0x0101001C: 7}, [("action", {NAME: "android.intent.action.VIEW"}, []), *data])
    alias: Tag = ("activity-alias", {NAME: ".Alias", TARGET_ACTIVITY: ".MainActivity", EXPORTED: False}, [view])
    service: Tag = ("service", {NAME: ".S", PROCESS: ":far"}, [])

    read = parse_manifest(binary_xml(manifest(inside=[alias, service])))

    assert read.activities[1].target == "dev.tiny.MainActivity"
    assert read.activities[1].filters == (
        IntentFilter(
            ("android.intent.action.VIEW",), (), ("https",), ("example.org",), ("image/*",),
            (("pathPrefix", "/a"), ("pathPattern", "/b.*")), 7,
        ),
    )  # fmt: skip
    assert [(each.name, each.process) for each in read.services] == [("dev.tiny.S", "dev.tiny:far")]


@pytest.mark.parametrize("utf8", [False, True])
def test_long_and_foreign_strings_come_back_whole(utf8: bool) -> None:
    """Strings over 127 characters and outside ASCII have other length fields in both encodings."""
    name = "dev.tiny." + "ä€" * 150

    root = axml.parse(binary_xml(("manifest", {NAME: name}, []), utf8=utf8))

    assert root.text("android:name") == name


@given(st.binary(max_size=400), st.integers(0, 2000))
@settings(max_examples=300, deadline=None)
def test_a_damaged_manifest_is_refused_and_never_crashes_the_reader(noise: bytes, place: int) -> None:
    """Whatever bytes stand anywhere in the file, the answer is a manifest or a refusal."""
    data = bytearray(binary_xml(manifest()))
    data[place : place + len(noise)] = noise
    with contextlib.suppress(InstallRefused):
        assert parse_manifest(bytes(data)).package


def test_overlapping_strings_are_refused_before_they_fill_the_memory() -> None:
    """A pool whose many offsets all name one long string would unpack to gigabytes."""
    count, text = 100_000, b"\xff\x7f" + b"A\0" * 0x7FFF
    start = 28 + 4 * count
    pool = struct.pack("<HHI5I", 1, 28, start + len(text), count, 0, 0, start, 0) + bytes(4 * count) + text
    with pytest.raises(axml.BinaryXmlError, match="overlap"):
        axml.parse(struct.pack("<HHI", 3, 8, 8 + len(pool)) + pool)


def test_elements_nested_too_deep_are_refused() -> None:
    """Depth is bounded, so that no reader of the tree runs out of stack."""
    tag: Tag = ("a", {}, [])
    for _ in range(100):
        tag = ("a", {}, [tag])
    with pytest.raises(axml.BinaryXmlError, match="deep"):
        axml.parse(binary_xml(tag))


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    """Readers disagree about which of two entries counts: the signature may hold for the other one."""
    path = pack(tmp_path / "a.apk")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("classes.dex", b"other")
    with pytest.raises(InstallRefused, match=r"two entries 'classes.dex'"):
        read_apk(path)


@pytest.mark.parametrize("name", ["../evil", "lib/x86_64/../../evil.so", "/etc/passwd", "a\\..\\b"])
def test_entries_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    """An entry's name is a path inside the APK and nothing else."""
    with pytest.raises(InstallRefused, match="leads out"):
        read_apk(pack(tmp_path / "a.apk", files={name: b""}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"<html>not found</html>"])
def test_a_file_that_is_no_apk_is_refused(tmp_path: Path, content: bytes) -> None:
    """A cut download or an error page gets Android's own code."""
    path = tmp_path / "a.apk"
    path.write_bytes(content)
    with pytest.raises(InstallRefused) as refused:
        read_apk(path)
    assert refused.value.code == "INSTALL_PARSE_FAILED_NOT_APK"


def test_an_abi_is_chosen_only_among_the_devices(tmp_path: Path) -> None:
    """The device's order decides; libraries for other machines alone are a refusal; none at all fit everywhere."""
    both = {"lib/arm64-v8a/liba.so": b"1", "lib/x86_64/liba.so": b"2", "lib/x86_64/libb.so": b"3"}
    apk = read_apk(pack(tmp_path / "both.apk", files=both))
    assert choose_abi([apk], ("x86_64",)) == "x86_64"
    assert choose_abi([read_apk(pack(tmp_path / "none.apk"))], ("x86_64",)) is None
    with pytest.raises(InstallRefused, match=r"INSTALL_FAILED_NO_MATCHING_ABIS: .*res=-113"):
        choose_abi([read_apk(pack(tmp_path / "arm.apk", files={"lib/arm64-v8a/liba.so": b"1"}))], ("x86_64",))

    (tmp_path / "lib").mkdir()
    extract_native(apk, "x86_64", tmp_path / "lib")
    assert {path.name: path.read_bytes() for path in (tmp_path / "lib").iterdir()} == {"liba.so": b"2", "libb.so": b"3"}
