"""A cache on disk whose entries are named by the content that made them, shared by all processes of a user."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from harness.errors import HostError

_BLOCK = 1 << 20


def cache_root() -> Path:
    """Where everything that can be made again is kept: `$HARNESS_CACHE`, or the user's cache folder."""
    if chosen := os.environ.get("HARNESS_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tflite-android-harness"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def wrong_hash(name: str, expected: str, actual: str) -> HostError:
    """The error for a file that isn't the pinned one: `fetch.hash_mismatch`."""
    return HostError(
        "fetch.hash_mismatch",
        f"{name} is not the file that is pinned",
        why=f"expected SHA-256 {expected}, got {actual}",
        hint="if the file is known to be good, pin its hash; otherwise find out who changed it",
    )


def key_of(*parts: str | bytes) -> str:
    """A name for what is made from these parts, in this order: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def cached(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The entry `kind/key`: taken from the cache, or made by `make` and published whole or not at all.

    `make` is given a path that doesn't exist yet and creates a file or a folder there. Two processes that ask for the
    same entry make it once; a `make` that raises leaves nothing behind.
    """
    folder = cache_root() / kind
    entry = folder / key
    if entry.exists():
        os.utime(entry)
        return entry
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{key}.lock"):
        if entry.exists():
            return entry
        scratch = Path(tempfile.mkdtemp(prefix=f".{key[:12]}.", dir=folder))
        try:
            make(scratch / "new")
            (scratch / "new").rename(entry)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return entry


def prune(kind: str, *, keep: int, idle_seconds: float = 3600.0) -> None:
    """Remove the entries of a kind that were used least recently, all but `keep` of them.

    What was used within `idle_seconds` stays: another process may be reading it. `cached` counts as use.
    """
    folder = cache_root() / kind
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")] if folder.is_dir() else []
    newest_first = sorted(entries, key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in newest_first[keep:]:
        if time.time() - entry.stat().st_mtime > idle_seconds:
            doomed = folder / f".{entry.name}.doomed"
            entry.rename(doomed)
            if doomed.is_dir():
                shutil.rmtree(doomed)
            else:
                doomed.unlink()
            (folder / f".{entry.name}.lock").unlink(missing_ok=True)
