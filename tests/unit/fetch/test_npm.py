"""Files out of npm packages: real npm, and a registry on this machine that lies, breaks off and isn't there."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import HarnessError, ToolMissing, UsageError
from harness.fetch import npm
from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile, Registry
from tests.unit.fetch.archives import tar_of

MANIFEST = {"name": "@scope/pack", "version": "1.2.0", "scripts": {"preinstall": "touch ran", "prepack": "touch ran"}}
PACK = tar_of([("package/package.json", json.dumps(MANIFEST).encode()), ("package/models/a.txt", b"hello")])
FILE = PackageFile(
    "@scope/pack",
    "1.2.0",
    "scope-pack-1.2.0.tgz",
    hashlib.sha256(PACK).hexdigest(),
    "package/models/a.txt",
    registry=Registry.NPM,
)


class Server(ThreadingHTTPServer):
    """A registry with one version of one package, of whose archive it sends `content[:sent]`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = PACK
        self.sent = len(PACK)
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def packument(self) -> bytes:
        """What a registry says of a package."""
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(self.content).digest()).decode()
        dist = {"tarball": f"{self.address}pack.tgz", "integrity": integrity}
        versions = {"1.2.0": {**MANIFEST, "dist": dist}}
        return json.dumps({"name": MANIFEST["name"], "dist-tags": {"latest": "1.2.0"}, "versions": versions}).encode()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """The package's entry, or its archive."""
        server = self.server
        server.asked.append(self.path)
        if self.path.lower() == "/@scope%2fpack":
            self._answer(body := server.packument(), len(body))
        elif self.path == "/pack.tgz":
            self._answer(server.content[: server.sent], len(server.content))
        else:
            self.send_error(404)

    def _answer(self, body: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(params=["PATH's", "PyPI's"])
def client(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The npm that is on PATH, and the one that a PyPI package brings for machines without."""
    if request.param == "PyPI's":
        monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    elif not shutil.which("npm"):
        pytest.skip("there is no npm on PATH, which is what PyPI's is for")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A registry, an empty home and a cache of the test's own."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(npm, "_SECONDS_BETWEEN_TRIES", 0)
    with Server() as running:
        monkeypatch.setenv("npm_config_registry", running.address)
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


@pytest.mark.usefixtures("client")
def test_a_member_is_fetched_once(registry: Server, tmp_path: Path) -> None:
    """As data: none of its scripts runs, and npm's own cache keeps nothing of it."""
    path = fetch(FILE)
    assert (path.name, path.read_bytes()) == ("a.txt", b"hello")
    asked = len(registry.asked)
    assert fetch(FILE) == path
    assert len(registry.asked) == asked
    assert not list(tmp_path.rglob("ran"))
    assert not (tmp_path / "home").exists()


def test_another_archive_is_refused(registry: Server) -> None:
    """The registry vouches for what it sends; the pin doesn't."""
    registry.content = tar_of([("package/models/a.txt", b"other")])
    registry.sent = len(registry.content)
    error = failure(FILE)
    assert error.code == "fetch.hash_mismatch"
    assert FILE.sha256 in error.why
    assert hashlib.sha256(registry.content).hexdigest() in error.why


@pytest.mark.parametrize("change", [{"version": "9.9.9"}, {"package": "nobody"}])
def test_what_the_registry_has_not_got(registry: Server, change: dict[str, str]) -> None:
    """npm's own last lines are kept, and the remedy is a command."""
    error = failure(replace(FILE, **change))  # type: ignore[arg-type]
    assert error.code == "fetch.not_found"
    assert change.get("version", change.get("package", "")) in error.why
    assert "npm view" in error.hint


def test_half_a_download_is_none(registry: Server, tmp_path: Path) -> None:
    """What broke off is an error, and nothing of it is kept."""
    registry.sent //= 2
    assert failure(FILE).code in ("fetch.failed", "fetch.no_network")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size] == []


def test_no_network(registry: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that can't be reached is a fault of the host; its address is shown without its password."""
    monkeypatch.setenv("npm_config_registry", "http://user:secret@127.0.0.1:9/")
    error = failure(FILE)
    assert error.code == "fetch.no_network"
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "change",
    [
        {"package": "file:../pack"},
        {"package": "https://127.0.0.1/pack.tgz"},
        {"package": "--prefix"},
        {"version": "latest"},
        {"version": "^1.2.0"},
    ],
)
def test_a_name_that_npm_could_read_as_something_else(registry: Server, change: dict[str, str]) -> None:
    """Folders, URLs, options and ranges of versions are refused before npm sees them."""
    error = failure(replace(FILE, **change))  # type: ignore[arg-type]
    assert isinstance(error, UsageError)
    assert error.code == "fetch.bad_name"
    assert registry.asked == []


def test_no_npm_at_all(registry: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the command that brings one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(npm.importlib.util, "find_spec", lambda _name: None)
    error = failure(FILE)
    assert isinstance(error, ToolMissing)
    assert (error.code, registry.asked) == ("fetch.no_npm", [])
    assert "apt-get install npm" in error.hint
