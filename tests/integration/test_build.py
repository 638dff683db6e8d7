"""The direct build, for real: aapt2, javac, D8 and apksigner make the app of this checkout."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from harness.app.apk import verify
from harness.app.archive import misplaced, placements
from harness.app.bundle import Bundle, Variant, bundle_of
from harness.app.direct import BuiltApk, build_apk
from harness.app.keystore import debug_keystore
from harness.errors import BuildError, InstallFailed, ToolMissing
from harness.fetch.store import cache_root, sha256_of

PROJECT = Path(__file__).parents[2] / "android_app"
JAVA = Path("app/src/main/java/dev/tfliteharness")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the app's sources, to be changed."""
    target = tmp_path / "android_app"
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns("build", ".gradle"))
    return target


@pytest.fixture
def own_key(app_apk: BuiltApk) -> Path:
    """This checkout's debug key, made by building the app."""
    assert app_apk.path.is_file()
    return PROJECT.parent / "build/debug.keystore"


def test_apk_holds_the_app_and_the_bundle(app_apk: BuiltApk, small_bundle: Bundle) -> None:
    """Code, resources, both ABIs' libraries and every asset are there, models byte for byte."""
    with zipfile.ZipFile(app_apk.path) as archive:
        names = set(archive.namelist())
        assert {"AndroidManifest.xml", "resources.arsc", "classes.dex"} <= names
        for abi in ("x86_64", "arm64-v8a"):
            assert {f"lib/{abi}/libtensorflowlite_jni.so", f"lib/{abi}/libtensorflowlite_gpu_jni.so"} <= names
        for entry in small_bundle.entries:
            assert archive.read(entry.name) == entry.read()


def test_what_android_maps_lies_on_its_page(app_apk: BuiltApk) -> None:
    """After signing, libraries lie on 16 KiB and models on 4 KiB, uncompressed."""
    assert misplaced(app_apk.path) == ()
    offsets = {place.name: place.offset for place in placements(app_apk.path)}
    assert offsets["lib/arm64-v8a/libtensorflowlite_jni.so"] % 16384 == 0
    assert offsets["assets/models/small/fp32.tflite"] % 4096 == 0


