"""Every reason to refuse an APK, each by a file that has it: Android's code and words."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.pixel.delivery import InstallOptions
from harness.pixel.refusals import CAUSES, InstallRefused
from harness.pixel.storage import Storage
from tests.tiny_apk import (
    AUTHORITIES,
    EXPORTED,
    EXTRACT_NATIVE_LIBS,
    ISOLATED_SPLITS,
    LAUNCHER,
    NAME,
    PROCESS,
    REQUIRED_TYPES,
    SHARED_USER,
    SPLIT_REQUIRED,
    Tag,
    manifest,
    pack,
    split_manifest,
)
from tests.unit.pixel.test_packages import Phone

PROVIDER: Tag = ("provider", {NAME: ".P", AUTHORITIES: "one;two", EXPORTED: False}, [])
PERMISSION: Tag = ("permission", {NAME: "dev.P"}, [])
GROUP: Tag = ("permission-group", {NAME: "dev.G"}, [])
OTHER = "dev.other"
CLASHES = manifest(OTHER, inside=[PROVIDER], above=[PERMISSION, GROUP], root={SHARED_USER: "dev.shared"})


def at(package: str = "dev.tiny", **more: object) -> Tag:
    return manifest(package, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    """APKs that are refused: by their trees, on a device that has others, with these options."""

    code: str
    words: str
    trees: tuple[Tag, ...]
    before: tuple[Tag, ...] = ()
    options: InstallOptions = InstallOptions()  # noqa: RUF009 - frozen
    signer: str = "alice"
    files: tuple[tuple[str, bytes], ...] = ()
    prepare: Callable[[Phone], None] | None = None


def fill(phone: Phone) -> None:
    phone.storage.filled = phone.storage.capacity


def v1_only(phone: Phone) -> None:
    phone.scheme = 1


TINY = "Failed parse during installPackageLI: /data/app/0.apk (at Binary XML file line #1): "
CASES = [
    Case("INSTALL_FAILED_ALREADY_EXISTS", "Attempt to re-install dev.tiny without first uninstalling.", (at(),), (at(),),
         InstallOptions(replace=False)),
    Case("INSTALL_FAILED_CONFLICTING_PROVIDER",
         "Scanning Failed.: Can't install because provider name two (in package dev.tiny) is already used by dev.other",
         (at(inside=[("provider", {NAME: ".Q", AUTHORITIES: "two"}, [])]),), (CLASHES,)),
    Case("INSTALL_FAILED_DEPRECATED_SDK_VERSION", "App package must target at least SDK version 23, but found 22",
         (at(target_sdk=22, min_sdk=21),)),
    Case("INSTALL_FAILED_DUPLICATE_PERMISSION",
         "Package dev.tiny attempting to redeclare permission dev.P already owned by dev.other",
         (at(above=[PERMISSION]),), (CLASHES,), signer="mallory"),
    Case("-126", "Package dev.tiny attempting to redeclare permission group dev.G already owned by dev.other",
         (at(above=[GROUP]),), (CLASHES,), signer="mallory"),
    Case("INSTALL_FAILED_INSUFFICIENT_STORAGE", "Failed to override installation location", (at(),), prepare=fill),
    Case("INSTALL_FAILED_INVALID_APK", "Full install must include a base package", (split_manifest("a"),)),
    Case("INSTALL_FAILED_INVALID_APK", "Split a was defined multiple times",
         (at(), split_manifest("a"), split_manifest("a"))),
    Case("INSTALL_FAILED_INVALID_APK", "/data/app/1.apk version code 2 inconsistent with 1",
         (at(), split_manifest("a", version=2))),
    Case("INSTALL_FAILED_INVALID_APK", "/data/app/1.apk package dev.other inconsistent with dev.tiny",
         (at(), split_manifest("a", OTHER))),
    Case("INSTALL_FAILED_INVALID_APK", "/data/app/0.apk specified package dev.b inconsistent with dev.tiny", (at(),),
         options=InstallOptions(package="dev.b")),
    Case("INSTALL_FAILED_INVALID_APK", "Missing existing base package for dev.tiny", (split_manifest("a"),),
         options=InstallOptions(package="dev.tiny", inherit=True)),
    Case("INSTALL_FAILED_INVALID_APK", "Split not found: b", (), (at(),),
         options=InstallOptions(package="dev.tiny", inherit=True, remove_splits=("b",))),
    Case("INSTALL_FAILED_INVALID_APK", "Failed to extract native libraries, res=-2",
         (at(application={EXTRACT_NATIVE_LIBS: False}),), files=(("lib/x86_64/liba.so", b"not at a page"),)),
    Case("INSTALL_FAILED_MISSING_SHARED_LIBRARY",
         "Reconciliation failed...: Reconcile failed: Package dev.tiny requires unavailable shared library com.maps;"
         " failing!", (at(inside=[("uses-library", {NAME: "com.maps"}, [])]),)),
    Case("INSTALL_FAILED_MISSING_SPLIT", "Missing split for dev.tiny", (at(root={SPLIT_REQUIRED: True}),)),
    Case("INSTALL_FAILED_MISSING_SPLIT", "Missing split for dev.tiny",
         (at(root={SPLIT_REQUIRED: True, REQUIRED_TYPES: "base__abi"}), split_manifest("config.en"))),
    Case("INSTALL_FAILED_NO_MATCHING_ABIS", "Failed to extract native libraries, res=-113", (at(),),
         files=(("lib/arm64-v8a/liba.so", b"1"),)),
    Case("INSTALL_FAILED_OLDER_SDK", TINY + "Requires newer sdk version #36 (current version is #34)", (at(min_sdk=36),)),
    Case("INSTALL_FAILED_OLDER_SDK", TINY + "Requires development platform Baklava but this is a release platform.",
         (at(min_sdk="Baklava"),)),
    Case("INSTALL_FAILED_PROCESS_NOT_DEFINED",
         "Scanning Failed.: Can't install because application dev.tiny's process attribute dev.tiny:b (in package"
         " dev.tiny) is not included in the <processes> list",
         (at(inside=[("processes", {}, [("process", {PROCESS: "dev.tiny"}, [])]),
                     ("service", {NAME: ".S", PROCESS: ":b"}, [])]),)),
    Case("INSTALL_FAILED_SHARED_USER_INCOMPATIBLE",
         "Reconciliation failed...: Reconcile failed: Package dev.tiny has no signatures that match those in shared user"
         " dev.shared; ignoring!", (at(root={SHARED_USER: "dev.shared"}),), (CLASHES,), signer="mallory"),
    Case("INSTALL_FAILED_TEST_ONLY", "Failed to install test-only apk. Did you forget to add -t?", (at(test_only=True),)),
    Case("INSTALL_FAILED_UPDATE_INCOMPATIBLE", "Existing package dev.tiny signatures do not match newer version; ignoring!",
         (at(),), (at(),), signer="mallory"),
    Case("INSTALL_FAILED_VERSION_DOWNGRADE", "Downgrade detected: Update version code 1 is older than current 2",
         (at(),), (at(version=2),)),
    Case("INSTALL_FAILED_VERSION_DOWNGRADE", "Downgrade detected: Update version code 1 is older than current 2",
         (at(),), (at(version=2, debuggable=False),), InstallOptions(allow_downgrade=True)),
    Case("-26", "Package dev.tiny new target SDK 22 doesn't support runtime permissions but the old target SDK 34 does.",
         (at(target_sdk=22, min_sdk=21),), (at(),), InstallOptions(bypass_low_target=True)),
    Case("-124", "Failed parse during installPackageLI: Targeting R+ (version 30 and above) requires the resources.arsc of"
         " installed APKs to be stored uncompressed and aligned on a 4-byte boundary", (at(),),
         files=(("x", b""), ("resources.arsc", b"1234"))),
    Case("INSTALL_PARSE_FAILED_BAD_MANIFEST", "Split 'a' requires split 'b', which is missing.",
         (at(root={ISOLATED_SPLITS: True}), ("manifest", {"package": "dev.tiny", "split": "a", "configForSplit": "b",
                                                          0x0101021B: 1}, []))),
    Case("INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME", "Invalid manifest package: must have at least one '.' separator",
         (at("tiny"),)),
    Case("INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME", "Invalid manifest package: bad character '-'", (at("dev.ti-ny"),)),
    Case("INSTALL_PARSE_FAILED_BAD_SHARED_USER_ID", '<manifest> specifies bad sharedUserId name "a/b": bad character \'/\'',
         (at(root={SHARED_USER: "a/b"}),)),
    Case("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED",
         TINY + "dev.tiny.B: Targeting S+ (version 31 and above) requires that an explicit value for android:exported be"
         " defined when intent filters are present", (at(inside=[("activity", {NAME: ".B"}, [LAUNCHER])]),)),
    Case("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED",
         TINY + "<manifest> does not contain an <application> or <instrumentation>",
         (("manifest", {"package": "dev.tiny"}, [("uses-sdk", {0x01010270: 34}, [])]),)),
    Case("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED", TINY + "<provider> does not include authorities attribute",
         (at(inside=[("provider", {NAME: ".P"}, [])]),)),
    Case("INSTALL_PARSE_FAILED_NO_CERTIFICATES",
         "Scanning Failed.: No signature found in package of version 2 or newer for package dev.tiny", (at(),),
         prepare=v1_only),
]  # fmt: skip
ELSEWHERE = {
    "INSTALL_PARSE_FAILED_CERTIFICATE_ENCODING", "INSTALL_PARSE_FAILED_INCONSISTENT_CERTIFICATES",
    "INSTALL_PARSE_FAILED_NOT_APK", "INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION",
}  # fmt: skip
"""Codes that the tests of signatures and of archives reach."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_each_reason_has_its_code_and_words(tmp_path: Path, case: Case) -> None:
    """What Android says, and nothing is changed on the device."""
    phone = Phone(tmp_path / "state")
    for number, tree in enumerate(case.before):
        phone.install(pack(tmp_path / f"before{number}.apk", tree))
    before = phone.store.listed()
    phone.signer = case.signer
    if case.prepare is not None:
        case.prepare(phone)
    apks = [pack(tmp_path / f"{number}.apk", tree, dict(case.files)) for number, tree in enumerate(case.trees)]

    with pytest.raises(InstallRefused) as refused:
        phone.install(*apks, options=case.options)

    assert (refused.value.code, refused.value.reason) == (case.code, case.words)
    assert phone.store.listed() == before
    assert len(list((phone.paths.root / "data/app").iterdir())) == len(before)


