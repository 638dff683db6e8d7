"""What is known of an APK file, and whether a device could take it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from harness.app.archive import Placement, misplaced, placements
from harness.app.signature import Signer, verify_signature
from harness.errors import BuildError, InstallFailed
from harness.fetch.store import sha256_of


@dataclass(frozen=True, slots=True)
class Apk:
    """An APK that was verified: hash and size of the file, its entries, its signers."""

    path: Path
    sha256: str
    bytes: int
    entries: tuple[Placement, ...]
    signers: tuple[Signer, ...]

    @property
    def abis(self) -> tuple[str, ...]:
        """The ABIs for which it has native libraries."""
        parts = (entry.name.split("/") for entry in self.entries)
        return tuple(sorted({part[1] for part in parts if part[0] == "lib" and len(part) == 3}))

    @property
    def schemes(self) -> frozenset[int]:
        """The signature schemes under which it is signed: 2, 3."""
        return frozenset(signer.scheme for signer in self.signers)

    @property
    def certificate_sha256(self) -> str:
        """The digest of the (first) signer's certificate."""
        return self.signers[0].certificate_sha256


def verify(path: Path) -> Apk:
    """Read an APK and check all that a device would refuse before it looks into the manifest.

    Raises `InstallFailed`: `install.not_apk` (no file, no zip, no manifest), `install.unsigned`, `install.corrupt`
    (changed after signing, entries twice or outside their folder).
    """
    if not path.is_file():
        raise InstallFailed("install.not_apk", f"there is no file {path}")
    signers = verify_signature(path)
    try:
        entries = placements(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InstallFailed("install.corrupt", f"{path} can't be read as an archive", why=str(error)) from error
    names = [entry.name for entry in entries]
    if "AndroidManifest.xml" not in names:
        raise InstallFailed("install.not_apk", f"{path} has no AndroidManifest.xml: it is an archive, but no app")
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) != len(names) else []
    unsafe = [name for name in names if name.startswith("/") or "\\" in name or ".." in name.split("/")]
    if twice or unsafe:
        raise InstallFailed(
            "install.corrupt", f"{path} has entries that Android refuses", why=", ".join([*twice, *unsafe][:5])
        )
    return Apk(path, sha256_of(path), path.stat().st_size, entries, signers)


def require_alignment(path: Path) -> None:
    """Raise `BuildError` (`build.alignment`) unless all that Android maps is stored and lies where it must."""
    wrong = misplaced(path)
    if wrong:
        parts = [
            f"{place.name} at {place.offset} is {'not a multiple of ' + str(place.alignment) if place.stored else 'compressed'}"
            for place in wrong[:5]
        ]
        raise BuildError("build.alignment", f"{path.name} has data that Android can't map", why="; ".join(parts))
