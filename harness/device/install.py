"""Installing an APK: streamed to the package manager, its refusal turned into a cause and a remedy."""

from __future__ import annotations

import re
from pathlib import Path

from harness.device.base import Device
from harness.device.shell import quote, run
from harness.device.stream import Deadline
from harness.errors import DeviceLost, InstallFailed, Owner

_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_FAILURE = re.compile(r"Failure \[([A-Z0-9_]+)(?:: *(.*?))?\]?\s*$", re.DOTALL)
_SECONDS_FLAT = 60.0
_BYTES_PER_SECOND = 1 << 20
_CHUNK = 1 << 18

_REMEDIES = {
    "INSTALL_FAILED_INSUFFICIENT_STORAGE": "free some space on the device (`adb shell df /data`)",
    "INSTALL_FAILED_UPDATE_INCOMPATIBLE": "the installed app has another signer: --replace uninstalls it first, its data with it",
    "INSTALL_FAILED_VERSION_DOWNGRADE": "a newer version is installed: --replace uninstalls it first, its data with it",
    "INSTALL_FAILED_NO_MATCHING_ABIS": "build with the device's ABI (`adb shell getprop ro.product.cpu.abilist`)",
    "INSTALL_FAILED_OLDER_SDK": "the device's Android is older than the app's minSdk",
    "INSTALL_FAILED_TEST_ONLY": "the APK is marked testOnly: build it without, or install with -t",
    "INSTALL_FAILED_USER_RESTRICTED": "allow installing over USB in the device's developer options",
    "INSTALL_FAILED_VERIFICATION_FAILURE": "switch off 'verify apps over USB' in the device's developer options",
    "INSTALL_FAILED_INVALID_APK": "the APK is damaged: build it again",
    "INSTALL_PARSE_FAILED_NOT_APK": "this file isn't an APK",
    "INSTALL_PARSE_FAILED_NO_CERTIFICATES": "the APK's signature is missing or broken: build and sign it again",
    "INSTALL_PARSE_FAILED_INCONSISTENT_CERTIFICATES": "parts of the APK have different signers: build it again",
    "INSTALL_PARSE_FAILED_MANIFEST_MALFORMED": "the manifest is not what Android accepts: run `harness lint` on the APK",
}
_REPLACEABLE = {"install.install_failed_update_incompatible", "install.install_failed_version_downgrade"}
_DEVICE_OWNED = {
    "INSTALL_FAILED_INSUFFICIENT_STORAGE",
    "INSTALL_FAILED_USER_RESTRICTED",
    "INSTALL_FAILED_VERIFICATION_FAILURE",
    "INSTALL_FAILED_OLDER_SDK",
}


class _DeviceRefusesInstall(InstallFailed):
    owner = Owner.DEVICE


def install(device: Device, apk: Path, *, replace: str = "") -> None:
    """Install or update an APK, streamed; permissions of the manifest are granted.

    `replace` is the package to uninstall, with its data, when the device refuses only because of what is installed
    (another signer, a newer version); only for one's own app, and only when the user asked for it.

    Raises `InstallFailed` with code `install.<the device's word>`, cause and remedy; `DeviceLost` when it breaks off.
    """
    try:
        _stream(device, apk)
    except InstallFailed as error:
        if not replace or error.code not in _REPLACEABLE:
            raise
        uninstall(device, replace)
        _stream(device, apk)


def _stream(device: Device, apk: Path) -> None:
    size = apk.stat().st_size
    argv = ["cmd", "package", "install", "-r", "-t", "-g", "-S", str(size)]
    deadline = Deadline.after(_SECONDS_FLAT + size / _BYTES_PER_SECOND)
    answer = bytearray()
    with device.open(f"exec:{quote(argv)}", f"installing {apk.name} on {device.serial}", deadline) as stream:
        try:
            with apk.open("rb") as file:
                while block := file.read(_CHUNK):
                    stream.write(block)
        except DeviceLost:
            pass  # a package manager that refuses early closes before it has read all: its answer is still to be read
        while block := stream.read_some():
            answer += block
    _judge(answer.decode(errors="replace").strip(), apk.name, device)


def uninstall(device: Device, package: str) -> bool:
    """Remove an app with its data; False when it wasn't installed."""
    done = run(device, ["cmd", "package", "uninstall", checked_package(package)], seconds=60)
    return "Success" in done.text


def checked_package(name: str) -> str:
    """`name` when it is a package name as Android allows. Raises `InstallFailed` (`install.bad_name`) otherwise."""
    if not _PACKAGE.fullmatch(name):
        raise InstallFailed("install.bad_name", f"{name!r} is not an Android package name")
    return name


def _judge(answer: str, name: str, device: Device) -> None:
    if answer.startswith("Success") or answer.endswith("Success"):
        return
    if not answer:
        raise DeviceLost("device.lost", f"installing {name} on {device.serial}: it ended without an answer")
    found = _FAILURE.search(answer)
    word = found.group(1) if found else "UNKNOWN"
    kind = _DeviceRefusesInstall if word in _DEVICE_OWNED else InstallFailed
    raise kind(
        f"install.{word.lower()}",
        f"{device.serial} refused {name}: {word}",
        why=(found.group(2) or "" if found else answer)[-600:],
        hint=_REMEDIES.get(word, ""),
    )
