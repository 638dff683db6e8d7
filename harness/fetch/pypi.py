"""Distributions of PyPI packages, by pip: downloaded, never installed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from harness.errors import HostError
from harness.fetch.client import Client
from harness.fetch.pin import PackageFile
from harness.fetch.store import wrong_hash

_WHEEL = re.compile(r"[^-]+-[^-]+(?:-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
_REFUSED = re.compile(r"Expected sha256 [0-9a-f]{64}\s+(?:or [0-9a-f]{64}\s+)*Got\s+([0-9a-f]{64})")
PIP = Client(
    name="pip download",
    package=re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"),
    version=re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*"),
    no_network=re.compile(r"NewConnectionError|ConnectTimeout|ProxyError|Read timed out|Max retries exceeded", re.I),
    not_found=re.compile(r"No matching distribution|Could not find a version"),
    configured_by="that pip's configuration names an index or a folder that has the file",
)


def download(file: PackageFile, folder: Path) -> None:
    """Put the distribution into a folder. pip chooses the one whose hash is pinned, and checks it before it looks in.

    Raises:
        HostError: `fetch.hash_mismatch`, or as `harness.fetch.client.Client` tells it.
    """
    requirements = folder / ".requirements"
    requirements.write_text(f"{file.package}=={file.version} --hash=sha256:{file.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--retries", "2"]  # at 0, pip hides that the network fails
    command += ["--requirement", str(requirements), "--dest", str(folder), *_choice(file)]
    said = PIP.run(command, file, folder)
    if said is None:
        return
    if got := _REFUSED.search(said):
        raise wrong_hash(file.distribution, file.sha256, got[1])
    if "No module named pip" in said:
        what = f"{file.package} {file.version} can't be fetched"
        raise HostError("fetch.failed", what, why=said.strip(), hint=f"install pip for {sys.executable}")
    raise PIP.refusal(file, said, not_found_hint=f"check that the index pip uses has {file.distribution}")


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
