"""Signing an APK, and having Google's own tool check what came out."""

from __future__ import annotations

from pathlib import Path

from harness.app.keystore import Keystore
from harness.app.toolchain import QUICK_JVM, find_apksigner, run_tool

# Scheme 1 is for Android 6 and older; scheme 4 is for incremental installs and writes a second file.
_SCHEMES = ("--v1-signing-enabled", "false", "--v2-signing-enabled", "true", "--v3-signing-enabled", "true")
# Its script puts the dash before what follows -J.
_JVM = tuple(f"-J{option.removeprefix('-')}" for option in QUICK_JVM)


def sign(unsigned: Path, target: Path, keystore: Keystore) -> None:
    """Sign with schemes 2 and 3; the same bytes and key give the same file. Raises `BuildError` (`build.signing`)."""
    command = [find_apksigner(), *_JVM, "sign", "--ks", str(keystore.path), "--ks-key-alias", keystore.alias]
    command += ["--ks-pass", f"file:{keystore.password_file}", *_SCHEMES, "--v4-signing-enabled", "false"]
    run_tool(
        [*command, "--in", str(unsigned), "--out", str(target)],
        code="build.signing",
        what="apksigner can't sign the APK",
    )


def check_signature(apk: Path) -> None:
    """Have `apksigner` verify the file. Raises `BuildError` (`build.signing`) with its words."""
    run_tool(
        [find_apksigner(), *_JVM, "verify", str(apk)],
        code="build.signing",
        what=f"apksigner doesn't accept the signature of {apk.name}",
    )
