"""Artifacts by coordinates: the lock file, one `mvn` for all that is missing, hashes that decide."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from harness.errors import HostError, ToolMissing, UsageError
from harness.fetch.lock import rewrite
from harness.fetch.maven import Artifact, parse_coordinates, read_lock, resolve

CONTENT = b"an artifact\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
JAR = Artifact("org.example", "thing", "1.0", sha256=SHA256)
AAR = Artifact("org.example", "other", "2.0", "aar", SHA256)


@pytest.fixture
def fake_mvn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for `mvn`, which needs a network: it reads the pom that it is given and writes the same bytes for each
    artifact, or fails for a group `absent`. It leaves out repositories, settings and plugins. Returns its log of calls.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "calls"
    script = folder / "mvn"
    script.write_text(
        f"""#!/usr/bin/env python3
import pathlib, re, sys
pathlib.Path({str(log)!r}).open("a").write("run\\n")
pom = pathlib.Path(sys.argv[sys.argv.index("-f") + 1]).read_text()
folder = pathlib.Path(re.search("<outputDirectory>(.*?)</", pom)[1])
for g, a, v, t in re.findall("<artifactItem><groupId>(.*?)</groupId><artifactId>(.*?)</artifactId>"
                             "<version>(.*?)</version><type>(.*?)</type>", pom):
    if g == "absent":
        print("[ERROR] Could not find artifact absent:" + a)
        print("[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.")
        sys.exit(1)
    (folder / f"{{g}}.{{a}}-{{v}}.{{t}}").write_bytes({CONTENT!r})
"""
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return log


def test_lock_lists_artifacts_in_order_and_skips_comments(tmp_path: Path) -> None:
    """A line is coordinates and a hash; a type after the version is kept, a comment may stand anywhere."""
    path = tmp_path / "lock"
    path.write_text(f"# head\n\norg.example:thing:1.0 {SHA256}  # why\norg.example:other:2.0:aar {SHA256}\n")
    assert read_lock(path) == (JAR, AAR)


@pytest.mark.parametrize(
    "line",
    ["org.example:thing:1.0", f"org.example:thing {SHA256}", "org.example:thing:1.0 abc", f"a b:c:1 {SHA256}"],
)
def test_lock_line_that_is_none_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    """Whatever isn't a line of a lock is refused, naming file and line."""
    path = tmp_path / "lock"
    path.write_text(f"# head\n{line}\n")
    with pytest.raises(UsageError, match="lock:2") as caught:
        read_lock(path)
    assert caught.value.code == "maven.lock"


def test_coordinates_listed_twice_are_refused(tmp_path: Path) -> None:
    """Two hashes for one artifact can't both be meant."""
    path = tmp_path / "lock"
    path.write_text(f"a:b:1 {SHA256}\na:b:1 {'0' * 64}\n")
    with pytest.raises(UsageError, match="twice"):
        read_lock(path)


def test_missing_artifacts_come_by_one_mvn_and_then_by_none(fake_mvn: Path) -> None:
    """All that is missing is fetched in one run, lies under Maven's name, and is never fetched again."""
    first = resolve([JAR, AAR])
    assert {artifact: path.name for artifact, path in first.items()} == {JAR: "thing-1.0.jar", AAR: "other-2.0.aar"}
    assert all(path.read_bytes() == CONTENT for path in first.values())
    assert resolve([AAR, JAR]) == first
    assert fake_mvn.read_text() == "run\n"


def test_wrong_hash_is_an_error_with_both_hashes_and_is_not_kept(fake_mvn: Path) -> None:
    """An artifact with other bytes than the pinned ones is named with both hashes; asking again fetches again."""
    wrong = Artifact("org.example", "thing", "1.0", sha256="0" * 64)
    for _ in range(2):
        with pytest.raises(HostError) as caught:
            resolve([wrong])
        assert caught.value.code == "maven.hash"
        assert all(part in caught.value.why for part in (wrong.coordinates, wrong.sha256, SHA256))
    assert fake_mvn.read_text() == "run\nrun\n"


def test_artifact_that_cannot_be_had_is_an_error_with_mvns_own_words(fake_mvn: Path) -> None:
    """Which artifact, and what mvn said, without its standing advice."""
    with pytest.raises(HostError) as caught:
        resolve([Artifact("absent", "thing", "1.0", sha256=SHA256)])
    assert caught.value.code == "maven.unavailable"
    assert "absent:thing:1.0" in caught.value.what
    assert caught.value.why == "[ERROR] Could not find artifact absent:thing"
    assert fake_mvn.exists()


def test_without_mvn_the_hint_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without mvn is told how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ToolMissing) as caught:
        resolve([JAR])
    assert "apt-get install maven" in caught.value.hint


def test_unpinned_artifact_is_refused() -> None:
    """Nothing is fetched that couldn't be checked."""
    with pytest.raises(UsageError) as caught:
        resolve([parse_coordinates("org.example:thing:1.0")])
    assert caught.value.code == "maven.unpinned"


def test_rewriting_a_lock_keeps_its_comment_and_pins_new_coordinates(tmp_path: Path, fake_mvn: Path) -> None:
    """A lock written again has its head as before, and a hash where there was none."""
    path = tmp_path / "lock"
    path.write_text("# what this is for\norg.example:thing:1.0\n")
    assert rewrite(path, []) == (JAR,)
    assert path.read_text() == f"# what this is for\norg.example:thing:1.0 {SHA256}\n"
    assert fake_mvn.exists()