def test_the_table_of_causes_is_whole() -> None:
    """Every code in it is reached by a test, and every code that a test reaches is in it."""
    assert {case.code for case in CASES} | ELSEWHERE == set(CAUSES)


def test_options_and_the_device_lift_what_they_are_for(tmp_path: Path) -> None:
    """`--bypass-low-target-sdk-block`, a library that isn't required, an earlier rule for an earlier target."""
    phone = Phone(tmp_path / "state")
    low = pack(tmp_path / "low.apk", at(target_sdk=22, min_sdk=21))
    optional: Tag = ("uses-library", {NAME: "com.maps", 0x0101028E: False}, [])
    implicit: Tag = ("activity", {NAME: ".B"}, [LAUNCHER])
    assert phone.install(low, options=InstallOptions(bypass_low_target=True)).target_sdk == 22
    loose = pack(tmp_path / "b.apk", at(OTHER, target_sdk=30, inside=[optional, implicit]))
    assert phone.install(loose).activities[1].exported


def test_a_library_that_is_used_in_place_lies_at_a_page(tmp_path: Path) -> None:
    """Stored and aligned, it is taken, and is there for the app."""
    phone = Phone(tmp_path / "state")
    apk = pack(tmp_path / "a.apk", at(application={EXTRACT_NATIVE_LIBS: False}))
    with zipfile.ZipFile(apk, "a") as archive:
        entry = zipfile.ZipInfo("lib/x86_64/liba.so")
        entry.extra = b"\xd9\x35" + (length := 4096 - (archive.start_dir + 30 + 18 + 4) % 4096).to_bytes(2, "little")
        entry.extra += bytes(length)
        archive.writestr(entry, b"code")
    package = phone.install(apk)
    assert (package.folder / "lib/x86_64/liba.so").read_bytes() == b"code"


def test_storage_counts_what_an_install_takes(tmp_path: Path) -> None:
    """APKs and unpacked libraries against what is free, less what Android keeps; an uninstall gives it back."""
    phone = Phone(tmp_path / "state")
    apk = pack(tmp_path / "a.apk", files={"lib/x86_64/liba.so": bytes(1 << 20)})
    phone.storage = Storage(phone.paths.root, capacity=4 << 20)
    phone.store._storage = phone.storage
    phone.install(apk)
    assert phone.storage.used() > 2 << 20
    other = pack(tmp_path / "b.apk", at(OTHER), files={"lib/x86_64/liba.so": bytes(1 << 20)})
    with pytest.raises(InstallRefused, match="INSUFFICIENT_STORAGE"):
        phone.install(other)
    assert phone.store.get("dev.tiny") is not None
