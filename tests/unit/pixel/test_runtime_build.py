"""What the runtime is made from, and how it is refused where it can't be made."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harness.errors import HostError, ToolMissing, UsageError
from harness.fetch.maven import read_lock
from harness.pixel.runtime_build import FRAMEWORK, FRAMEWORKS, LOCK, Runtime, convert_dex, find_jdk, prepare_runtime


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


def test_the_lock_pins_each_framework_and_the_native_half() -> None:
    """The lock file names one framework an API level, with the hash that it is checked against."""
    artifacts = read_lock(LOCK)
    assert [each.version for each in artifacts if each.name == FRAMEWORK] == list(FRAMEWORKS.values())
    assert [each.name for each in artifacts].count("nativeruntime-dist-compat") == 1


def test_an_api_level_without_a_framework_is_refused() -> None:
    """The error names the level that was asked for, and those that there are."""
    with pytest.raises(UsageError) as refused:
        prepare_runtime(33)
    assert "33" in refused.value.what
    assert "34, 35" in refused.value.hint
