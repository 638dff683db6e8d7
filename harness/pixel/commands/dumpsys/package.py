"""`dumpsys package`: what is installed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel
    from harness.pixel.packages import Package


def dump(device: VirtualPixel, names: tuple[str, ...]) -> str:
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
