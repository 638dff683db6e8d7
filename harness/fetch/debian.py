"""Distributions of Debian packages, by `apt-get download`: from the archives that this machine's apt knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from harness.errors import ToolMissing
from harness.fetch.client import Client
from harness.fetch.pin import PackageFile

_ARCHITECTURE = re.compile(r"_([a-z0-9-]+)\.deb$")
_SECONDS = 60
APT = Client(
    name="apt-get download",
    package=re.compile(r"[a-z0-9][a-z0-9+.-]+"),
    version=re.compile(r"[0-9A-Za-z][0-9A-Za-z.+:~-]*"),
    no_network=re.compile(r"Could not resolve|Unable to connect|Cannot initiate the connection"),
    not_found=re.compile(r"Unable to locate package|Version '.*' for '.*' was not found|\b404 +\w|Can't find a source"),
    configured_by="apt's sources and proxy (/etc/apt)",
)


def download(file: PackageFile, folder: Path) -> None:
    """Put the distribution into a folder; any user may, as nothing is installed.

    Raises:
        ToolMissing: `fetch.no_apt`.
        HostError: as `harness.fetch.client.Client` tells it; a version that has left the archive is `fetch.not_found`
            with the versions that are there.
    """
    apt = shutil.which("apt-get")
    if apt is None:
        what = f"apt-get is not on PATH, and {file.package} is a Debian package"
        raise ToolMissing("fetch.no_apt", what, hint="fetch it once on Debian or Ubuntu, and bring its cache along")
    found = _ARCHITECTURE.search(file.distribution)
    machine = f":{found[1]}" if found and found[1] != "all" else ""
    said = APT.run([apt, "download", f"{file.package}{machine}={file.version}"], file, folder)
    if said is not None:
        hint = (
            "apt-get update brings apt's lists up to date; an archive keeps a version only until the next one, so if it is"
            f" gone pin the new version, its file's name and its hash (apt-cache policy {file.package})"
        )
        raise APT.refusal(file, said, not_found_hint=hint, more=_versions(file.package))


def _versions(package: str) -> str:
    """What apt knows of a package."""
    command = ["apt-cache", "madison", package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"apt-cache can't say which versions there are: {error}"
    versions = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.count("|") >= 2]
    return f"apt knows {package} {', '.join(dict.fromkeys(versions))}" if versions else f"apt knows no {package}"
