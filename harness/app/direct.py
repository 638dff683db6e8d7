"""Building the app without Gradle and without an SDK: aapt2, javac, D8, our own zip, apksigner.

Each step's result is kept in the cache under the content that it came from, so a build does only what changed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.app.apk import require_alignment, verify
from harness.app.archive import Entry, write_archive
from harness.app.bundle import Bundle
from harness.app.dex import ClassPath, Dex, compile_dex
from harness.app.keystore import KEYSTORE, debug_keystore
from harness.app.native import unpack_native
from harness.app.resources import LinkedResources, link_resources
from harness.app.signing import check_signature, sign
from harness.app.toolchain import find_apksigner, find_jdk
from harness.app.versions import pinned, read_versions
from harness.errors import BuildError
from harness.fetch.maven import resolve
from harness.fetch.store import cached, key_of, prune, sha256_of

ABIS: Final = ("x86_64", "arm64-v8a")
_RECIPE: Final = "apk-1"
_KEPT_APKS: Final = 8
_FIRST: Final = ("AndroidManifest.xml",)


@dataclass(frozen=True, slots=True)
class BuiltApk:
    """A signed, aligned, verified APK; `key` names all that it was made from."""

    path: Path
    sha256: str
    bytes: int
    application_id: str
    version_name: str
    abis: tuple[str, ...]
    certificate_sha256: str
    key: str


def build_apk(
    bundle: Bundle, project: Path, out: Path | None = None, *, abis: Sequence[str] = ABIS, keystore: Path | None = None
) -> BuiltApk:
    """Build the app of `project` (an `android_app` folder) with what `bundle` carries, and put it at `out`.

    Without `out` it stays where it is kept, in the cache, which no other build writes over.

    `keystore` is made when it isn't there; without one, `build/debug.keystore` beside the project is used.
    Raises `BuildError` (`build.*`) with the words of the tool that refused, `ToolMissing`, `HostError`.
    """
    versions = read_versions(project)
    artifacts = pinned(project, versions)
    files = resolve(artifacts.all)
    jdk = find_jdk()
    signer = debug_keystore(keystore or project.resolve().parent / KEYSTORE)
    libraries = tuple((library, files[library]) for library in artifacts.libraries)
    path = ClassPath((artifacts.android, files[artifacts.android]), libraries, (artifacts.r8, files[artifacts.r8]))
    resources = link_resources(
        project, versions, (artifacts.apktool, files[artifacts.apktool]), [aar for _, aar in libraries]
    )
    dex = compile_dex(project, versions, path, resources, jdk)
    native = unpack_native(libraries, tuple(abis))
    apksigner = str(Path(find_apksigner()).resolve())
    key = key_of(_RECIPE, resources.key, dex.key, native.key, bundle.key, sha256_of(signer.path), apksigner)

    def make(folder: Path) -> None:
        folder.mkdir()
        unsigned = folder / "unsigned.apk"
        write_archive([*_linked(resources, dex), *bundle.entries, *native.entries], unsigned)
        sign(unsigned, folder / "app.apk", signer)
        unsigned.unlink()
        check_signature(folder / "app.apk")
        require_alignment(folder / "app.apk")
        apk = verify(folder / "app.apk")
        facts = {"sha256": apk.sha256, "bytes": apk.bytes, "certificate_sha256": apk.certificate_sha256}
        (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    entry = cached("apk", key, make)
    prune("apk", keep=_KEPT_APKS)
    facts = json.loads((entry / "facts.json").read_text(encoding="utf-8"))
    made = entry / "app.apk"
    if out is not None:
        _deliver(made, out, facts["sha256"])
    return BuiltApk(
        path=out or made,
        sha256=facts["sha256"],
        bytes=facts["bytes"],
        application_id=versions.application_id,
        version_name=versions.version_name,
        abis=tuple(abis),
        certificate_sha256=facts["certificate_sha256"],
        key=key,
    )


def _linked(resources: LinkedResources, dex: Dex) -> Iterator[Entry]:
    with zipfile.ZipFile(resources.apk) as archive:
        names = sorted(archive.namelist(), key=lambda name: (name not in _FIRST, name))
        yield from (Entry(name, archive.read(name)) for name in names)
    yield from (Entry(file.name, file) for file in dex.files)


def _deliver(made: Path, out: Path, sha256: str) -> None:
    """Put the APK at `out`, whole or not at all; a file that is there with the same bytes is left as it is."""
    if out.is_file() and out.stat().st_size == made.stat().st_size and sha256_of(out) == sha256:
        return
    if out.is_dir():
        raise BuildError("build.out", f"{out} is a folder, not a place for an APK")
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    os.close(handle)
    try:
        shutil.copyfile(made, name)
        Path(name).chmod(0o644)
        Path(name).replace(out)
    finally:
        Path(name).unlink(missing_ok=True)
