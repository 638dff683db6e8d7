"""Who signed an APK, and whether what is in it is what was signed: Debian's `apksigner` in a sandbox of its own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import Final

from harness.errors import ToolMissing
from harness.pixel.apk import InstallRefused
from harness.pixel.descriptors import Source
from harness.pixel.processes import Child

_DEADLINE_S: Final = 120.0
_OUTPUT_MAX: Final = 1 << 20
_CERTIFICATE: Final = re.compile(
    r"^(?:V\d(?:\.\d)? )?Signer.*certificate SHA-256 digest: ([0-9a-f]{64})$", re.MULTILINE
)
_MIN_SDK: Final = 24
_SCRATCH: Final = "/tmp"  # noqa: S108 - an empty one of the sandbox


async def signers_of(apk: Path) -> frozenset[str]:
    """SHA-256 digests of the certificates that signed `apk`, schemes v1 to v3.

    Raises `InstallRefused` when it isn't signed or its signature doesn't fit, `ToolMissing` without apksigner.
    """
    tool = shutil.which("apksigner")
    if tool is None:
        raise ToolMissing("pixel.apksigner", "apksigner isn't on this machine", hint="apt-get install apksigner")
    command = [tool, "verify", "--print-certs", "--min-sdk-version", str(_MIN_SDK), str(apk)]
    code, output = await _run_confined(command, apk)
    digests = frozenset(_CERTIFICATE.findall(output))
    if code == 0 and digests:
        return digests
    reasons = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    why = "; ".join(reasons) or f"apksigner ended with {code}: {output.strip()[-200:]}"
    raise InstallRefused(
        "INSTALL_PARSE_FAILED_NO_CERTIFICATES", f"Failed to collect certificates from {apk.name}: {why}"
    )


async def _run_confined(command: list[str], readable_file: Path) -> tuple[int, str]:
    """Run a tool of the host on a file that may be hostile: it reads, writes nowhere, and dies with this process."""
    confined = [
        "bwrap", "--die-with-parent", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
        "--tmpfs", _SCRATCH, "--ro-bind", str(readable_file), str(readable_file), "--unsetenv", "JAVA_TOOL_OPTIONS",
        "--", *command,
    ]  # fmt: skip
    read_end, write_end = os.pipe()
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        child = Child(confined, stdin=nothing, stdout=write_end, stderr=write_end, pass_fds=())
    finally:
        os.close(write_end)
        os.close(nothing)
    os.set_blocking(read_end, False)
    source = Source(read_end)
    waiting = asyncio.create_task(child.wait())
    try:
        async with asyncio.timeout(_DEADLINE_S):
            output = b""
            while (data := await source.read()) and len(output) < _OUTPUT_MAX:
                output += data
            return await waiting, output.decode(errors="replace")
    except TimeoutError:
        raise InstallRefused(
            "INSTALL_FAILED_VERIFICATION_TIMEOUT", f"apksigner took over {_DEADLINE_S:.0f} s"
        ) from None
    finally:
        child.kill()
        source.close()
        await asyncio.gather(waiting, return_exceptions=True)
