"""`pm list …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.commands.arguments import Arguments, Stopped, user_id
from harness.pixel.control import Call
from harness.pixel.features import FEATURES, OPENGL_ES
from harness.pixel.install_rules import SHARED_LIBRARIES
from harness.pixel.package import Package
from harness.pixel.permissions import Permission, declared, platform_permissions

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

FRAMEWORK: Final = "/system/framework/framework-res.apk"
_PLATFORM_UID: Final = 1000
_FLAGS: Final = frozenset(
    ("-d", "-e", "-f", "-i", "-l", "-s", "-u", "-U", "-3", "-a", "--show-versioncode", "--apex-only",
     "--factory-only", "--match-libraries")
)  # fmt: skip


async def run(device: VirtualPixel, call: Call) -> int:
    """`pm list KIND …`."""
    kind, *rest = call.arguments or ("",)
    arguments = Arguments(rest)
    if kind in ("package", "packages"):
        lines = _packages(device, arguments)
    elif kind == "instrumentation":
        lines = _instrumentation(device, arguments)
    elif kind == "features":
        lines = [f"feature:reqGlEsVersion={OPENGL_ES:#x}", *(f"feature:{name}" for name in FEATURES)]
    elif kind == "libraries":
        lines = [f"library:{name}" for name in SHARED_LIBRARIES]
    elif kind == "users":
        lines = ["Users:", "\tUserInfo{0:Owner:4c13} running"]
    elif kind == "permission-groups":
        groups = {group for package in device.packages.listed() for group in package.manifest.permission_groups}
        lines = [f"permission group:{name}" for name in sorted(groups)]
    elif kind == "permissions":
        lines = _permissions(device, arguments)
    elif not kind:
        raise Stopped(255, "Error: didn't specify type of data to list", output=True)
    else:
        raise Stopped(255, f"Error: unknown list type '{kind}'", output=True)
    await call.say("".join(f"{line}\n" for line in lines))
    return 0


def _packages(device: VirtualPixel, arguments: Arguments) -> list[str]:
    flags: set[str] = set()
    uid: int | None = None
    for option in arguments.options():
        if option == "--user":
            user_id(arguments.value(option))
        elif option == "--uid":
            uid = int(arguments.value(option))
        elif option not in _FLAGS:
            raise Stopped(255, f"Error: Unknown option: {option}", output=True)
        flags.add(option)
    wanted = arguments.next() or ""
    lines = []
    if not flags & {"-3", "-d", "--apex-only"} and wanted in "android" and uid in (None, _PLATFORM_UID):
        lines.append(_line("android", FRAMEWORK, device.profile.sdk, "null", _PLATFORM_UID, flags))
    if flags & {"-s", "--apex-only", "--factory-only"}:
        return lines
    for package in device.packages.listed():
        if wanted in package.name and uid in (None, package.uid) and _shown(package, flags):
            lines.append(
                _line(
                    package.name,
                    package.device_apk,
                    package.version_code,
                    package.installer or "null",
                    package.uid,
                    flags,
                )
            )
    if "-u" in flags:
        lines += [f"package:{kept.name}" for kept in device.packages.kept() if wanted in kept.name]
    return lines


def _shown(package: Package, flags: set[str]) -> bool:
    if "-d" in flags and package.enabled:
        return False
    return not ("-e" in flags and not package.enabled)


def _line(name: str, path: str, version: int, installer: str, uid: int, flags: set[str]) -> str:
    line = "package:" + (f"{path}=" if "-f" in flags else "") + name
    line += f" versionCode:{version}" if "--show-versioncode" in flags else ""
    line += f"  installer={installer}" if "-i" in flags else ""
    return line + (f" uid:{uid}" if "-U" in flags else "")


def _instrumentation(device: VirtualPixel, arguments: Arguments) -> list[str]:
    paths, wanted = False, None
    while (word := arguments.next()) is not None:
        if word == "-f":
            paths = True
        elif word.startswith("-"):
            raise Stopped(255, f"Error: Unknown option: {word}", output=True)
        else:
            wanted = word
    lines = []
    for package in device.packages.listed():
        for item in package.instrumentations:
            if wanted in (None, item.target_package):
                path = f"{package.device_apk}:" if paths else ""
                lines.append(f"instrumentation:{path}{package.name}/{item.name} (target={item.target_package})")
    return lines


def _permissions(device: VirtualPixel, arguments: Arguments) -> list[str]:
    flags = {letter for option in arguments.options() for letter in option[1:]}
    group = arguments.next()
    found: list[tuple[Permission, str | None]] = [(each, None) for each in platform_permissions().values()]
    for package in device.packages.listed():
        found += [(declared(package.name, each), each.group) for each in package.manifest.declared_permissions]
    if "d" in flags:
        found = [each for each in found if each[0].runtime]
    if group is not None:
        found = [each for each in found if each[1] == group]
    title = "Dangerous Permissions:" if "d" in flags else "All Permissions:"
    indent = "" if group is None else "  "
    lines = [title, ""]
    for permission, _ in found:
        lines.append(f"{indent}{'+ ' if 'f' in flags else ''}permission:{permission.name}")
        if "f" in flags:
            lines += [f"{indent}  package:{permission.owner}", f"{indent}  protectionLevel:{permission.level}"]
    return lines
