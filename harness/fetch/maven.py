"""Artifacts out of Maven repositories, pinned by SHA-256 and kept in the content cache.

Which repositories are asked is the user's own affair: `mvn` reads their settings, mirrors and credentials.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from filelock import FileLock

from harness.errors import HostError, ToolMissing, UsageError
from harness.fetch.store import cache_root, cached, sha256_of

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_KIND = "maven"
_SECONDS = 1800
_TAIL = 12
_PART = re.compile(r"[A-Za-z0-9_.\-]+")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository. `sha256` is 64 hexadecimal digits, or empty while a lock is being written."""

    group: str
    name: str
    version: str
    type: str = "jar"
    sha256: str = ""

    @property
    def coordinates(self) -> str:
        """`group:name:version`, and `:type` where it isn't a jar."""
        suffix = "" if self.type == "jar" else f":{self.type}"
        return f"{self.group}:{self.name}:{self.version}{suffix}"

    @property
    def file_name(self) -> str:
        """The name that Maven gives the file."""
        return f"{self.name}-{self.version}.{self.type}"


def parse_coordinates(text: str, sha256: str = "") -> Artifact:
    """The artifact of `group:name:version[:type]`. Raises `UsageError` (`maven.coordinates`) for anything else."""
    parts = text.split(":")
    if len(parts) not in (3, 4) or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError("maven.coordinates", f"{text!r} is not group:name:version[:type]")
    group, name, version, *rest = parts
    return Artifact(group, name, version, rest[0] if rest else "jar", sha256)


