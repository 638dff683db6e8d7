"""Manifest and resources: aapt2's part of the build."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.app.manifest import complete_manifest
from harness.app.toolchain import run_tool
from harness.app.versions import AppVersions
from harness.errors import BuildError
from harness.fetch.maven import Artifact
from harness.fetch.store import cached, key_of

MANIFEST = Path("app/src/main/AndroidManifest.xml")
RESOURCES = Path("app/src/main/res")
_AAPT2 = "prebuilt/linux/aapt2"
_FRAMEWORK = "prebuilt/android-framework.jar"
_RECIPE = "resources-1"


@dataclass(frozen=True, slots=True)
class Aapt2:
    """aapt2 and the resource table of the Android that it links against."""

    program: Path
    framework: Path


@dataclass(frozen=True, slots=True)
class LinkedResources:
    """What aapt2 made: an APK with manifest and resources, and the folder with `R.java`; `key` names its content."""

    apk: Path
    java: Path
    key: str


def unpack_aapt2(apktool: tuple[Artifact, Path]) -> Aapt2:
    """aapt2 out of apktool's library, kept in the cache under the library's hash."""

    def make(folder: Path) -> None:
        folder.mkdir()
        try:
            with zipfile.ZipFile(apktool[1]) as archive:
                (folder / "aapt2").write_bytes(archive.read(_AAPT2))
                (folder / "framework.jar").write_bytes(archive.read(_FRAMEWORK))
        except KeyError as error:
            raise BuildError("build.aapt2", f"{apktool[1].name} has no aapt2 for Linux", why=str(error)) from error
        (folder / "aapt2").chmod(0o755)

    entry = cached("aapt2", apktool[0].sha256, make)
    return Aapt2(entry / "aapt2", entry / "framework.jar")


def link_resources(
    project: Path, versions: AppVersions, apktool: tuple[Artifact, Path], aars: Sequence[Path]
) -> LinkedResources:
    """Compile and link the app's resources, kept in the cache under their content.

    Raises `BuildError` (`build.resources`, `build.manifest`) with aapt2's own words, file and line.
    """
    manifest = complete_manifest(project / MANIFEST, versions, aars)
    root = project / RESOURCES
    files = sorted(path for path in root.rglob("*") if path.is_file())
    if not files:
        raise BuildError("build.resources", f"{root} has no resources")
    options = [
        *("--min-sdk-version", str(versions.min_sdk), "--target-sdk-version", str(versions.target_sdk)),
        *("--version-code", str(versions.version_code), "--version-name", versions.version_name),
        *("--compile-sdk-version-code", str(versions.compile_sdk)),
        *("--compile-sdk-version-name", versions.android_release, "--debug-mode"),
    ]
    parts: list[str | bytes] = [_RECIPE, apktool[0].sha256, manifest, *options]
    for path in files:
        parts += [path.relative_to(root).as_posix(), path.read_bytes()]
    key = key_of(*parts)

    def make(folder: Path) -> None:
        aapt2 = unpack_aapt2(apktool)
        folder.mkdir()
        (folder / "AndroidManifest.xml").write_bytes(manifest)
        compiled = folder / "compiled.zip"
        program = str(aapt2.program)
        run_tool(
            [program, "compile", "--dir", str(root), "-o", str(compiled)],
            code="build.resources",
            what="aapt2 can't compile the app's resources",
        )
        link = [program, "link", "-I", str(aapt2.framework), "--manifest", str(folder / "AndroidManifest.xml")]
        link += ["-o", str(folder / "linked.apk"), "--java", str(folder / "java"), *options, str(compiled)]
        run_tool(link, code="build.resources", what="aapt2 can't link the app's resources")
        compiled.unlink()

    entry = cached("resources", key, make)
    return LinkedResources(entry / "linked.apk", entry / "java", key)
