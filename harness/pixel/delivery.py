"""The APKs of one install, held against each other: Android 14's `PackageInstallerSession.validateApkInstallLocked`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.pixel.apk import Apk
from harness.pixel.manifest import Manifest
from harness.pixel.package import Package, merged
from harness.pixel.refusals import InstallRefused
from harness.pixel.signers import SigningDetails

_INVALID: Final = "INSTALL_FAILED_INVALID_APK"


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """What the flags of `pm install` ask for.

    `inherit` keeps what is installed of the package and adds to it; `package` is the name that the APKs must have.
    """

    replace: bool = True
    allow_test: bool = False
    allow_downgrade: bool = False
    bypass_low_target: bool = False
    grant_all: bool = False
    abi: str | None = None
    inherit: bool = False
    package: str | None = None
    installer: str | None = None
    remove_splits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Staged:
    """A new APK with its signers; `shown` is its path as refusals name it."""

    apk: Apk
    shown: str
    signing: SigningDetails


@dataclass(frozen=True, slots=True)
class Delivery:
    """APKs that belong together: a base, splits by name in order, and who signed them all."""

    base: Apk
    splits: Mapping[str, Apk]
    signing: SigningDetails

    @property
    def apks(self) -> tuple[Apk, ...]:
        """All of them, the base first."""
        return (self.base, *self.splits.values())

    @property
    def manifest(self) -> Manifest:
        """The base's, with what the splits add."""
        return merged(self.base.manifest, (apk.manifest for apk in self.splits.values()))

    def bytes_with(self, abi: str | None) -> int:
        """What it takes on the device, its libraries for `abi` unpacked."""
        return sum(apk.size + apk.library_bytes(abi) for apk in self.apks)


def assemble(
    staged: Sequence[Staged], options: InstallOptions, installed: Package | None, installed_apks: Sequence[Apk]
) -> Delivery:
    """Put the APKs of a session together, with what is `installed` when the session inherits. Raises `InstallRefused`."""
    if not staged and not options.remove_splits:
        raise InstallRefused(_INVALID, "No packages staged")
    found: dict[str | None, Apk] = {}
    signing = staged[0].signing if staged else None
    first = staged[0].apk.manifest if staged else None
    for each in staged:
        manifest = each.apk.manifest
        if manifest.split in found:
            raise InstallRefused(_INVALID, f"Split {manifest.split or 'null'} was defined multiple times")
        found[manifest.split] = each.apk
        if first is not None:
            _check_consistent(each.shown, manifest, first, options)
        if signing is not None and each.signing.signers != signing.signers:
            raise InstallRefused(_INVALID, f"{each.shown} signatures are inconsistent")
    if options.inherit:
        signing = _inherit(found, options, installed, installed_apks, first, signing)
    elif None not in found:
        raise InstallRefused(_INVALID, "Full install must include a base package")
    base = found.pop(None)
    splits = {name: found[name] for name in sorted(name for name in found if name)}
    if signing is None:
        raise InstallRefused(_INVALID, "No packages staged")
    _check_splits(base.manifest, [apk.manifest for apk in splits.values()])
    return Delivery(base, splits, signing)


def _check_consistent(tag: str, manifest: Manifest, first: Manifest, options: InstallOptions) -> None:
    if manifest.package != first.package:
        raise InstallRefused(_INVALID, f"{tag} package {manifest.package} inconsistent with {first.package}")
    if options.package not in (None, manifest.package):
        raise InstallRefused(
            _INVALID, f"{tag} specified package {options.package} inconsistent with {manifest.package}"
        )
    if manifest.version_code != first.version_code:
        raise InstallRefused(
            _INVALID, f"{tag} version code {manifest.version_code} inconsistent with {first.version_code}"
        )


def _inherit(
    found: dict[str | None, Apk],
    options: InstallOptions,
    installed: Package | None,
    installed_apks: Sequence[Apk],
    first: Manifest | None,
    signing: SigningDetails | None,
) -> SigningDetails:
    """Add what is installed to what is new; returns the signers of all."""
    if installed is None:
        raise InstallRefused(_INVALID, f"Missing existing base package for {options.package or 'null'}")
    for name in options.remove_splits:
        if name not in installed.splits:
            raise InstallRefused(_INVALID, f"Split not found: {name}")
    for apk in installed_apks:
        if first is not None:
            _check_consistent("Existing", apk.manifest, first, options)
        if apk.manifest.split not in options.remove_splits:
            found.setdefault(apk.manifest.split, apk)
    if signing is not None and signing.signers != installed.signers:
        raise InstallRefused(_INVALID, "Existing signatures are inconsistent")
    return signing or installed.signing


def _check_splits(base: Manifest, splits: Sequence[Manifest]) -> None:
    types = {kind for split in splits for kind in split.split_types}
    if base.split_required and (not splits or not types >= base.required_split_types):
        raise InstallRefused("INSTALL_FAILED_MISSING_SPLIT", f"Missing split for {base.package}")
    names = {split.split for split in splits}
    for split in splits if base.isolated_splits else ():
        needed = split.uses_split or split.config_for_split
        if needed and needed not in names:
            raise InstallRefused(
                "INSTALL_PARSE_FAILED_BAD_MANIFEST",
                f"Split '{split.split}' requires split '{needed}', which is missing.",
            )
