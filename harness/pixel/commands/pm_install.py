"""`pm install` and the `install-…` verbs: APKs brought into sessions, and sessions committed.

Options, wording and exit codes follow Android 14's `PackageManagerShellCommand`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from harness.pixel.commands.arguments import OWNER, Arguments, Stopped, Thrown, illegal, user_id
from harness.pixel.control import Call
from harness.pixel.delivery import InstallOptions
from harness.pixel.descriptors import BLOCK
from harness.pixel.logcat import Priority
from harness.pixel.refusals import InstallRefused
from harness.pixel.sessions import InstallSession, TooManySessions, UnknownSession

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

APK_MAX: Final = 4 << 30
_FLAGS_IGNORED: Final = (
    "-r -f -l -s -q --dont-kill --ephemeral --instant --instantapp --full --preload --force-uuid --force-sdk --apex"
    " --force-non-staged --non-staged --multi-package --staged --force-queryable --enable-rollback --restrict-permissions"
    " --skip-verification --skip-enable --ignore-dexopt-profile --update-ownership --no-streaming --fastdeploy"
)
_IGNORED: Final = frozenset(_FLAGS_IGNORED.split())
"""Options that change nothing on a device with one user, one volume, no verifier and no roll-back."""
_VALUES_IGNORED: Final = (
    "--originating-uri --referrer --install-location --install-reason --staged-ready-timeout --package-source"
    " --dexopt-compiler-filter"
)
_IGNORED_WITH_VALUE: Final = frozenset(_VALUES_IGNORED.split())
_SWITCHES: Final[dict[str, tuple[str, Any]]] = {
    "-R": ("replace", False),
    "--no-replace": ("replace", False),
    "-t": ("allow_test", True),
    "-d": ("allow_downgrade", True),
    "--request-downgrade": ("allow_downgrade", True),
    "-g": ("grant_all", True),
    "--bypass-low-target-sdk-block": ("bypass_low_target", True),
}
_TEXTS: Final[dict[str, str]] = {"-i": "installer", "-p": "package", "--pkg": "package"}
_NO_ROOM: Final = "INSTALL_FAILED_INSUFFICIENT_STORAGE: Failed to override installation location"


@dataclass(frozen=True, slots=True)
class _Asked:
    options: InstallOptions
    size: int | None
    words: tuple[str, ...]


def _read(device: VirtualPixel, call: Call) -> _Asked:
    options, size, arguments = InstallOptions(), None, Arguments(call.arguments)
    for option in arguments.options():
        if option in _SWITCHES:
            name, on = _SWITCHES[option]
            options = replace(options, **{name: on})
        elif option in _TEXTS:
            given: dict[str, Any] = {_TEXTS[option]: arguments.value(option)}
            options = replace(options, inherit=options.inherit or option == "-p", **given)
        elif option == "--abi":
            options = replace(options, abi=_abi(device, arguments.value(option)))
        elif option == "-S":
            size = _size(arguments.value(option))
        elif option == "--user":
            if (user := user_id(arguments.value(option))) not in (OWNER, -1):
                raise Stopped(1, f"Failure [user {user} doesn't exist]", output=True)
        elif option in _IGNORED_WITH_VALUE:
            arguments.value(option)
        elif option not in _IGNORED:
            raise illegal(f"Unknown option {option}")
    return _Asked(options, size, tuple(arguments.rest()))


def _abi(device: VirtualPixel, text: str) -> str | None:
    if text == "-":
        return None
    if text not in device.profile.abis:
        raise illegal(f"ABI {text} not supported on this device")
    return text


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Thrown("java.lang.NumberFormatException", f'For input string: "{text}"')
    return int(text)


async def install(device: VirtualPixel, call: Call) -> int:
    """`pm install [OPTIONS] [PATH [SPLIT…]|-]`."""
    asked = _read(device, call)
    from_input = asked.words in ((), ("-",))
    if from_input and asked.size is None:
        raise Stopped(1, "Error: must either specify a package size or an APK file", output=True)
    if "-" in asked.words and len(asked.words) > 1:
        raise Stopped(1, "Error: can't specify SPLIT(s) along with STDIN", output=True)
    session = _open(device, asked.options)
    try:
        if from_input:
            await _take_stream(device, call, session.folder / "base.apk", asked.size or 0)
        else:
            for path in asked.words:
                name = "base.apk" if len(asked.words) == 1 else Path(path).name
                await _take_file(device, call, session.folder / name, path)
        return await _commit(device, call, session)
    finally:
        device.sessions.close(session)


async def create(device: VirtualPixel, call: Call) -> int:
    """`pm install-create [OPTIONS]`."""
    session = _open(device, _read(device, call).options)
    await call.say(f"Success: created install session [{session.number}]\n")
    return 0


async def write(device: VirtualPixel, call: Call) -> int:
    """`pm install-write [-S SIZE] SESSION NAME [PATH|-]`."""
    size, arguments = None, Arguments(call.arguments)
    for option in arguments.options():
        if option != "-S":
            raise illegal(f"Unknown option: {option}")
        size = _size(arguments.value(option))
    session = _session(device, arguments.next())
    name, path = arguments.next() or "", arguments.next()
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise illegal(f"Invalid name: {name}")
    target = session.folder / name
    target.unlink(missing_ok=True)
    if path not in (None, "-"):
        await _take_file(device, call, target, path or "")
    elif size is None:
        raise Stopped(1, "Error: must specify an APK size")
    else:
        await _take_stream(device, call, target, size)
    await call.say(f"Success: streamed {target.stat().st_size} bytes\n")
    return 0


async def remove(device: VirtualPixel, call: Call) -> int:
    """`pm install-remove SESSION SPLIT…`: splits that the session takes off an installed package."""
    arguments = Arguments(call.arguments)
    session = _session(device, arguments.next())
    names = arguments.rest()
    if not names:
        raise Stopped(1, "Error: split name not specified", output=True)
    device.sessions.change(session, remove_splits=(*session.options.remove_splits, *names))
    await call.say("Success\n")
    return 0


async def commit(device: VirtualPixel, call: Call) -> int:
    """`pm install-commit SESSION`."""
    arguments = Arguments(call.arguments)
    for option in arguments.options():
        if option != "--staged-ready-timeout":
            raise illegal(f"Unknown option: {option}")
        arguments.value(option)
    session = _session(device, arguments.next())
    try:
        return await _commit(device, call, session)
    finally:
        device.sessions.close(session)


async def abandon(device: VirtualPixel, call: Call) -> int:
    """`pm install-abandon SESSION`."""
    device.sessions.close(_session(device, Arguments(call.arguments).next()))
    await call.say("Success\n")
    return 0


async def remove_splits(device: VirtualPixel, call: Call, name: str, splits: list[str]) -> int:
    """`pm uninstall PACKAGE SPLIT…`."""
    session = _open(device, InstallOptions(inherit=True, package=name, remove_splits=tuple(splits)))
    try:
        return await _commit(device, call, session)
    finally:
        device.sessions.close(session)


def _open(device: VirtualPixel, options: InstallOptions) -> InstallSession:
    try:
        return device.sessions.create(options)
    except TooManySessions:
        raise Thrown("java.lang.IllegalStateException", "Too many active sessions for UID 2000") from None


def _session(device: VirtualPixel, text: str | None) -> InstallSession:
    if text is None or not text.isascii() or not text.isdigit():
        shown = "null" if text is None else f'For input string: "{text}"'
        raise Thrown("java.lang.NumberFormatException", shown)
    try:
        return device.sessions.get(int(text))
    except UnknownSession:
        raise Thrown("java.lang.SecurityException", f"Caller has no access to session {text}") from None


async def _commit(device: VirtualPixel, call: Call, session: InstallSession) -> int:
    try:
        package = await device.packages.install(session.files(), session.options, folder=session.shown)
    except InstallRefused as error:
        device.system_log(Priority.W, "PackageManager", f"Package couldn't be installed: {error}")
        await call.say(f"Failure [{error}]\n")
        return 1
    await device.activities.force_stop(package.name)
    await call.say("Success\n")
    return 0


async def _take_file(device: VirtualPixel, call: Call, target: Path, path: str) -> None:
    """Copy a file of the device into a session."""
    whole = path if path.startswith("/") else f"{call.cwd.rstrip('/')}/{path}"
    try:
        fd = device.paths.open(whole, os.O_RDONLY)
        with os.fdopen(fd, "rb") as source:
            device.paths.check_readable(fd)
            _check_room(device, os.fstat(fd).st_size)
            with target.open("xb") as sink:
                while data := source.read(BLOCK * 16):
                    _write(sink, data)
    except OSError:
        await call.complain(f"Error: Unable to open file: {path}\nError: Can't open file: {path}\n")
        raise illegal(f"Error: Can't open file: {path}") from None


async def _take_stream(device: VirtualPixel, call: Call, target: Path, size: int) -> None:
    """Take `size` bytes of standard input into a session. What has no room is read all the same, and thrown away."""
    room = size <= APK_MAX and device.storage.fits(size)
    left = size
    with target.open("xb") as sink:
        while left:
            data = await call.stdin.read(min(BLOCK, left))
            if not data:
                raise Stopped(1, f"Error: failed to write; expected {left} more bytes")
            if room:
                _write(sink, data)
            left -= len(data)
    if not room:
        raise Stopped(1, f"Failure [{_NO_ROOM}]", output=True)


def _check_room(device: VirtualPixel, size: int) -> None:
    if size > APK_MAX or not device.storage.fits(size):
        raise Stopped(1, f"Failure [{_NO_ROOM}]", output=True)


def _write(sink: BinaryIO, data: bytes) -> None:
    try:
        sink.write(data)
    except OSError:
        raise Stopped(1, f"Failure [{_NO_ROOM}]", output=True) from None
