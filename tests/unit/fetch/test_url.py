"""Files by URL, from a server on this machine that breaks off, lies and sends too much."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.fetch.pin import UrlFile
from harness.fetch.url import fetch_url, shown

CONTENT = bytes(range(256)) * 400
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; each answer ends after the next number of `cuts`, and `asked` has every Range."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.cuts: list[int] = []
        self.asked: list[str | None] = []
        self.knows_ranges = True
        self.content = CONTENT

    def file(self, **changes: object) -> UrlFile:
        """What is pinned."""
        url = f"http://127.0.0.1:{self.server_address[1]}/model.bin"
        return UrlFile(**{"url": url, "sha256": SHA256, **changes})  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """The content from where the Range says."""
        server, said = self.server, self.headers.get("Range")
        server.asked.append(said)
        if self.path != "/model.bin":
            self.send_error(404)
            return
        start = int(said.removeprefix("bytes=").rstrip("-")) if said and server.knows_ranges else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cuts.pop(0)] if server.cuts else body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server, and a cache of the test's own."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def refusal(file: UrlFile) -> HarnessError:
    """What a fetch ends with."""
    with pytest.raises(HarnessError) as caught:
        fetch_url(file)
    return caught.value


def parts(cache: Path) -> list[str]:
    """What a fetch left in the cache, save its locks."""
    return [path.name for path in (cache / "urls").iterdir() if not path.name.endswith(".lock")]


def test_a_file_is_fetched_once(server: Server) -> None:
    """The second call asks nobody."""
    assert fetch_url(server.file()).read_bytes() == CONTENT
    assert fetch_url(server.file()).read_bytes() == CONTENT
    assert server.asked == [None]


def test_what_breaks_off_goes_on_from_there(server: Server) -> None:
    """Two breaks in one call: each answer starts where the last one stopped."""
    server.cuts = [1000, 500]
    assert fetch_url(server.file()).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000-", "bytes=1500-"]


def test_half_a_download_is_kept_for_the_next_call(server: Server, tmp_path: Path) -> None:
    """Three breaks end the call with how far it came; the next one asks for the rest alone."""
    server.cuts = [1000, 1000, 1000]
    error = refusal(server.file())
    assert (error.code, "byte 3,000" in error.what) == ("fetch.broken_off", True)
    assert parts(tmp_path) == [f"{SHA256}.part"]
    assert fetch_url(server.file()).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=3000-"
    assert parts(tmp_path) == [SHA256]


def test_a_server_without_ranges_starts_again(server: Server) -> None:
    """An answer with the whole file replaces what had come."""
    server.cuts, server.knows_ranges = [1000], False
    assert fetch_url(server.file()).read_bytes() == CONTENT


def test_a_file_that_changed_between_its_halves_is_fetched_whole(server: Server, tmp_path: Path) -> None:
    """Half of an older file doesn't make the pinned one unreachable."""
    (tmp_path / "urls").mkdir()
    (tmp_path / "urls" / f"{SHA256}.part").write_bytes(b"old" * 100)
    assert fetch_url(server.file()).read_bytes() == CONTENT
    assert server.asked == ["bytes=300-", None]


def test_another_file_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    """Both hashes are told, and neither the file nor its part stays."""
    server.content = CONTENT[:-1] + b"x"
    error = refusal(server.file())
    assert error.code == "fetch.hash_mismatch"
    assert SHA256 in error.why
    assert hashlib.sha256(server.content).hexdigest() in error.why
    assert parts(tmp_path) == []


def test_too_much_is_refused_before_it_comes(server: Server, tmp_path: Path) -> None:
    """The size that the server says is enough to refuse."""
    assert refusal(server.file(max_bytes=1000)).code == "fetch.too_big"
    assert parts(tmp_path) == []


def test_what_is_not_there(server: Server) -> None:
    """An address without a file, a port without a server, a scheme that isn't the web's."""
    base = server.file().url
    assert refusal(server.file(url=f"{base}.gz")).code == "fetch.not_found"
    assert refusal(server.file(url="http://127.0.0.1:1/model.bin")).code == "fetch.no_network"
    assert refusal(server.file(url="file:///etc/passwd")).code == "fetch.url"


def test_a_password_is_never_shown() -> None:
    """Neither user, password nor query stands in a message."""
    assert shown("https://me:secret@example.org/a/b.bin?token=secret") == "https://example.org/a/b.bin"