def read_lock(path: Path) -> tuple[Artifact, ...]:
    """The artifacts of a lock file, in its order.

    One a line: `group:name:version[:type] sha256`; `#` starts a comment. Raises `UsageError` (`maven.lock`) with the
    file and the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError("maven.lock", f"can't read the lock file {path}", why=str(error)) from error
    artifacts: dict[str, Artifact] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not _HASH.fullmatch(words[1]):
            raise UsageError("maven.lock", f"{path}:{number}: not 'group:name:version[:type] sha256'", why=line.strip())
        try:
            artifact = parse_coordinates(*words)
        except UsageError as error:
            raise UsageError("maven.lock", f"{path}:{number}: {error.what}") from error
        if artifact.coordinates in artifacts:
            raise UsageError("maven.lock", f"{path}:{number}: {artifact.coordinates} is listed twice")
        artifacts[artifact.coordinates] = artifact
    return tuple(artifacts.values())


def resolve(artifacts: Iterable[Artifact]) -> dict[Artifact, Path]:
    """Where each artifact lies in the cache, under the name that Maven gives it.

    Those missing are fetched by one `mvn`, without what they depend on, and kept only when their SHA-256 is the pinned
    one; an artifact that is there costs neither a hash nor a process.
    Raises `ToolMissing` (`maven.missing`), `HostError` (`maven.unavailable`, `maven.hash`).
    """
    wanted = tuple(dict.fromkeys(artifacts))
    for artifact in wanted:
        if not _HASH.fullmatch(artifact.sha256):
            raise UsageError("maven.unpinned", f"{artifact.coordinates} has no SHA-256 to be checked against")
    if any(not _place(artifact).exists() for artifact in wanted):
        folder = cache_root() / _KIND
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".fetch.lock"):
            missing = [artifact for artifact in wanted if not _place(artifact).exists()]
            if missing:
                _fetch_and_publish(missing, folder)
    return {artifact: _place(artifact) for artifact in wanted}


def write_lock(path: Path, artifacts: Sequence[Artifact], *, comment: str) -> tuple[Artifact, ...]:
    """Fetch each artifact, write their hashes as a lock file, and return them pinned.

    What is fetched here is trusted as it comes: look at the difference before committing it. Raises as `resolve`.
    """
    with tempfile.TemporaryDirectory(prefix="lock-") as name:
        files = fetch(artifacts, Path(name))
        pinned = tuple(
            Artifact(each.group, each.name, each.version, each.type, sha256_of(files[each])) for each in artifacts
        )
    lines = [f"# {line}" for line in comment.splitlines()] + [f"{each.coordinates} {each.sha256}" for each in pinned]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return pinned


def fetch(artifacts: Sequence[Artifact], folder: Path) -> dict[Artifact, Path]:
    """Copy artifacts into a folder by one `mvn`, unchecked: hashes are the caller's to compare."""
    mvn = shutil.which("mvn")
    if mvn is None:
        raise ToolMissing("maven.missing", "mvn is not on PATH", hint="apt-get install maven")
    pom = folder / "pom.xml"
    pom.write_text(_pom(artifacts, folder), encoding="utf-8")
    command = [mvn, "-B", "-q", "-U", "-Dstyle.color=never", "-f", str(pom), f"{DEPENDENCY_PLUGIN}:copy"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _unavailable(artifacts, f"mvn was still at it after {_SECONDS} s") from error
    files = {artifact: folder / f"{artifact.group}.{artifact.file_name}" for artifact in artifacts}
    if done.returncode != 0 or not all(file.is_file() for file in files.values()):
        raise _unavailable(artifacts, _tail(done.stdout + done.stderr))
    return files


def _place(artifact: Artifact) -> Path:
    return cache_root() / _KIND / artifact.sha256 / artifact.file_name


def _fetch_and_publish(artifacts: Sequence[Artifact], folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch.", dir=folder) as name:
        files = fetch(artifacts, Path(name))
        wrong = []
        for artifact, file in files.items():
            found = sha256_of(file)
            if found != artifact.sha256:
                wrong.append(f"{artifact.coordinates}: pinned {artifact.sha256}, found {found}")
                continue
            _publish(artifact, file)
    if wrong:
        raise HostError(
            "maven.hash",
            "an artifact is not the one that was pinned",
            why="; ".join(wrong),
            hint="find out who changed it; when the change is meant, write the lock file again",
        )


def _publish(artifact: Artifact, file: Path) -> None:
    def move(entry: Path) -> None:
        entry.mkdir()
        file.rename(entry / artifact.file_name)

    entry = cached(_KIND, artifact.sha256, move)
    if not (entry / artifact.file_name).exists():  # the same bytes are known under another name
        (entry / artifact.file_name).hardlink_to(next(entry.iterdir()))


def _unavailable(artifacts: Sequence[Artifact], why: str) -> HostError:
    return HostError(
        "maven.unavailable",
        f"mvn can't get {', '.join(artifact.coordinates for artifact in artifacts)}",
        why=why,
        hint="check the network, and the mirrors in your Maven settings (~/.m2/settings.xml)",
    )


def _tail(output: str) -> str:
    said = _COLOURS.sub("", output).partition("[ERROR] To see the full stack trace")[
        0
    ]  # the rest is the same advice each time
    lines = [line.rstrip() for line in said.splitlines() if line.removeprefix("[ERROR]").strip()]
    return "\n".join(lines[-_TAIL:]) or "it said nothing"


def _pom(artifacts: Sequence[Artifact], folder: Path) -> str:
    items = "".join(
        f"<artifactItem><groupId>{each.group}</groupId><artifactId>{each.name}</artifactId>"
        f"<version>{each.version}</version><type>{each.type}</type></artifactItem>"
        for each in artifacts
    )
    group, name, version = DEPENDENCY_PLUGIN.split(":")
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>dev.tfliteharness</groupId><artifactId>artifacts</artifactId><version>1</version>"
        "<packaging>pom</packaging><build><plugins><plugin>"
        f"<groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
        f"<configuration><outputDirectory>{escape(str(folder))}</outputDirectory><prependGroupId>true</prependGroupId>"
        f"<artifactItems>{items}</artifactItems></configuration>"
        "</plugin></plugins></build></project>\n"
    )
