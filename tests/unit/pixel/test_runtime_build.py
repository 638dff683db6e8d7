"""What the runtime is made from, and how it is refused where it can't be made."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harness.errors import HostError, ToolMissing
from harness.fetch.maven import read_lock
from harness.pixel.runtime_build import FRAMEWORK, LOCK, Runtime, convert_dex, find_jdk


def jdk(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/javac").touch()
    (folder / "release").write_text(f'IMPLEMENTOR="Debian"\nJAVA_VERSION="{version}"\n')
    return folder


def test_the_named_jdk_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`$JAVA_HOME` goes before what is on PATH."""
    monkeypatch.setenv("JAVA_HOME", str(jdk(tmp_path / "jdk", "21.0.4")))
    assert find_jdk() == tmp_path / "jdk"


def test_an_old_jdk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JDK before 17 is named with its version, and what to install instead."""
    monkeypatch.setenv("JAVA_HOME", str(jdk(tmp_path / "jdk", "11.0.2")))
    with pytest.raises(ToolMissing) as refused:
        find_jdk()
    assert refused.value.code == "tool.jdk"
    assert "11.0.2" in refused.value.what
    assert "openjdk-17" in refused.value.hint


def test_no_jdk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither `$JAVA_HOME` nor a `javac` on PATH: the error says so."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="javac"):
        find_jdk()


def test_an_apk_without_code_is_refused(tmp_path: Path) -> None:
    """There is nothing to translate in an APK that has no dex."""
    with zipfile.ZipFile(tmp_path / "empty.apk", "w") as apk:
        apk.writestr("AndroidManifest.xml", b"")
    with pytest.raises(HostError) as refused:
        convert_dex(tmp_path / "empty.apk", Runtime("key", tmp_path, tmp_path, tmp_path))
    assert refused.value.code == "pixel.dex"


def test_androids_own_classes_are_not_on_the_class_path(tmp_path: Path) -> None:
    """The framework's jar is the sandbox's to load; everything beside it is the launcher's class path, in one order."""
    (tmp_path / "framework").mkdir()
    for name in ("utils-1.jar", "runtime.jar", f"{FRAMEWORK}.jar", "asm-9.jar"):
        (tmp_path / "framework" / name).touch()
    runtime = Runtime("key", tmp_path, tmp_path, tmp_path)
    assert runtime.class_path == ("asm-9.jar", "runtime.jar", "utils-1.jar")


def test_the_lock_pins_the_framework_and_its_native_half() -> None:
    """The lock file names both, once each, with the hash that they are checked against."""
    names = [artifact.name for artifact in read_lock(LOCK)]
    assert names.count(FRAMEWORK) == 1
    assert names.count("nativeruntime-dist-compat") == 1
