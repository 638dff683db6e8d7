"""Who signed an APK, and whether what is in it is what was signed: Android 14's `ApkSignatureVerifier`."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path
from typing import Final

from harness.pixel.archive import Archive, BadArchive
from harness.pixel.refusals import InstallRefused
from harness.pixel.signers import SigningDetails

_NO_CERTIFICATES: Final = "INSTALL_PARSE_FAILED_NO_CERTIFICATES"


async def signers_of(apk: Path, shown: str, sdk: int) -> SigningDetails:
    """The signers of `apk`, by the newest scheme that it is signed with (v3.1 to v1), every byte of it verified.

    `shown` names it in refusals. Raises `InstallRefused` when it isn't signed or its signature doesn't fit.
    """
    return await asyncio.to_thread(verify_apk, apk, shown, sdk)


def verify_apk(apk: Path, shown: str, sdk: int) -> SigningDetails:
    """As `signers_of`, in this thread."""
    from harness.pixel.jar_signing import Inconsistent, verify_jar
    from harness.pixel.signatures import BadSignature
    from harness.pixel.signing_block import V2, V3, V31, find_block, verify_v2, verify_v3

    scheme = ""
    try:
        with Archive(apk) as archive:
            block = find_block(archive)
            parts = block.parts if block else {}
            for number in (V31, V3):
                if block and number in parts:
                    scheme = " using APK Signature Scheme v3"
                    if (found := verify_v3(archive, block, number, sdk)) is not None:
                        return found
            if block and V3 not in parts and V2 in parts:
                scheme = " using APK Signature Scheme v2"
                return verify_v2(archive, block)
            scheme = ""
            return verify_jar(archive, has_block=V2 in parts or V3 in parts)
    except Inconsistent as error:
        raise InstallRefused("INSTALL_PARSE_FAILED_INCONSISTENT_CERTIFICATES", str(error)) from error
    except BadArchive as error:
        raise InstallRefused("INSTALL_PARSE_FAILED_NOT_APK", f"Failed to parse {shown}: {error}") from error
    except (BadSignature, struct.error, OverflowError) as error:
        why = str(error)
        if why.startswith("Failed to decode certificate"):
            raise InstallRefused("INSTALL_PARSE_FAILED_CERTIFICATE_ENCODING", f"{shown}: {why}") from error
        raise InstallRefused(_NO_CERTIFICATES, f"Failed to collect certificates from {shown}{scheme}: {why}") from error
