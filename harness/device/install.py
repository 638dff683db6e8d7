"""Installing an APK: streamed to the package manager, its refusal turned into a cause and a remedy."""

from __future__ import annotations

import re
import secrets
import zipfile
from pathlib import Path

from harness.device.base import OWN_FOLDER, Device
from harness.device.shell import check, quote, run
from harness.device.stream import Deadline
from harness.device.sync import push
from harness.errors import DeviceFailed, DeviceLost, InstallFailed, Owner

_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_FAILURE = re.compile(r"Failure \[([A-Z0-9_]+)(?:: *(.*?))?\]?\s*$", re.DOTALL)
_SECONDS_FLAT = 60.0
_BYTES_PER_SECOND = 1 << 20
_ANSWER_SECONDS = 10.0
_CHUNK = 1 << 18
_FLAGS = ("-r", "-t", "-g")

_REMEDIES = {
    "INSTALL_FAILED_INSUFFICIENT_STORAGE": "free some space on the device",
    "INSTALL_FAILED_UPDATE_INCOMPATIBLE": "the installed app has another signer: --replace uninstalls it first, its data with it",
    "INSTALL_FAILED_VERSION_DOWNGRADE": "a newer version is installed: --replace uninstalls it first, its data with it",
    "INSTALL_FAILED_NO_MATCHING_ABIS": "build with one of the device's ABIs",
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
_FULL = "install.install_failed_insufficient_storage"
_REPLACEABLE = {"install.install_failed_update_incompatible", "install.install_failed_version_downgrade"}
_DEVICE_OWNED = {
    "INSTALL_FAILED_INSUFFICIENT_STORAGE",
    "INSTALL_FAILED_USER_RESTRICTED",
    "INSTALL_FAILED_VERIFICATION_FAILURE",
    "INSTALL_FAILED_OLDER_SDK",
}


class _DeviceRefusesInstall(InstallFailed):
    owner = Owner.DEVICE


def install(device: Device, apk: Path, *, replace: str = "", seconds: float | None = None) -> None:
    """Install or update an APK, streamed; permissions of the manifest are granted.

    `replace` is the package to uninstall, with its data, when the device refuses only because of what is installed
    (another signer, a newer version); only for one's own app, and only when the user asked for it. On full storage the
    harness' own files are removed, and it is tried once more. An answer that doesn't come within `seconds` (by default a
    minute, and a second a MiB) is waited for once more, with the APK pushed first.

    Raises `InstallFailed` with code `install.<the device's word>`, cause and remedy; `DeviceLost` when it breaks off.
    """
    seconds = seconds or _SECONDS_FLAT + apk.stat().st_size / _BYTES_PER_SECOND
    try:
        _install_once(device, apk, seconds)
    except InstallFailed as error:
        if error.code == _FULL:
            run(device, ["rm", "-rf", str(OWN_FOLDER)])
        elif replace and error.code in _REPLACEABLE:
            uninstall(device, replace)
        else:
            raise
        _install_once(device, apk, seconds)


def _install_once(device: Device, apk: Path, seconds: float) -> None:
    try:
        _stream(device, apk, seconds)
    except DeviceLost as error:
        if error.code != "device.silent":
            raise
        _push_and_install(device, apk, seconds)


def _push_and_install(device: Device, apk: Path, seconds: float) -> None:
    """As older package managers take an APK: from a file of the device."""
    folder = OWN_FOLDER / f"install-{secrets.token_hex(4)}"
    check(device, ["mkdir", "-p", str(folder)], seconds=_ANSWER_SECONDS)
    try:
        push(device, apk, folder / "app.apk")
        done = run(device, ["pm", "install", *_FLAGS, str(folder / "app.apk")], seconds=seconds)
    except DeviceLost as error:
        if error.code != "device.silent":
            raise
        raise _DeviceRefusesInstall(
            "install.no_answer",
            f"{device.serial} doesn't answer whether it installs {apk.name}",
            why=f"neither streamed nor pushed within {seconds:g} s",
            hint="look at the device's screen: it may ask; or restart it",
        ) from error
    finally:
        run(device, ["rm", "-rf", str(folder)])
    _judge(f"{done.text}{done.stderr.decode(errors='replace')}".strip(), apk, device)


def _stream(device: Device, apk: Path, seconds: float) -> None:
    argv = ["cmd", "package", "install", *_FLAGS, "-S", str(apk.stat().st_size)]
    deadline = Deadline.after(seconds)
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
    _judge(answer.decode(errors="replace").strip(), apk, device)


def uninstall(device: Device, package: str) -> bool:
    """Remove an app with its data; False when it wasn't installed."""
    done = run(device, ["cmd", "package", "uninstall", checked_package(package)], seconds=60)
    return "Success" in done.text


def checked_package(name: str) -> str:
    """`name` when it is a package name as Android allows. Raises `InstallFailed` (`install.bad_name`) otherwise."""
    if not _PACKAGE.fullmatch(name):
        raise InstallFailed("install.bad_name", f"{name!r} is not an Android package name")
    return name


def _judge(answer: str, apk: Path, device: Device) -> None:
    if answer.startswith("Success") or answer.endswith("Success"):
        return
    if not answer:
        raise DeviceLost("device.lost", f"installing {apk.name} on {device.serial}: it ended without an answer")
    found = _FAILURE.search(answer)
    word = found.group(1) if found else "UNKNOWN"
    kind = _DeviceRefusesInstall if word in _DEVICE_OWNED else InstallFailed
    raise kind(
        f"install.{word.lower()}",
        f"{device.serial} refused {apk.name}: {word}",
        why="; ".join(filter(None, ((found.group(2) or "" if found else answer)[-600:], _facts(word, apk, device)))),
        hint=_REMEDIES.get(word, ""),
    )


def _facts(word: str, apk: Path, device: Device) -> str:
    """What else decides: the space that is left, or both sides' ABIs."""
    try:
        if word == "INSTALL_FAILED_INSUFFICIENT_STORAGE":
            return f"`df /data`: {' / '.join(run(device, ['df', '-h', '/data']).text.splitlines())}"
        if word == "INSTALL_FAILED_NO_MATCHING_ABIS":
            has = run(device, ["getprop", "ro.product.cpu.abilist"]).text.strip()
            return f"the APK has {', '.join(_abis(apk)) or 'none'}, the device runs {has}"
    except (DeviceLost, DeviceFailed):
        return ""  # the refusal itself is what matters
    return ""


def _abis(apk: Path) -> list[str]:
    with zipfile.ZipFile(apk) as archive:
        parts = [name.split("/") for name in archive.namelist()]
    return sorted({part[1] for part in parts if part[0] == "lib" and len(part) == 3})
