"""Why Android's package manager refuses an APK: every code that packaging can cause here, and what causes it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

CAUSES: Final = MappingProxyType(
    {
        "INSTALL_FAILED_ALREADY_EXISTS": "`-R`, and the package is installed",
        "INSTALL_FAILED_CONFLICTING_PROVIDER": "another package has one of its providers' authorities",
        "INSTALL_FAILED_DEPRECATED_SDK_VERSION": "targetSdkVersion below 23, without `--bypass-low-target-sdk-block`",
        "INSTALL_FAILED_DUPLICATE_PERMISSION": "another signer's package declares one of its permissions",
        "INSTALL_FAILED_INSUFFICIENT_STORAGE": "the APKs and their unpacked libraries don't fit",
        "INSTALL_FAILED_INVALID_APK": "APKs of one session that don't belong together, no base, or libraries that can't be used",
        "INSTALL_FAILED_MISSING_SHARED_LIBRARY": "it requires a library that the device lacks",
        "INSTALL_FAILED_MISSING_SPLIT": "the base says that it needs splits, and some are missing",
        "INSTALL_FAILED_NO_MATCHING_ABIS": "it has native libraries, and none for the device",
        "INSTALL_FAILED_OLDER_SDK": "minSdkVersion above the device's, or a codename of a later Android",
        "INSTALL_FAILED_PROCESS_NOT_DEFINED": "a component's process isn't among the declared `<processes>`",
        "INSTALL_FAILED_SHARED_USER_INCOMPATIBLE": "its sharedUserId belongs to another signer's package",
        "INSTALL_FAILED_TEST_ONLY": "android:testOnly, without `-t`",
        "INSTALL_FAILED_UPDATE_INCOMPATIBLE": "the installed package, or its kept data, has another signer",
        "INSTALL_FAILED_VERSION_DOWNGRADE": "an older version than the installed one, without `-d`, or that one isn't debuggable",
        "INSTALL_PARSE_FAILED_BAD_MANIFEST": "isolated splits, of which one needs another that isn't there",
        "INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME": "no package, or one that isn't a name",
        "INSTALL_PARSE_FAILED_BAD_SHARED_USER_ID": "a sharedUserId that isn't a name",
        "INSTALL_PARSE_FAILED_CERTIFICATE_ENCODING": "a certificate that can't be read",
        "INSTALL_PARSE_FAILED_INCONSISTENT_CERTIFICATES": "entries, or splits, with different signers",
        "INSTALL_PARSE_FAILED_MANIFEST_MALFORMED": "a tag or an attribute that Android doesn't accept",
        "INSTALL_PARSE_FAILED_NOT_APK": "not a ZIP file, or one that two readers could read differently",
        "INSTALL_PARSE_FAILED_NO_CERTIFICATES": "not signed, not so newly as it must be, or what is in it isn't what was signed",
        "INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION": "AndroidManifest.xml isn't there, is too large or isn't binary XML",
        "-26": "PERMISSION_MODEL_DOWNGRADE: an update's targetSdkVersion falls below 23",
        "-124": "RESOURCES_ARSC_COMPRESSED: from targetSdkVersion 30 resources.arsc is stored, at a multiple of 4",
        "-126": "DUPLICATE_PERMISSION_GROUP: another signer's package declares one of its permission groups",
    }
)
"""Codes as `pm` prints them; Android prints no name for the last three.

Android's other codes have no cause in an APK here: NEWER_SDK (`maxSdkVersion` is ignored since Android 2.0.1),
MANIFEST_EMPTY (Android 14 calls that malformed, from targetSdkVersion 30),
CPU_ABI_INCOMPATIBLE (32-bit libraries on a device with two word sizes), BAD_SIGNATURE (fs-verity), DUPLICATE_PACKAGE,
DEXOPT, MISSING_FEATURE and UID_CHANGED (no longer raised), USER_RESTRICTED (a setting of the device).
"""


class InstallRefused(Exception):
    """The package manager says no: Android's code for it (`INSTALL_FAILED_OLDER_SDK`) and the reason in words."""

    def __init__(self, code: str, reason: str = "") -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code}: {reason}" if reason else code)
