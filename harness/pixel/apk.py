"""An APK as a package manager sees it: checked as something that may be hostile, then read.

Android's own words for each refusal are in `InstallRefused.code`, as `adb install` prints them.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.pixel import axml
from harness.pixel.axml import BinaryXmlError, Element

MAX_ENTRIES: Final = 65_535
MAX_TOTAL: Final = 8 << 30
MAX_MANIFEST: Final = axml.MAX_BYTES
_PACKAGE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)+")
_NATIVE: Final = re.compile(r"lib/([^/]+)/([^/]+\.so)")
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class InstallRefused(Exception):
    """The package manager says no: Android's code for it (`INSTALL_FAILED_OLDER_SDK`) and the reason in words."""

    def __init__(self, code: str, reason: str = "") -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code}: {reason}" if reason else code)


@dataclass(frozen=True, slots=True)
class Activity:
    """A declared activity: whole class name, whether others may start it, the actions of its intent filters."""

    name: str
    exported: bool
    actions: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """A declared instrumentation: whole class name, and the package that it runs in."""

    name: str
    target_package: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is used of an `AndroidManifest.xml`; class names are whole."""

    package: str
    version_code: int
    version_name: str
    min_sdk: int
    target_sdk: int
    application: str | None
    debuggable: bool
    test_only: bool
    activities: tuple[Activity, ...]
    instrumentations: tuple[Instrumentation, ...]
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Apk:
    """A checked APK: its manifest, and its native libraries' names by ABI."""

    path: Path
    manifest: Manifest
    native: dict[str, tuple[str, ...]]

    def choose_abi(self, supported: Sequence[str]) -> str | None:
        """The first of the device's ABIs that the APK has libraries for; None where it has no libraries at all.

        Raises `InstallRefused` when it has some, and none that fits.
        """
        if not self.native:
            return None
        for abi in supported:
            if abi in self.native:
                return abi
        raise InstallRefused(
            "INSTALL_FAILED_NO_MATCHING_ABIS",
            f"Failed to extract native libraries, res=-113 (the APK has {', '.join(sorted(self.native))};"
            f" the device runs {', '.join(supported)})",
        )


def read_apk(path: Path) -> Apk:
    """Check and read an APK. Raises `InstallRefused`."""
    try:
        with zipfile.ZipFile(path) as archive:
            native = _check_entries(archive.infolist())
            manifest = parse_manifest(_manifest_bytes(archive))
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InstallRefused("INSTALL_PARSE_FAILED_NOT_APK", f"Failed to parse {path.name}: {error}") from error
    return Apk(path, manifest, native)


def extract_native(apk: Apk, abi: str, folder: Path) -> None:
    """Write the libraries of `abi` into `folder`, which is made."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(apk.path) as archive:
        for name in apk.native[abi]:
            with archive.open(f"lib/{abi}/{name}") as source, (folder / name).open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            (folder / name).chmod(0o755)


def _check_entries(entries: Sequence[zipfile.ZipInfo]) -> dict[str, tuple[str, ...]]:
    def refuse(reason: str) -> InstallRefused:
        return InstallRefused("INSTALL_PARSE_FAILED_NOT_APK", reason)

    if len(entries) > MAX_ENTRIES:
        raise refuse(f"{len(entries)} entries; {MAX_ENTRIES} are allowed")
    seen: set[str] = set()
    native: dict[str, list[str]] = {}
    total = 0
    for entry in entries:
        name = entry.orig_filename
        if name in seen:
            raise refuse(f"two entries {name!r}")
        seen.add(name)
        if "\0" in name or "\\" in name or name.startswith("/") or ".." in name.split("/"):
            raise refuse(f"entry {name!r} has a path that leads out")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise refuse(f"entry {name!r} is encrypted, or compressed as Android can't read it")
        total += entry.file_size
        if match := _NATIVE.fullmatch(name):
            native.setdefault(match[1], []).append(match[2])
    if total > MAX_TOTAL:
        raise refuse(f"{total} bytes when unpacked; {MAX_TOTAL} are allowed")
    return {abi: tuple(names) for abi, names in native.items()}


def _manifest_bytes(archive: zipfile.ZipFile) -> bytes:
    try:
        entry = archive.getinfo("AndroidManifest.xml")
    except KeyError:
        raise InstallRefused("INSTALL_PARSE_FAILED_BAD_MANIFEST", "AndroidManifest.xml isn't there") from None
    if entry.file_size > MAX_MANIFEST:
        raise InstallRefused("INSTALL_PARSE_FAILED_BAD_MANIFEST", f"a manifest of {entry.file_size} bytes")
    return archive.read(entry)


def parse_manifest(data: bytes) -> Manifest:
    """Read a binary `AndroidManifest.xml`. Raises `InstallRefused`."""
    try:
        return _manifest(axml.parse(data))
    except BinaryXmlError as error:
        raise InstallRefused("INSTALL_PARSE_FAILED_BAD_MANIFEST", str(error)) from None


def _manifest(root: Element) -> Manifest:
    if root.tag != "manifest":
        raise InstallRefused("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED", f"the root is <{root.tag}>, not <manifest>")
    package = root.text("package") or ""
    if not _PACKAGE.fullmatch(package):
        raise InstallRefused("INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME", f"Invalid manifest package: {package!r}")
    application = next(root.all("application"), Element("application", {}))
    sdk = next(root.all("uses-sdk"), Element("uses-sdk", {}))
    min_sdk = sdk.number("android:minSdkVersion", 1)
    name = application.text("android:name")
    return Manifest(
        package=package,
        version_code=root.number("android:versionCode", 0) & 0xFFFFFFFF
        | root.number("android:versionCodeMajor", 0) << 32,
        version_name=root.text("android:versionName") or "null",
        min_sdk=min_sdk,
        target_sdk=sdk.number("android:targetSdkVersion", min_sdk),
        application=_class_name(package, name) if name else None,
        debuggable=application.flag("android:debuggable", False),
        test_only=application.flag("android:testOnly", False),
        activities=tuple(_activity(package, element) for element in application.all("activity")),
        instrumentations=tuple(_instrumentation(package, element) for element in root.all("instrumentation")),
        permissions=tuple(
            name for element in root.all("uses-permission") if (name := element.text("android:name")) is not None
        ),
    )


def _class_name(package: str, name: str | None) -> str:
    if not name:
        raise InstallRefused("INSTALL_PARSE_FAILED_MANIFEST_MALFORMED", "a component has no android:name")
    if name.startswith("."):
        return package + name
    return name if "." in name else f"{package}.{name}"


def _activity(package: str, element: Element) -> Activity:
    filters = list(element.all("intent-filter"))

    def names(tag: str) -> tuple[str, ...]:
        return tuple(item.text("android:name") or "" for chosen in filters for item in chosen.all(tag))

    exported = element.flag("android:exported", bool(filters))
    return Activity(_class_name(package, element.text("android:name")), exported, names("action"), names("category"))


def _instrumentation(package: str, element: Element) -> Instrumentation:
    target = element.text("android:targetPackage") or package
    return Instrumentation(_class_name(package, element.text("android:name")), target)
