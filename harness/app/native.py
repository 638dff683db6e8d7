"""The native libraries that come in the app's AARs."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.app.archive import Entry
from harness.errors import BuildError
from harness.fetch.maven import Artifact
from harness.fetch.store import cached, key_of

_RECIPE = "native-1"


@dataclass(frozen=True, slots=True)
class NativeLibraries:
    """The libraries of all ABIs, as entries `lib/<abi>/<name>.so`; `key` names their content."""

    entries: tuple[Entry, ...]
    key: str


def unpack_native(libraries: Sequence[tuple[Artifact, Path]], abis: Sequence[str]) -> NativeLibraries:
    """The `.so` files that the AARs have for these ABIs.

    Raises `BuildError` (`build.abi`) for an ABI that a library with native code doesn't have.
    """
    key = key_of(_RECIPE, *abis, *(artifact.sha256 for artifact, _ in libraries))

    def make(folder: Path) -> None:
        for _, aar in libraries:
            _unpack(aar, abis, folder)

    folder = cached("native", key, make)
    files = sorted(path for path in folder.rglob("*.so"))
    return NativeLibraries(tuple(Entry(f"lib/{path.relative_to(folder).as_posix()}", path) for path in files), key)


def _unpack(aar: Path, abis: Sequence[str], folder: Path) -> None:
    with zipfile.ZipFile(aar) as archive:
        found = [name.split("/") for name in archive.namelist() if name.startswith("jni/") and name.endswith(".so")]
        has = {parts[1] for parts in found if len(parts) == 3}
        for abi in abis:
            if has and abi not in has:
                raise BuildError(
                    "build.abi", f"{aar.name} has no libraries for {abi}", why=f"it has {', '.join(sorted(has))}"
                )
        for parts in found:
            if len(parts) == 3 and parts[1] in abis:
                target = folder / parts[1] / Path(parts[2]).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read("/".join(parts)))
