"""The app's Java: javac's and D8's part of the build."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.app.resources import LinkedResources
from harness.app.toolchain import QUICK_JVM, Jdk, run_tool
from harness.app.versions import AppVersions
from harness.errors import BuildError
from harness.fetch.maven import Artifact
from harness.fetch.store import cached, key_of

SOURCES = Path("app/src/main/java")
_RECIPE = "dex-1"
_JAVAC_OPTIONS = ("-g", "-encoding", "UTF-8", "-Xlint:all,-options,-classfile,-serial", "-proc:none")
# android-all's classes are annotated with what isn't beside them; nothing that the app could mend.
_NOISE = re.compile(
    r"^warning: Cannot find annotation method .*\n|^  reason: class file for .* not found\n", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Dex:
    """The folder with `classes.dex` (and `classes2.dex`, …); `key` names its content."""

    folder: Path
    key: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The dex files, in the order that Android loads them."""
        return tuple(sorted(self.folder.glob("classes*.dex"), key=lambda path: (len(path.name), path.name)))


@dataclass(frozen=True, slots=True)
class ClassPath:
    """What the app is compiled against: Android's classes, and the libraries that go into it with it."""

    android: tuple[Artifact, Path]
    libraries: tuple[tuple[Artifact, Path], ...]
    r8: tuple[Artifact, Path]


def compile_dex(project: Path, versions: AppVersions, path: ClassPath, resources: LinkedResources, jdk: Jdk) -> Dex:
    """Compile the app's sources and its libraries to dex, kept in the cache under their content.

    Raises `BuildError` (`build.javac`, `build.d8`) with the compiler's own words, file and line.
    """
    root = project / SOURCES
    sources = sorted(root.rglob("*.java"))
    if not sources:
        raise BuildError("build.javac", f"{root} has no Java sources")
    artifacts = [path.android[0], path.r8[0], *(library for library, _ in path.libraries)]
    parts: list[str | bytes] = [
        _RECIPE,
        *_JAVAC_OPTIONS,
        versions.java,
        str(versions.min_sdk),
        resources.key,
        jdk.release,
    ]
    parts += [artifact.sha256 for artifact in artifacts]
    for source in sources:
        parts += [source.relative_to(root).as_posix(), source.read_bytes()]
    key = key_of(*parts)

    def make(folder: Path) -> None:
        folder.mkdir()
        work = folder.parent / "work"
        work.mkdir()
        jars = [_unpack_classes(file, work / f"{artifact.name}.jar") for artifact, file in path.libraries]
        classes = work / "app.jar"
        generated = sorted(resources.java.rglob("*.java"))
        class_path = [path.android[1], *jars]
        _javac([*sources, *generated], class_path, work / "classes", java=versions.java, jdk=jdk, project=project)
        with zipfile.ZipFile(classes, "w") as archive:
            for file in sorted((work / "classes").rglob("*.class")):
                archive.write(file, file.relative_to(work / "classes"))
        _d8([classes, *jars], folder, versions, path, jdk)
        shutil.rmtree(work)

    return Dex(cached("dex", key, make), key)


def _javac(
    sources: Sequence[Path], class_path: Sequence[Path], folder: Path, *, java: str, jdk: Jdk, project: Path
) -> None:
    command = [jdk.tool("javac"), *(f"-J{option}" for option in QUICK_JVM), "--release", java, *_JAVAC_OPTIONS]
    command += ["-cp", ":".join(map(str, class_path)), "-d", str(folder), *map(str, sources)]
    try:
        run_tool(command, code="build.javac", what="javac refuses the app's sources")
    except BuildError as error:
        said = _NOISE.sub("", error.why).replace(f"{project}/", "")
        raise BuildError(error.code, error.what, why=said) from error


def _d8(jars: Sequence[Path], folder: Path, versions: AppVersions, path: ClassPath, jdk: Jdk) -> None:
    command = [jdk.tool("java"), *QUICK_JVM, "-cp", str(path.r8[1]), "com.android.tools.r8.D8"]
    command += ["--release", "--min-api", str(versions.min_sdk), "--output", str(folder)]
    # android-all has no java.lang; the JDK has it, and without it D8 rewrites more than it must.
    command += ["--lib", str(path.android[1]), "--lib", str(jdk.home), *map(str, jars)]
    run_tool(command, code="build.d8", what="D8 can't turn the app's classes into dex")


def _unpack_classes(aar: Path, target: Path) -> Path:
    try:
        with zipfile.ZipFile(aar) as archive:
            target.write_bytes(archive.read("classes.jar"))
    except KeyError as error:
        raise BuildError("build.library", f"{aar.name} has no classes.jar", why=str(error)) from error
    return target
