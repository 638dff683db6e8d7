"""`pm`, which is `cmd package`, and `run-as`. Wording and exit codes follow Android's PackageManagerShellCommand."""

from __future__ import annotations

import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.pixel.apk import InstallRefused
from harness.pixel.control import Call
from harness.pixel.descriptors import BLOCK
from harness.pixel.packages import InstallOptions, Package

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

APK_MAX: Final = 4 << 30
_FRAMEWORK: Final = "/system/framework/framework-res.apk"
_IGNORED_FLAGS: Final = (
    "-g -l -f -q -s -i --user --full --fastdeploy --install-location --install-reason --dont-kill --instant --no-streaming"
    " --force-queryable --skip-verification --staged --non-staged --bypass-low-target-sdk-block"
)
_FLAGS_WITH_VALUE: Final = "-i -S --user --abi --install-location --install-reason --pkg --originating-uri"
_IGNORED: Final = frozenset(_IGNORED_FLAGS.split())
_WITH_VALUE: Final = frozenset(_FLAGS_WITH_VALUE.split())
_sessions = itertools.count(1)


@dataclass(frozen=True, slots=True)
class _InstallArguments:
    options: InstallOptions
    size: int | None
    paths: tuple[str, ...]


class _BadArguments(ValueError):
    """The message is what Android prints after `Error: `."""


def _install_arguments(arguments: tuple[str, ...]) -> _InstallArguments:
    options, size, paths, rest = InstallOptions(), None, list[str](), list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            paths.append(word)
            continue
        value = rest.pop(0) if word in _WITH_VALUE and rest else ""
        if word in ("-R", "--no-replace"):
            options = replace(options, replace=False)
        elif word == "-t":
            options = replace(options, allow_test=True)
        elif word in ("-d", "--request-downgrade"):
            options = replace(options, allow_downgrade=True)
        elif word == "--abi":
            options = replace(options, abi=value)
        elif word == "-S":
            if not value.isdigit() or int(value) > APK_MAX:
                raise _BadArguments(f"bad size {value!r}")
            size = int(value)
        elif word not in _IGNORED and word not in ("-r", "--pkg", "--originating-uri"):
            raise _BadArguments(f"Unknown option: {word}")
    return _InstallArguments(options, size, tuple(paths))


async def run(device: VirtualPixel, call: Call) -> int:
    """`pm VERB …`."""
    if not call.arguments:
        await call.complain("Package manager (package) commands: " + ", ".join(sorted(_VERBS)) + "\n")
        return 255
    verb, *rest = call.arguments
    run_verb = _VERBS.get(verb)
    if run_verb is None:
        await call.complain(f"Unknown command: {verb}\n")
        return 255
    try:
        return await run_verb(device, call.with_arguments(rest))
    except _BadArguments as error:
        await call.complain(f"Error: {error}\n")
        return 1


async def _install(device: VirtualPixel, call: Call) -> int:
    asked = _install_arguments(call.arguments)
    number = next(_sessions)
    staged = device.packages.staging / f"vmdl{number}.apk"
    try:
        await _stage(device, call, asked, staged)
        return await _commit(device, call, staged, asked.options)
    finally:
        staged.unlink(missing_ok=True)


async def _commit(device: VirtualPixel, call: Call, staged: Path, options: InstallOptions) -> int:
    try:
        package = await device.packages.install(staged, options)
    except InstallRefused as error:
        await call.say(f"Failure [{error}]\n")
        return 1
    await device.activities.force_stop(package.name)
    await call.say("Success\n")
    return 0


