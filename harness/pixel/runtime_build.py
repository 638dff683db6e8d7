"""What an app process runs on, made once: framework, launcher, native layer; and an app's dex as JVM classes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import DeviceUnavailable, ToolMissing, UsageError
from harness.fetch.maven import Artifact, read_lock, resolve
from harness.fetch.store import cached, key_of
from harness.pixel.bionic_build import SOURCES as BIONIC_SOURCES
from harness.pixel.bionic_build import compile_bionic

SOURCES: Final = Path(__file__).parent / "runtime"
LOCK: Final = SOURCES / "artifacts.lock"
FRAMEWORK: Final = "android-all-instrumented"
"""The jar of Android's own classes; the framework finds it by this name, so its file has no version in it."""
FRAMEWORKS: Final = {34: "14-robolectric-10818077-i7", 35: "15-robolectric-13954326-i7"}
"""Its version for each API level that there is."""
_NATIVE_RUNTIME: Final = "nativeruntime-dist-compat"
_NATIVE: Final = "native/linux/x86_64/"
_OPENCL: Final = "libOpenCL.so"
_CONVERTERS: Final = "de.femtopedia.dex2jar"
_SERVICES: Final = {
    "META-INF/services/org.robolectric.pluginapi.NativeRuntimeLoader": (
        "dev.tfliteharness.pixel.device.UnpackedNativeRuntime\n"
    )
}
_OLDEST_JDK: Final = 17


@dataclass(frozen=True, slots=True)
class Runtime:
    """A prepared runtime, in the cache.

    In `folder`: `framework/` the jars of the class path and of Android's classes (with the native half of API 35's),
    `lib64/` the layer of Android's native names, `vendor/` its OpenCL, `converter/` what translates dex. In `native`:
    API 34's native half, and the fonts.
    """

    key: str
    folder: Path
    native: Path
    java_home: Path

    @property
    def class_path(self) -> tuple[str, ...]:
        """Names of the jars in `framework/` that the launcher's class path lists, in order."""
        return tuple(sorted(jar.name for jar in (self.folder / "framework").glob("*.jar") if jar.stem != FRAMEWORK))


def prepare_runtime(sdk: int) -> Runtime:
    """The runtime of an API level, from the cache, or fetched, unpacked and compiled first (some 500 MB, about a minute).

    Raises `UsageError` for an API level that isn't in `FRAMEWORKS`, `ToolMissing` for what isn't on this machine (a JDK
    of at least 17, gcc, mvn), `DeviceUnavailable` when a step fails.
    """
    version = FRAMEWORKS.get(sdk)
    if version is None:
        levels = ", ".join(map(str, FRAMEWORKS))
        raise UsageError("pixel.api", f"there are no classes of Android's for API level {sdk}", hint=f"take {levels}")
    java_home = find_jdk()
    sources = sorted(path for folder in (SOURCES, BIONIC_SOURCES) for path in folder.rglob("*") if path.is_file())
    builders = (Path(__file__), Path(__file__).with_name("bionic_build.py"))
    key = key_of(
        (java_home / "release").read_bytes(),
        version,
        *(part for path in (*sources, *builders) for part in (path.name, path.read_bytes())),
    )
    artifacts = read_lock(LOCK)
    packed = next(artifact for artifact in artifacts if artifact.name == _NATIVE_RUNTIME)
    native = cached("pixel-native", packed.sha256, lambda target: _unpack_native(resolve([packed])[packed], target))
    jars = tuple(
        each for each in artifacts if each is not packed and (each.name != FRAMEWORK or each.version == version)
    )
    folder = cached("pixel-runtime", key, lambda target: _make(target, jars, java_home))
    return Runtime(key, folder, native, java_home)


def convert_dex(apk: Path, runtime: Runtime) -> Path:
    """A jar of the APK's classes for a JVM, cached by the content of its dex files.

    Raises `DeviceUnavailable` (`pixel.dex`) for an APK without dex, or one that can't be translated.
    """
    digest = hashlib.sha256(runtime.key.encode())
    with zipfile.ZipFile(apk) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("classes") and name.endswith(".dex"))
        for name in names:
            digest.update(hashlib.sha256(archive.read(name)).digest())
    if not names:
        raise DeviceUnavailable(
            "pixel.dex", f"{apk.name} has no classes.dex", hint="an app process needs code: rebuild the APK"
        )
    return cached("pixel-dex", digest.hexdigest(), lambda target: _convert(apk, target, runtime))


