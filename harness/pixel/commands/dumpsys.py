"""`dumpsys`: the few services whose state clients read: battery, thermalservice, package, meminfo's absence said plainly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import battery, thermal
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package


async def run(device: VirtualPixel, call: Call) -> int:
    """`dumpsys [-l] [SERVICE [ARGUMENT…]]`."""
    words = [word for word in call.arguments if not word.startswith("-")]
    if "-l" in call.arguments:
        await call.say("Currently running services:\n" + "".join(f"  {name}\n" for name in sorted(_SERVICES)))
        return 0
    if not words:
        parts = [f"DUMP OF SERVICE {name}:\n{dump(device, ())}" for name, dump in sorted(_SERVICES.items())]
        await call.say(("-" * 79 + "\n").join(parts))
        return 0
    dump_service = _SERVICES.get(words[0])
    if dump_service is None:
        await call.complain(f"Can't find service: {words[0]}\n")
        return 0
    await call.say(dump_service(device, tuple(words[1:])))
    return 0


def _package(device: VirtualPixel, names: tuple[str, ...]) -> str:
    if not names:
        return "Packages:\n" + "".join(_describe(package) for package in device.packages.listed())
    package = device.packages.get(names[0])
    return f"Packages:\n{_describe(package)}" if package else f"Unable to find package: {names[0]}\n"


def _describe(package: Package) -> str:
    def when(milliseconds: int) -> str:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

    flags = " ".join(
        name
        for name, on in (("DEBUGGABLE", package.debuggable), ("HAS_CODE", True), ("TEST_ONLY", package.test_only))
        if on
    )
    signatures = ", ".join(sorted(package.signers))
    return (
        f"  Package [{package.name}]:\n"
        f"    userId={package.uid}\n"
        f"    codePath={package.code_path}\n"
        f"    resourcePath={package.code_path}\n"
        f"    legacyNativeLibraryDir={package.code_path}/lib\n"
        f"    primaryCpuAbi={package.abi or 'null'}\n"
        f"    secondaryCpuAbi=null\n"
        f"    versionCode={package.version_code} minSdk={package.min_sdk} targetSdk={package.target_sdk}\n"
        f"    versionName={package.version_name}\n"
        f"    signatures=PackageSignatures{{version:3, signatures:[{signatures}]}}\n"
        f"    flags=[ {flags} ]\n"
        f"    dataDir={package.data_dir}\n"
        f"    lastUpdateTime={when(package.updated_ms)}\n"
        f"    firstInstallTime={when(package.first_install_ms)}\n"
        f"    requested permissions:\n" + "".join(f"      {name}\n" for name in package.permissions)
    )


_SERVICES: Final[dict[str, Callable[[VirtualPixel, tuple[str, ...]], str]]] = {
    "battery": battery.dump,
    "package": _package,
    "power": lambda device, _: device.power.described(),
    "thermalservice": lambda device, _: thermal.describe(device.hardware),
}
