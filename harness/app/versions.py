"""What goes into the app and what builds it: `android_app/gradle/libs.versions.toml`, and the hashes that pin it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import BuildError, UsageError
from harness.fetch.maven import Artifact, parse_coordinates, read_lock

CATALOG = Path("gradle/libs.versions.toml")
LOCK = Path("gradle/artifacts.lock")
_BUNDLE = "app"


@dataclass(frozen=True, slots=True)
class AppVersions:
    """The version catalog's values; artifacts are without hashes, `libraries` in the catalog's order."""

    application_id: str
    version_code: int
    version_name: str
    min_sdk: int
    target_sdk: int
    compile_sdk: int
    java: str
    libraries: tuple[Artifact, ...]
    r8: Artifact
    apktool: Artifact
    android: Artifact

    @property
    def android_release(self) -> str:
        """The Android release that the app is compiled against, as `14`; android-all's version begins with it."""
        return self.android.version.partition("-")[0]

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All that the direct build fetches."""
        return (*self.libraries, self.r8, self.apktool, self.android)


@dataclass(frozen=True, slots=True)
class PinnedArtifacts:
    """The same artifacts with their hashes."""

    libraries: tuple[Artifact, ...]
    r8: Artifact
    apktool: Artifact
    android: Artifact

    @property
    def all(self) -> tuple[Artifact, ...]:
        """All of them."""
        return (*self.libraries, self.r8, self.apktool, self.android)


def read_versions(project: Path) -> AppVersions:
    """The versions of an `android_app` folder. Raises `BuildError` (`build.versions`) naming file and key."""
    path = project / CATALOG
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BuildError("build.versions", f"can't read the version catalog {path}", why=str(error)) from error
    reader = _Reader(path, data)
    return AppVersions(
        application_id=reader.version("applicationId"),
        version_code=reader.number("versionCode"),
        version_name=reader.version("versionName"),
        min_sdk=reader.number("minSdk"),
        target_sdk=reader.number("targetSdk"),
        compile_sdk=reader.number("compileSdk"),
        java=reader.version("java"),
        libraries=tuple(reader.library(alias, "aar") for alias in reader.bundle(_BUNDLE)),
        r8=reader.library("r8", "jar"),
        apktool=reader.library("apktool-lib", "jar"),
        android=reader.library("android-all", "jar"),
    )


def pinned(project: Path, versions: AppVersions) -> PinnedArtifacts:
    """The artifacts of `versions` with the hashes of the lock beside the catalog.

    Raises `BuildError` (`build.lock`) when the lock and the catalog don't speak of the same artifacts.
    """
    path = project / LOCK
    hint = f"python -m harness.app.lock {project}"
    try:
        locked = {artifact.coordinates: artifact for artifact in read_lock(path)}
    except UsageError as error:
        raise BuildError("build.lock", error.what, why=error.why, hint=hint) from error
    wanted = {artifact.coordinates for artifact in versions.artifacts}
    if wanted != set(locked):
        parts = [f"not in the lock: {name}" for name in sorted(wanted - set(locked))]
        parts += [f"only in the lock: {name}" for name in sorted(set(locked) - wanted)]
        raise BuildError(
            "build.lock",
            f"{path} doesn't fit {project / CATALOG}",
            why="; ".join(parts),
            hint=f"write the lock again: {hint}",
        )
    return PinnedArtifacts(
        libraries=tuple(locked[artifact.coordinates] for artifact in versions.libraries),
        r8=locked[versions.r8.coordinates],
        apktool=locked[versions.apktool.coordinates],
        android=locked[versions.android.coordinates],
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    data: dict[str, Any]

    def version(self, key: str) -> str:
        value = self.data.get("versions", {}).get(key)
        if not isinstance(value, str) or not value:
            raise self.bad(f"[versions] {key} is missing or not a text")
        return value

    def number(self, key: str) -> int:
        value = self.version(key)
        if not value.isdecimal():
            raise self.bad(f"[versions] {key} = {value!r} is not a whole number")
        return int(value)

    def bundle(self, name: str) -> list[str]:
        value = self.data.get("bundles", {}).get(name)
        if not isinstance(value, list) or not value:
            raise self.bad(f"[bundles] {name} is missing or not a list")
        return [str(alias) for alias in value]

    def library(self, alias: str, kind: str) -> Artifact:
        value = self.data.get("libraries", {}).get(alias)
        try:
            module, reference = value["module"], value["version"]["ref"]
        except (TypeError, KeyError) as error:
            raise self.bad(f"[libraries] {alias} needs a module and a version.ref") from error
        try:
            return parse_coordinates(f"{module}:{self.version(reference)}:{kind}")
        except UsageError as error:
            raise self.bad(f"[libraries] {alias}: {error.what}") from error

    def bad(self, what: str) -> BuildError:
        return BuildError("build.versions", f"{self.path}: {what}")