async def _stage(device: VirtualPixel, call: Call, asked: _InstallArguments, staged: Path) -> None:
    """Bring the APK into the staging folder: from standard input (`-S`), or from a path of the device."""
    if asked.size is not None and asked.paths in ((), ("-",)):
        await _take_stream(call, staged, asked.size, append=False)
        return
    if len(asked.paths) != 1:
        raise _BadArguments("must either specify a package size or an APK file")
    path = asked.paths[0] if asked.paths[0].startswith("/") else f"{call.cwd.rstrip('/')}/{asked.paths[0]}"
    try:
        fd = device.paths.open(path, os.O_RDONLY)
    except OSError as error:
        raise _BadArguments(f"Unable to open file: {path}: {error.strerror}") from None
    with os.fdopen(fd, "rb") as source, staged.open("xb") as target:
        left = APK_MAX
        while data := source.read(min(BLOCK * 16, left)):
            target.write(data)
            left -= len(data)


async def _take_stream(call: Call, staged: Path, size: int, *, append: bool) -> None:
    left = size
    with staged.open("ab" if append else "xb") as target:
        while left:
            data = await call.stdin.read(min(BLOCK, left))
            if not data:
                raise _BadArguments(f"failed to write; {left} of {size} bytes are missing")
            target.write(data)
            left -= len(data)


async def _install_create(device: VirtualPixel, call: Call) -> int:
    asked = _install_arguments(call.arguments)
    number = next(_sessions)
    device.sessions[number] = asked.options
    (device.packages.staging / f"session{number}.apk").unlink(missing_ok=True)
    await call.say(f"Success: created install session [{number}]\n")
    return 0


def _session(device: VirtualPixel, text: str) -> tuple[int, InstallOptions]:
    number = int(text) if text.isdigit() else 0
    if number not in device.sessions:
        raise _BadArguments(f"java.lang.SecurityException: Caller has no access to session {text}")
    return number, device.sessions[number]


async def _install_write(device: VirtualPixel, call: Call) -> int:
    asked = _install_arguments(call.arguments)
    if len(asked.paths) < 2:
        raise _BadArguments("install-write needs a session and a name")
    number, _ = _session(device, asked.paths[0])
    staged = device.packages.staging / f"session{number}.apk"
    if staged.exists():
        await call.say("Failure [INSTALL_FAILED_INVALID_APK: split APKs aren't there yet on the virtual Pixel]\n")
        return 1
    await _stage(device, call, replace(asked, paths=asked.paths[2:]), staged)
    await call.say(f"Success: streamed {staged.stat().st_size} bytes\n")
    return 0


async def _install_commit(device: VirtualPixel, call: Call) -> int:
    number, options = _session(device, (call.arguments or ("",))[0])
    staged = device.packages.staging / f"session{number}.apk"
    if not staged.exists():
        await call.say("Failure [INSTALL_FAILED_INVALID_APK: Missing existing base package]\n")
        return 1
    del device.sessions[number]
    try:
        return await _commit(device, call, staged, options)
    finally:
        staged.unlink(missing_ok=True)


async def _install_abandon(device: VirtualPixel, call: Call) -> int:
    number, _ = _session(device, (call.arguments or ("",))[0])
    del device.sessions[number]
    (device.packages.staging / f"session{number}.apk").unlink(missing_ok=True)
    await call.say("Success\n")
    return 0


def _names(call: Call) -> list[str]:
    """The arguments that aren't options; `--user` takes its number with it."""
    names, rest = [], list(call.arguments)
    while rest:
        word = rest.pop(0)
        if word == "--user":
            rest[:1] = []
        elif not word.startswith("-"):
            names.append(word)
    return names


async def _uninstall(device: VirtualPixel, call: Call) -> int:
    names = _names(call)
    if not names:
        raise _BadArguments("package name not specified")
    await device.activities.force_stop(names[0])
    if not await device.packages.uninstall(names[0], keep_data="-k" in call.arguments):
        await call.say("Failure [DELETE_FAILED_INTERNAL_ERROR]\n")
        return 1
    await call.say("Success\n")
    return 0


