"""An APK as a package manager sees it: checked as something that may be hostile, then read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.pixel import axml, resources
from harness.pixel.archive import STORED, Archive, BadArchive, Entry
from harness.pixel.axml import Lookup, Value
from harness.pixel.manifest import Manifest, parse_manifest
from harness.pixel.refusals import InstallRefused

MAX_DEX: Final = 512 << 20
_PAGE: Final = 4096
_NATIVE: Final = re.compile(r"lib/([^/]+)/([^/]+)")
_LIBRARY: Final = re.compile(r"lib[A-Za-z0-9_.+\-]*\.so")
_SAFE: Final = re.compile(r"[A-Za-z0-9_.+\-]+")
_DEX: Final = re.compile(r"classes\d*\.dex")
_NOT_APK: Final = "INSTALL_PARSE_FAILED_NOT_APK"
_INVALID: Final = "INSTALL_FAILED_INVALID_APK"
_CANT_EXTRACT: Final = "Failed to extract native libraries, res="
_R: Final = 30


@dataclass(frozen=True, slots=True)
class Apk:
    """A checked APK: its manifest, its size in bytes, and its native libraries by ABI and name."""

    path: Path
    manifest: Manifest
    size: int
    native: dict[str, dict[str, Entry]]

    def library_bytes(self, abi: str | None) -> int:
        """What the libraries of an ABI take once they are unpacked."""
        return sum(entry.size for entry in self.native.get(abi or "", {}).values())


def choose_abi(apks: Sequence[Apk], supported: Sequence[str]) -> str | None:
    """The first of the device's ABIs that the APKs of a package have libraries for; None where there are none at all.

    Raises `InstallRefused` when there are some, and none that fits.
    """
    there = {abi for apk in apks for abi in apk.native}
    if not there:
        return None
    for abi in supported:
        if abi in there:
            return abi
    raise InstallRefused("INSTALL_FAILED_NO_MATCHING_ABIS", f"{_CANT_EXTRACT}-113")


def read_apk(path: Path, *, shown: str = "base.apk", sdk: int = 34, at_install: bool = True) -> Apk:
    """Check and read an APK, for a device of API level `sdk`; `shown` names it in refusals. Raises `InstallRefused`.

    An APK that is installed already is read without `at_install`, as in `parse_manifest`.
    """
    try:
        with Archive(path) as archive:
            manifest = parse_manifest(
                _manifest_bytes(archive, shown), path=shown, sdk=sdk, lookup=_lookup(archive), at_install=at_install
            )
            if at_install:
                _check_resources(archive, manifest)
                _check_dex(archive)
            return Apk(path, manifest, archive.length, _native(archive, manifest))
    except (BadArchive, OSError) as error:
        raise InstallRefused(
            _NOT_APK, f"Failed to parse {shown}: Failed to load asset path {shown} ({error})"
        ) from error


def check_libraries(apk: Apk, abi: str) -> None:
    """Refuse libraries that are to be used inside the APK and can't be: compressed, or not at a page's start."""
    if apk.manifest.extract_native_libs:
        return
    for entry in apk.native.get(abi, {}).values():
        if entry.method != STORED or entry.offset % _PAGE:
            raise InstallRefused(_INVALID, f"{_CANT_EXTRACT}-2")


def extract_native(apk: Apk, abi: str, folder: Path) -> None:
    """Write the libraries of `abi` into `folder`, which is there.

    Raises `InstallRefused` for damaged ones, `OSError` when they can't be written.
    """
    try:
        with Archive(apk.path) as archive:
            for name, entry in apk.native.get(abi, {}).items():
                target = folder / name
                with target.open("xb") as sink:
                    archive.copy(entry, sink)
                target.chmod(0o755)
    except (BadArchive, FileExistsError) as error:
        raise InstallRefused(_INVALID, f"{_CANT_EXTRACT}-2") from error


def _manifest_bytes(archive: Archive, shown: str) -> bytes:
    entry = archive.entries.get("AndroidManifest.xml")
    if entry is None or entry.size > axml.MAX_BYTES:
        raise InstallRefused(
            "INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION", f"Failed to parse {shown}: AndroidManifest.xml"
        )
    return archive.read(entry, axml.MAX_BYTES)


def _lookup(archive: Archive) -> Lookup:
    """Finds resources, in a table that is read when the first is asked for."""
    table: list[resources.ResourceTable] = []

    def look_up(resource: int) -> Value | None:
        if not table:
            entry = archive.entries.get("resources.arsc")
            readable = entry is not None and entry.size <= resources.MAX_BYTES
            table.append(resources.ResourceTable(archive.read(entry, entry.size) if entry and readable else b""))
        return table[0](resource)

    return look_up


def _check_resources(archive: Archive, manifest: Manifest) -> None:
    entry = archive.entries.get("resources.arsc")
    if entry is not None and manifest.target_sdk >= _R and (entry.method != STORED or entry.offset % 4):
        raise InstallRefused(
            "-124",
            "Failed parse during installPackageLI: Targeting R+ (version 30 and above) requires the resources.arsc of"
            " installed APKs to be stored uncompressed and aligned on a 4-byte boundary",
        )


def _check_dex(archive: Archive) -> None:
    total = sum(entry.size for name, entry in archive.entries.items() if _DEX.fullmatch(name))
    if total > MAX_DEX:
        raise InstallRefused(_INVALID, f"{total} bytes of dex; the virtual Pixel takes {MAX_DEX}")


def _native(archive: Archive, manifest: Manifest) -> dict[str, dict[str, Entry]]:
    """Libraries as Android's `NativeLibraryHelper` finds them: of a debuggable app every file with a plain name."""
    found: dict[str, dict[str, Entry]] = {}
    allowed = _SAFE if manifest.debuggable else _LIBRARY
    for name, entry in archive.entries.items():
        match = _NATIVE.fullmatch(name)
        if match and allowed.fullmatch(match[2]) and match[2] not in (".", "..") and _SAFE.fullmatch(match[1]):
            found.setdefault(match[1], {})[match[2]] = entry
    return found