def find_jdk() -> Path:
    """The JDK's folder: `$JAVA_HOME`, or that of `javac` on PATH. Raises `ToolMissing` for none, or one before 17."""
    named = os.environ.get("JAVA_HOME")
    javac = Path(named) / "bin/javac" if named else Path(shutil.which("javac") or "")
    hint = "apt-get install openjdk-17-jdk-headless"
    if not javac.is_file():
        raise ToolMissing("tool.jdk", f"no JDK: {javac if named else 'javac'} isn't there", hint=hint)
    home = javac.resolve().parents[1]
    release = (home / "release").read_text(encoding="utf-8")
    version = next((line for line in release.splitlines() if line.startswith("JAVA_VERSION=")), '"0"').split('"')[1]
    if int(version.split(".")[0]) < _OLDEST_JDK:
        raise ToolMissing("tool.jdk", f"JDK {version} in {home} is too old; {_OLDEST_JDK} is needed", hint=hint)
    return home


def _make(target: Path, artifacts: Sequence[Artifact], java_home: Path) -> None:
    target.mkdir()
    for part in ("framework", "converter"):
        (target / part).mkdir()
    for artifact, jar in resolve(artifacts).items():
        folder = target / ("converter" if artifact.group == _CONVERTERS else "framework")
        _link(jar, folder / _jar_name(artifact))
        if artifact.name == FRAMEWORK:
            _unpack(jar, folder, ("icu/", _NATIVE))
    compile_bionic(target / "lib64", jdk=java_home)
    (target / "vendor").mkdir()
    (target / "lib64" / _OPENCL).rename(target / "vendor" / _OPENCL)
    _compile_java(target, java_home)


def _jar_name(artifact: Artifact) -> str:
    return f"{FRAMEWORK}.jar" if artifact.name == FRAMEWORK else artifact.file_name


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def _unpack_native(jar: Path, folder: Path) -> None:
    folder.mkdir()
    for part in ("fonts/", "hyphen-data/", "icu/"):
        (folder / part).mkdir()
        _unpack(jar, folder / part, (part,))
    _unpack(jar, folder, (_NATIVE,))


def _unpack(jar: Path, folder: Path, parts: tuple[str, ...]) -> None:
    """The files right below `parts` of the jar, if there are any."""
    with zipfile.ZipFile(jar) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith(parts) and not entry.is_dir():
                with archive.open(entry) as source, (folder / Path(entry.filename).name).open("xb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)


def _compile_java(target: Path, java_home: Path) -> None:
    classes = target / "classes"
    jars = [*(target / "framework").glob("*.jar"), *(target / "converter").glob("*.jar")]
    sources = sorted(str(path) for path in SOURCES.rglob("*.java"))
    class_path = os.pathsep.join(map(str, jars))
    options = ["--release", str(_OLDEST_JDK), "-proc:none", "-nowarn", "-g", "-encoding", "UTF-8"]
    _run([java_home / "bin/javac", *options, "-cp", class_path, "-d", classes, *sources], "pixel.launcher", "compile")
    with zipfile.ZipFile(target / "framework/runtime.jar", "x") as jar:
        for path in sorted(classes.rglob("*.class")):
            jar.write(path, path.relative_to(classes))
        for name, text in _SERVICES.items():
            jar.writestr(name, text)
    shutil.rmtree(classes)


def _convert(apk: Path, target: Path, runtime: Runtime) -> None:
    framework = runtime.folder / "framework"
    jars = [framework / "runtime.jar", *(runtime.folder / "converter").iterdir(), *framework.glob("asm*.jar")]
    command: list[Path | str] = [
        *(runtime.java_home / "bin/java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        *("-cp", os.pathsep.join(map(str, jars)), "dev.tfliteharness.pixel.dex.Converter"),
        *(apk, target, framework / f"{FRAMEWORK}.jar"),
    ]
    _run(command, "pixel.dex", f"translate the dex of {apk.name}")


def _run(command: list[Path | str], code: str, what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise DeviceUnavailable(code, f"the virtual Pixel can't {what}", why=done.stderr.strip()[-2000:])