async def _list(device: VirtualPixel, call: Call) -> int:
    names = _names(call)
    kind = names[0] if names else ""
    wanted = names[1] if len(names) > 1 else ""
    lines: list[str] = []
    if kind in ("package", "packages"):
        lines = [
            _package_line(package, call.arguments) for package in device.packages.listed() if wanted in package.name
        ]
        if "-3" not in call.arguments and wanted in "android":
            lines.insert(0, f"package:{_FRAMEWORK}=android" if "-f" in call.arguments else "package:android")
        if "-s" in call.arguments:
            lines = lines[:1] if lines and lines[0].endswith("android") else []
    elif kind == "instrumentation":
        for package in device.packages.listed():
            for item in package.instrumentations:
                if wanted in ("", item.target_package):
                    path = f"{package.device_apk}:" if "-f" in call.arguments else ""
                    lines.append(f"instrumentation:{path}{package.name}/{item.name} (target={item.target_package})")
    elif kind == "features":
        lines = ["feature:android.hardware.opengles.aep", "feature:reqGlEsVersion=0x30002"]
    elif kind == "users":
        lines = ["Users:", "\tUserInfo{0:Owner:c13} running"]
    elif kind in ("libraries", "permissions", "permission-groups"):
        lines = []
    else:
        raise _BadArguments(f"unknown list type '{kind}'")
    await call.say("".join(f"{line}\n" for line in lines))
    return 0


def _package_line(package: Package, flags: tuple[str, ...]) -> str:
    line = f"package:{package.device_apk}={package.name}" if "-f" in flags else f"package:{package.name}"
    if "--show-versioncode" in flags:
        line += f" versionCode:{package.version_code}"
    return line + (f" uid:{package.uid}" if "-U" in flags else "")


async def _path(device: VirtualPixel, call: Call) -> int:
    names = _names(call)
    if not names:
        raise _BadArguments("no package specified")
    if names[0] == "android":
        await call.say(f"package:{_FRAMEWORK}\n")
        return 0
    package = device.packages.get(names[0])
    if package is None:
        return 1
    await call.say(f"package:{package.device_apk}\n")
    return 0


async def _clear(device: VirtualPixel, call: Call) -> int:
    package = _known(device, _names(call))
    if package is None:
        await call.say("Failed\n")
        return 1
    await device.activities.force_stop(package.name)
    device.packages.clear(package)
    await call.say("Success\n")
    return 0


async def _grant(device: VirtualPixel, call: Call) -> int:
    names = _names(call)
    if _known(device, names) is None:
        await call.complain(f"Exception occurred while executing: Unknown package: {(names or [''])[0]}\n")
        return 255
    return 0


def _known(device: VirtualPixel, names: list[str]) -> Package | None:
    return device.packages.get(names[0]) if names else None


async def _max_users(_: VirtualPixel, call: Call) -> int:
    await call.say("Maximum supported users: 1\n")
    return 0


_VERBS: Final[dict[str, Callable[[VirtualPixel, Call], Awaitable[int]]]] = {
    "clear": _clear,
    "get-max-users": _max_users,
    "grant": _grant,
    "install": _install,
    "install-abandon": _install_abandon,
    "install-commit": _install_commit,
    "install-create": _install_create,
    "install-write": _install_write,
    "list": _list,
    "path": _path,
    "revoke": _grant,
    "uninstall": _uninstall,
}


async def run_as(device: VirtualPixel, call: Call) -> int:
    """`run-as PACKAGE [COMMAND…]`: a command in the data folder of a debuggable app, where a shell can't look."""
    name, *command = call.arguments or ("",)
    package = device.packages.get(name)
    if package is None:
        await call.complain(f"run-as: unknown package: {name}\n")
        return 1
    if not package.debuggable:
        await call.complain(f"run-as: package not debuggable: {name}\n")
        return 1
    for stream in (call.stdin, call.stdout, call.stderr):
        os.set_blocking(stream.fd, True)  # these descriptions are ours alone, and the command doesn't expect EAGAIN
    child = device.spawn(
        command or ["/system/bin/sh"],
        call.stdin.fd,
        call.stdout.fd,
        call.stderr.fd,
        app=True,
        cwd=f"/data/data/{name}",
    )
    try:
        return await child.wait()
    finally:
        child.kill()
