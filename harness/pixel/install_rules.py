"""Whether a package may come onto a device that has others: Android 14's `InstallPackageHelper` and `ReconcilePackageUtils`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from harness.pixel.delivery import Delivery, InstallOptions
from harness.pixel.manifest import Manifest
from harness.pixel.package import KeptData, Package
from harness.pixel.refusals import InstallRefused
from harness.pixel.signers import Capability, SigningDetails

SHARED_LIBRARIES: Final = ("libOpenCL.so",)
"""Libraries that an app may require: what the device really has beside Android's own classes."""
_LOWEST_TARGET: Final = {34: 23, 35: 24}
_RUNTIME_PERMISSIONS: Final = 23
_R: Final = 30
_SCAN: Final = "Scanning Failed.: "
_RECONCILE: Final = "Reconciliation failed...: Reconcile failed: "


def check_manifest(manifest: Manifest, signing: SigningDetails, sdk: int, options: InstallOptions) -> None:
    """Rules about the package by itself. Raises `InstallRefused`."""
    if manifest.test_only and not options.allow_test:
        raise InstallRefused("INSTALL_FAILED_TEST_ONLY", "Failed to install test-only apk. Did you forget to add -t?")
    lowest = _LOWEST_TARGET.get(sdk, 23)
    if manifest.target_sdk < lowest and not options.bypass_low_target and not manifest.test_only:
        raise InstallRefused(
            "INSTALL_FAILED_DEPRECATED_SDK_VERSION",
            f"App package must target at least SDK version {lowest}, but found {manifest.target_sdk}",
        )
    if manifest.target_sdk >= _R and signing.scheme < 2:
        raise InstallRefused(
            "INSTALL_PARSE_FAILED_NO_CERTIFICATES",
            f"{_SCAN}No signature found in package of version 2 or newer for package {manifest.package}",
        )


def check_update(delivery: Delivery, before: Package | None, kept: KeptData | None, options: InstallOptions) -> None:
    """Rules about the package that is replaced, or whose data was kept. Raises `InstallRefused`."""
    manifest, old = delivery.base.manifest, before or kept
    if old is None:
        return
    name = manifest.package
    if before is not None and not options.replace:
        raise InstallRefused(
            "INSTALL_FAILED_ALREADY_EXISTS", f"Attempt to re-install {name} without first uninstalling."
        )
    if manifest.version_code < old.version_code and not (options.allow_downgrade and old.debuggable):
        raise InstallRefused(
            "INSTALL_FAILED_VERSION_DOWNGRADE",
            f"Downgrade detected: Update version code {manifest.version_code} is older than current {old.version_code}",
        )
    if before is not None and manifest.target_sdk < _RUNTIME_PERMISSIONS <= before.target_sdk:
        raise InstallRefused(
            "-26",
            f"Package {name} new target SDK {manifest.target_sdk} doesn't support runtime permissions but the old"
            f" target SDK {before.target_sdk} does.",
        )
    if not delivery.signing.can_take_over(old.signing):
        raise InstallRefused(
            "INSTALL_FAILED_UPDATE_INCOMPATIBLE",
            f"Existing package {name} signatures do not match newer version; ignoring!",
        )


def check_clashes(delivery: Delivery, others: Iterable[Package]) -> None:
    """Rules about what other packages have already. Raises `InstallRefused`."""
    manifest, signing = delivery.manifest, delivery.signing
    others = [other for other in others if other.name != manifest.package]
    for other in others:
        _check_permissions(manifest, signing, other)
    for other in others:
        taken = {authority for provider in other.manifest.providers for authority in provider.authorities}
        for authority in (each for provider in manifest.providers for each in provider.authorities):
            if authority in taken:
                raise InstallRefused(
                    "INSTALL_FAILED_CONFLICTING_PROVIDER",
                    f"{_SCAN}Can't install because provider name {authority} (in package {manifest.package})"
                    f" is already used by {other.name}",
                )
    for library in manifest.libraries:
        if library not in SHARED_LIBRARIES:
            raise InstallRefused(
                "INSTALL_FAILED_MISSING_SHARED_LIBRARY",
                f"{_RECONCILE}Package {manifest.package} requires unavailable shared library {library}; failing!",
            )
    for other in others:
        same_user = manifest.shared_user is not None and other.manifest.shared_user == manifest.shared_user
        if same_user and not signing.shares(other.signing, Capability.SHARED_USER_ID):
            raise InstallRefused(
                "INSTALL_FAILED_SHARED_USER_INCOMPATIBLE",
                f"{_RECONCILE}Package {manifest.package} has no signatures that match those in shared user"
                f" {manifest.shared_user}; ignoring!",
            )


def _check_permissions(manifest: Manifest, signing: SigningDetails, other: Package) -> None:
    if signing.shares(other.signing, Capability.PERMISSION):
        return
    package = manifest.package
    groups = set(manifest.permission_groups) & set(other.manifest.permission_groups)
    for group in sorted(groups):
        raise InstallRefused(
            "-126", f"Package {package} attempting to redeclare permission group {group} already owned by {other.name}"
        )
    theirs = {each.name for each in other.manifest.declared_permissions}
    for permission in manifest.declared_permissions:
        if permission.name in theirs:
            raise InstallRefused(
                "INSTALL_FAILED_DUPLICATE_PERMISSION",
                f"Package {package} attempting to redeclare permission {permission.name} already owned by {other.name}",
            )
