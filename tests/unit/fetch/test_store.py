"""The cache: entries whole or not at all, made once, and no more of them than are wanted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from harness.fetch.store import cached, key_of, prune


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(text: str, times: list[str]) -> Path:
    def make(target: Path) -> None:
        times.append(text)
        target.write_text(text)

    return cached("notes", key_of(text), make)


def test_made_once() -> None:
    """The second call takes what the first one made."""
    times: list[str] = []
    assert write("a", times) == write("a", times)
    assert times == ["a"]


def test_failure_leaves_nothing(cache: Path) -> None:
    """A maker that raises leaves neither an entry nor a scratch folder behind."""

    def fail(target: Path) -> None:
        target.write_text("half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        cached("notes", "key", fail)
    assert [path.name for path in (cache / "notes").iterdir() if not path.name.endswith(".lock")] == []


def test_keys_keep_parts_apart() -> None:
    """Two lists of parts that join to the same text have different keys."""
    assert key_of("ab", "c") != key_of("a", "bc")


def test_prune_keeps_the_newest_and_what_is_in_use() -> None:
    """The least recently used entries go, but none that was used within the hour."""
    times: list[str] = []
    old, older, fresh = (write(text, times) for text in ("old", "older", "fresh"))
    os.utime(old, (time.time() - 5000,) * 2)
    os.utime(older, (time.time() - 9000,) * 2)
    prune("notes", keep=2)
    assert (old.exists(), older.exists(), fresh.exists()) == (True, False, True)
    prune("notes", keep=0)
    assert (old.exists(), fresh.exists()) == (False, True)
    write("old", times)
    assert times.count("old") == 2