def test_apk_is_signed_by_schemes_2_and_3_with_this_checkouts_key(app_apk: BuiltApk) -> None:
    """Our own check and apksigner agree on schemes and certificate."""
    apk = verify(app_apk.path)
    assert apk.schemes == {2, 3}
    assert (apk.sha256, apk.bytes) == (app_apk.sha256, app_apk.bytes)
    said = subprocess.run(
        ["apksigner", "verify", "--verbose", "--print-certs", str(app_apk.path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "v2 scheme (APK Signature Scheme v2): true" in said
    assert "v3 scheme (APK Signature Scheme v3): true" in said
    assert app_apk.certificate_sha256 in said


def test_building_again_runs_no_tool(
    app_apk: BuiltApk, small_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing changed, no process is started at all, and the APK has the same bytes."""

    def refuse(*command: object, **_: object) -> None:
        raise AssertionError(f"started {command}")

    monkeypatch.setattr(subprocess, "run", refuse)
    again = build_apk(small_bundle, PROJECT, tmp_path / "again.apk")
    assert again.sha256 == app_apk.sha256 == sha256_of(tmp_path / "again.apk")
    before = (tmp_path / "again.apk").stat().st_mtime_ns
    build_apk(small_bundle, PROJECT, tmp_path / "again.apk")
    assert (tmp_path / "again.apk").stat().st_mtime_ns == before


def test_a_build_from_nothing_gives_the_same_bytes(
    app_apk: BuiltApk,
    small_bundle: Bundle,
    own_key: Path,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another folder, an empty cache but for the artifacts, other file times: the same APK."""
    artifacts = cache_root() / "maven"
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/maven").symlink_to(artifacts)
    for path in project.rglob("*"):
        os.utime(path, (1, 1))
    again = build_apk(small_bundle, project, tmp_path / "again.apk", keystore=own_key)
    assert again.sha256 == app_apk.sha256


def test_one_changed_model_compiles_nothing(
    app_apk: BuiltApk, small_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model takes signing and checking only: no aapt2, no javac, no D8."""
    model = small_bundle.models[0]
    changed = tmp_path / "changed.tflite"
    changed.write_bytes(model.variants[0].file.read_bytes() + os.urandom(16))
    bundle = bundle_of([replace(model, variants=(Variant("fp32", changed),))], small_bundle.photos)
    started: list[str] = []
    run = subprocess.run

    def note(command: list[str], **options: object) -> object:
        started.append(Path(command[0]).name)
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", note)
    built = build_apk(bundle, PROJECT, tmp_path / "changed.apk")
    assert built.sha256 != app_apk.sha256
    assert started == ["apksigner", "apksigner"]


def test_error_in_java_is_shown_with_file_and_line(small_bundle: Bundle, own_key: Path, project: Path) -> None:
    """javac's own words come through, with the path inside the project."""
    source = project / JAVA / "Failure.java"
    source.write_text(source.read_text().replace("thrown.toString()", "thrown.toText()"))
    with pytest.raises(BuildError) as caught:
        build_apk(small_bundle, project, project / "app.apk", keystore=own_key)
    assert caught.value.code == "build.javac"
    assert f"{JAVA}/Failure.java:8: error: cannot find symbol" in caught.value.why
    assert not (project / "app.apk").exists()


def test_java_newer_than_the_catalog_says_is_refused(small_bundle: Bundle, own_key: Path, project: Path) -> None:
    """The direct build holds the sources to Java 8, as the Gradle build does."""
    (project / JAVA / "Newer.java").write_text("package dev.tfliteharness;\n\nrecord Newer(int value) {}\n")
    with pytest.raises(BuildError, match=r"Newer.java:3: error"):
        build_apk(small_bundle, project, project / "app.apk", keystore=own_key)


def test_error_in_resources_is_shown_with_file_and_line(small_bundle: Bundle, own_key: Path, project: Path) -> None:
    """aapt2's own words come through."""
    layout = project / "app/src/main/res/layout/main.xml"
    layout.write_text(layout.read_text().replace("@dimen/photo", "@dimen/fotos", 1))
    with pytest.raises(BuildError, match="dimen/fotos") as caught:
        build_apk(small_bundle, project, project / "app.apk", keystore=own_key)
    assert caught.value.code == "build.resources"
    assert "main.xml" in caught.value.why


def test_abi_that_the_libraries_lack_is_refused(small_bundle: Bundle, own_key: Path, tmp_path: Path) -> None:
    """An app without its libraries would start and then fail: both lists are shown instead."""
    with pytest.raises(BuildError, match="riscv64") as caught:
        build_apk(small_bundle, PROJECT, tmp_path / "app.apk", abis=("riscv64",), keystore=own_key)
    assert caught.value.code == "build.abi"
    assert "arm64-v8a" in caught.value.why


def test_missing_tools_are_named_with_the_package_that_has_them(
    small_bundle: Bundle, app_apk: BuiltApk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a JDK, and without apksigner, the hint is the command that installs it."""
    assert app_apk
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="javac") as caught:
        build_apk(small_bundle, PROJECT, tmp_path / "app.apk")
    assert "apt-get install openjdk" in caught.value.hint
    monkeypatch.setenv("JAVA_HOME", str(Path(shutil.which("javac", path=os.defpath) or "").resolve().parent.parent))
    with pytest.raises(ToolMissing) as caught:
        build_apk(small_bundle, PROJECT, tmp_path / "app.apk")
    assert "apt-get install apksigner" in caught.value.hint


def test_debug_key_is_for_its_owner_only_and_made_once(tmp_path: Path) -> None:
    """Two that ask at once get the same key; it and its password have mode 0600, and no one else may read them."""
    path = tmp_path / "build/debug.keystore"
    with ThreadPoolExecutor() as pool:
        keystore, same = pool.map(debug_keystore, [path, path])
    assert keystore == same
    assert {stat.S_IMODE(file.stat().st_mode) for file in (keystore.path, keystore.password_file)} == {0o600}
    assert sorted(path.parent.glob("[!.]*")) == [keystore.path, keystore.password_file]
    before = sha256_of(path)
    assert debug_keystore(path) == keystore
    assert sha256_of(path) == before
    path.chmod(0o644)
    with pytest.raises(BuildError, match="others can read"):
        debug_keystore(path)


def bad_apks(good: Path, folder: Path) -> Iterator[tuple[str, str, Path]]:
    """APKs that no device should be troubled with: what is wrong, the code that says so, the file."""
    data = bytearray(good.read_bytes())

    def write(name: str, content: bytes) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    yield "no file", "install.not_apk", folder / "gone.apk"
    yield "empty", "install.not_apk", write("empty.apk", b"")
    yield "a page", "install.not_apk", write("page.apk", b"<!doctype html>" * 99)
    yield "cut off", "install.not_apk", write("cut.apk", bytes(data[: len(data) // 2]))
    with zipfile.ZipFile(good) as archive:
        offset = archive.getinfo("assets/catalog.json").header_offset
    flipped = bytearray(data)
    flipped[offset + 60] ^= 1
    yield "one bit", "install.corrupt", write("bit.apk", bytes(flipped))
    at = data.rfind(b"APK Sig Block 42")
    yield (
        "no signature",
        "install.unsigned",
        write("unsigned.apk", bytes(data[:at]) + b"0" * 16 + bytes(data[at + 16 :])),
    )
    plain = folder / "plain.apk"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("AndroidManifest.xml", "x")
    yield "a zip", "install.unsigned", plain
    with zipfile.ZipFile(good) as archive:
        entry = archive.start_dir
    changed = bytearray(data)
    changed[entry + 16] ^= 1
    yield "directory changed", "install.corrupt", write("directory.apk", bytes(changed))
    signed = bytearray(data)
    signed[data.rfind(b"Android Debug")] ^= 1
    yield "certificate changed", "install.corrupt", write("certificate.apk", bytes(signed))


def test_apks_that_no_device_would_take_are_refused_here(app_apk: BuiltApk, tmp_path: Path) -> None:
    """Wrong, cut, unsigned and changed files are each refused with their own code, before any device is touched."""
    for what, code, path in bad_apks(app_apk.path, tmp_path):
        with pytest.raises(InstallFailed) as caught:
            verify(path)
        assert caught.value.code == code, what
