"""Files by URL, pinned by SHA-256 and kept by content; what breaks off is resumed from where it stopped."""

from __future__ import annotations

import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from harness.errors import HostError, UsageError
from harness.fetch.pin import UrlFile
from harness.fetch.space import space_on_disk
from harness.fetch.store import cache_root, cached, sha256_of, wrong_hash

_IDLE_S = 60.0
_TRIES = 3
_BLOCK = 1 << 20


class _BrokenOff(Exception):
    """The connection ended before the file did; what came is in the `.part`."""


def fetch_url(file: UrlFile, *, say: Callable[[str], None] = lambda _message: None) -> Path:
    """The file, in the cache; from the second call on without network and without hashing.

    A transfer that breaks off is taken up again, up to two times in a call and again in the next: what came is kept
    beside the cache as `<sha256>.part` and asked for from there on (HTTP's Range, RFC 9110 section 14).

    Raises:
        UsageError: `fetch.url` for anything but http and https.
        HostError: `fetch.broken_off` (try again), `fetch.no_network`, `fetch.not_found`, `fetch.failed` with the
            server's answer; `fetch.too_big`; `fetch.hash_mismatch` with both hashes; `fetch.no_space`.
    """
    if urlsplit(file.url).scheme not in ("http", "https"):
        raise UsageError("fetch.url", f"{shown(file.url)} is no http or https URL")
    with space_on_disk(shown(file.url)):
        return cached("urls", file.sha256, lambda target: _download(file, target, say))


def shown(url: str) -> str:
    """The URL without the password and the query that it may carry."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _download(file: UrlFile, target: Path, say: Callable[[str], None]) -> None:
    part = cache_root() / "urls" / f"{file.sha256}.part"
    resumed = part.exists()
    _transfer(file, part, say)
    actual = sha256_of(part)
    if actual != file.sha256 and resumed:  # the file behind the URL may have changed between its two halves
        part.unlink()
        say(f"{shown(file.url)} doesn't fit what had come of it before: fetching it whole")
        _transfer(file, part, say)
        actual = sha256_of(part)
    if actual != file.sha256:
        part.unlink()
        raise wrong_hash(shown(file.url), file.sha256, actual)
    shutil.move(part, target)


def _transfer(file: UrlFile, part: Path, say: Callable[[str], None]) -> None:
    for left in reversed(range(_TRIES)):
        have = part.stat().st_size if part.exists() else 0
        say(f"downloading {shown(file.url)}" + (f" from byte {have:,} on" if have else ""))
        try:
            _receive(file, part, have)
        except _BrokenOff as error:
            if not left:
                raise HostError(
                    "fetch.broken_off",
                    f"{shown(file.url)} broke off at byte {part.stat().st_size if part.exists() else 0:,}",
                    why=str(error),
                    hint="try again: it goes on from there",
                ) from error
        else:
            return


def _receive(file: UrlFile, part: Path, have: int) -> None:
    # The scheme was checked above: http or https.
    request = urllib.request.Request(file.url, headers={"Accept-Encoding": "identity"})  # noqa: S310
    if have:
        request.add_header("Range", f"bytes={have}-")
    what = f"{shown(file.url)} can't be fetched"
    try:
        with urllib.request.urlopen(request, timeout=_IDLE_S) as reply:  # noqa: S310
            resumed = reply.status == http.HTTPStatus.PARTIAL_CONTENT
            _require_place(file, reply.headers.get("Content-Range"), have if resumed else None)
            start = have if resumed else 0
            length = reply.headers.get("Content-Length")
            if length is not None and start + int(length) > file.max_bytes:
                raise _too_big(file, start + int(length))
            came = _write(file, reply, part, start)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return  # there is nothing beyond what came: the hash tells whether that is the file
        code = "fetch.not_found" if error.code in (404, 410) else "fetch.failed"
        raise HostError(code, what, why=f"HTTP {error.code} {error.reason}", hint="check the URL") from error
    except urllib.error.URLError as error:
        hint = "check the network, and the URL's host"
        raise HostError("fetch.no_network", what, why=str(error.reason), hint=hint) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _BrokenOff(f"{type(error).__name__}: {error}") from error
    if length is not None and came < int(length):
        raise _BrokenOff(f"{came:,} of {int(length):,} bytes came")


def _require_place(file: UrlFile, said: str | None, have: int | None) -> None:
    if have is not None and not (said or "").startswith(f"bytes {have}-"):
        why = f"asked for bytes from {have:,} on, it gave '{said}'"
        raise HostError("fetch.failed", f"{shown(file.url)} can't be resumed", why=why, hint="ask the server's owner")


def _write(file: UrlFile, reply: http.client.HTTPResponse, part: Path, start: int) -> int:
    came = 0
    with part.open("ab" if start else "wb") as sink:
        while block := reply.read1(_BLOCK):
            came += len(block)
            if start + came > file.max_bytes:
                sink.close()
                part.unlink()
                raise _too_big(file, start + came)
            sink.write(block)
    return came


def _too_big(file: UrlFile, size: int) -> HostError:
    return HostError(
        "fetch.too_big",
        f"{shown(file.url)} has {size:,} bytes or more, and {file.max_bytes:,} are allowed",
        hint="raise 'max_bytes' where the file is pinned, if that is right",
    )
