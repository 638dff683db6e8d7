"""Files out of Debian packages: real apt, and an archive on this machine that forgets, lies and isn't there."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import HarnessError, ToolMissing, UsageError
from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile, Registry
from tests.unit.fetch.archives import deb_of, sha256

CONTROL = "Package: photo-pack\nVersion: {version}\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: d\n"


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Archive(ThreadingHTTPServer):
    """A folder that apt takes packages from, and from nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.shelf = folder / "shelf"
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(self.shelf)))
        for name in ("shelf", "state/lists/partial", "cache/archives/partial", "parts"):
            (folder / name).mkdir(parents=True)
        address = f"http://127.0.0.1:{self.server_address[1]}"
        (folder / "sources.list").write_text(f"deb [trusted=yes] {address} ./\n")
        (folder / "status").touch()
        (folder / "apt.conf").write_text(
            f'Dir::State "{folder}/state"; Dir::State::status "{folder}/status"; Dir::Cache "{folder}/cache";\n'
            f'Dir::Etc::sourcelist "{folder}/sources.list"; Dir::Etc::sourceparts "{folder}/parts";\n'
            f'Dir::Etc::main "-"; Dir::Etc::parts "{folder}/parts"; Acquire::Languages "none"; Acquire::Retries 0;\n'
        )

    def publish(self, version: str, content: bytes = b"hello") -> PackageFile:
        """The archive has this version from now on, and no other; answers the pin of a file in it."""
        control = CONTROL.format(version=version)
        deb = self.shelf / f"photo-pack_{version}_all.deb"
        deb.write_bytes(deb_of([("./usr/share/photos/a.txt", content)], control=control))
        size, digest = deb.stat().st_size, sha256(deb)
        (self.shelf / "Packages").write_text(f"{control}Filename: ./{deb.name}\nSize: {size}\nSHA256: {digest}\n")
        return PackageFile("photo-pack", version, deb.name, digest, "usr/share/photos/a.txt", registry=Registry.DEBIAN)

    def update(self) -> None:
        """apt reads what there is."""
        subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True, timeout=60)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An archive, and a cache of the test's own."""
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "kept"))
    with Archive(tmp_path) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def failure(file: PackageFile) -> HarnessError:
    """What a fetch ends with."""
    with pytest.raises(HarnessError) as caught:
        fetch(file)
    return caught.value


def test_a_member_is_fetched_once(archive: Archive) -> None:
    """The package isn't installed, and the second call needs no archive."""
    file = archive.publish("1.0-2")
    archive.update()
    path = fetch(file)
    assert (path.name, path.read_bytes()) == ("a.txt", b"hello")
    (archive.shelf / file.distribution).unlink()
    assert fetch(file) == path


def test_a_version_that_the_archive_gave_up(archive: Archive) -> None:
    """The error has the version that is there now, and says what to do."""
    old = archive.publish("1.0-2")
    archive.publish("1.0-3")
    archive.update()
    error = failure(old)
    assert error.code == "fetch.not_found"
    assert "apt knows photo-pack 1.0-3" in error.why
    assert "pin the new version" in error.hint


def test_lists_older_than_the_archive(archive: Archive) -> None:
    """apt still knows the version, and the archive has it no more."""
    file = archive.publish("1.0-2")
    archive.update()
    (archive.shelf / file.distribution).unlink()
    error = failure(file)
    assert error.code == "fetch.not_found"
    assert "apt-get update" in error.hint


def test_lists_that_were_never_fetched(archive: Archive) -> None:
    """On a fresh machine apt knows no package at all."""
    error = failure(archive.publish("1.0-2"))
    assert error.code == "fetch.not_found"
    assert "apt knows no photo-pack" in error.why
    assert "apt-get update" in error.hint


def test_another_package_under_the_same_version(archive: Archive) -> None:
    """apt's own check passes, as the list was changed with it; the pin's doesn't."""
    file = archive.publish("1.0-2")
    archive.publish("1.0-2", b"other")
    archive.update()
    error = failure(file)
    assert error.code == "fetch.hash_mismatch"
    assert file.sha256 in error.why


def test_a_package_that_changed_on_its_way(archive: Archive, tmp_path: Path) -> None:
    """apt refuses it, and nothing is kept."""
    file = archive.publish("1.0-2")
    archive.update()
    with (archive.shelf / file.distribution).open("r+b") as stream:
        stream.seek(-3, 2)
        stream.write(b"?")
    error = failure(file)
    assert error.code == "fetch.failed"
    assert "Hash Sum mismatch" in error.why
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file() and path.stat().st_size] == []


def test_no_network(archive: Archive) -> None:
    """An archive that can't be reached is a fault of the host."""
    file = archive.publish("1.0-2")
    archive.update()
    archive.shutdown()
    archive.server_close()
    error = failure(file)
    assert error.code == "fetch.no_network"
    assert "/etc/apt" in error.hint


@pytest.mark.parametrize("change", [{"package": "-o=x"}, {"package": "./a.deb"}, {"version": "1.0 other"}])
def test_a_name_that_apt_could_read_as_something_else(archive: Archive, change: dict[str, str]) -> None:
    """Options and files are refused before apt sees them."""
    error = failure(replace(archive.publish("1.0-2"), **change))  # type: ignore[arg-type]
    assert isinstance(error, UsageError)
    assert error.code == "fetch.bad_name"


def test_no_apt_at_all(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian packages come from Debian."""
    monkeypatch.setenv("PATH", str(tmp_path))
    error = failure(archive.publish("1.0-2"))
    assert isinstance(error, ToolMissing)
    assert error.code == "fetch.no_apt"
