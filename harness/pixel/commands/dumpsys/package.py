"""`dumpsys package`: what is known of installed packages, in the form of Android 14's `Settings.dumpPackageLPr`."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from harness.pixel.declarations import Component
from harness.pixel.package import Enabled, Package

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_KINDS: Final = ("Activity", "Receiver", "Service")


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys package [PACKAGE]`."""
    names = [word for word in arguments if not word.startswith("-") and word not in ("package", "packages")]
    packages = device.packages.listed()
    if names:
        package = device.packages.get(names[0])
        if package is None:
            return f"Unable to find package: {names[0]}\n"
        packages = [package]
    return "".join(_parts(device, packages))


def _parts(device: VirtualPixel, packages: list[Package]) -> Iterator[str]:
    for kind, components in zip(_KINDS, ("activities", "receivers", "services"), strict=True):
        yield from _resolver(kind, [(package, getattr(package.manifest, components)) for package in packages])
    declared = [(package, each) for package in packages for each in package.manifest.declared_permissions]
    if declared:
        yield "Permissions:\n"
    for package, each in declared:
        permission = device.packages.permission(each.name)
        yield (
            f"  Permission [{each.name}] ({_mark(each.name)}):\n    sourcePackage={package.name}\n"
            f"    uid={package.uid} gids=[] type=0 prot={permission.level if permission else 'normal'}\n"
        )
    providers = [(package, each) for package in packages for each in package.manifest.providers]
    if providers:
        yield "Registered ContentProviders:\n"
        for package, provider in providers:
            name = f"{package.name}/{_short(package, provider.name)}"
            yield f"  {name}:\n    Provider{{{_mark(name)} {name}}}\n"
        yield "\nContentProvider Authorities:\n"
        for package, provider in providers:
            name = f"{package.name}/{_short(package, provider.name)}"
            for authority in provider.authorities:
                yield f"  [{authority}]:\n    Provider{{{_mark(name)} {name}}}\n"
        yield "\n"
    yield "Packages:\n"
    for package in packages:
        yield _describe(device, package)


def _resolver(kind: str, found: Iterable[tuple[Package, tuple[Component, ...]]]) -> Iterator[str]:
    """A table of who answers which intent: filters without data by action, those with a scheme by scheme."""
    tables: dict[str, dict[str, list[str]]] = {"Schemes": {}, "Non-Data Actions": {}}
    for package, components in found:
        for component in components:
            name = f"{package.name}/{_short(package, component.name)}"
            for number, each in enumerate(component.filters):
                lines = f"        {_mark(name)} {name} filter {_mark(f'{name} {number}')}\n"
                lines += "".join(f'          Action: "{action}"\n' for action in each.actions)
                lines += "".join(f'          Category: "{category}"\n' for category in each.categories)
                lines += "".join(f'          Scheme: "{scheme}"\n' for scheme in each.schemes)
                lines += "".join(f'          Type: "{mime}"\n' for mime in each.types)
                keyed = tables["Schemes" if each.schemes else "Non-Data Actions"]
                for key in each.schemes or (each.actions if not each.types else ()):
                    keyed.setdefault(key, []).append(lines)
    if not any(tables.values()):
        return
    yield f"{kind} Resolver Table:\n"
    for title, table in tables.items():
        if table:
            yield f"  {title}:\n"
            for key in sorted(table):
                yield f"      {key}:\n" + "".join(table[key])
            yield "\n"


def _describe(device: VirtualPixel, package: Package) -> str:
    manifest = package.manifest
    flags = {
        "DEBUGGABLE": manifest.debuggable,
        "HAS_CODE": manifest.has_code,
        "TEST_ONLY": manifest.test_only,
        "ALLOW_CLEAR_USER_DATA": True,
        "ALLOW_BACKUP": manifest.allow_backup,
        "LARGE_HEAP": manifest.large_heap,
        "MULTIARCH": manifest.multi_arch,
        "EXTRACT_NATIVE_LIBS": manifest.extract_native_libs,
    }
    on = " ".join(name for name, is_on in flags.items() if is_on)
    splits = ", ".join(("base", *package.splits))
    mark = _mark(package.code_path)
    past = ", ".join(each.digest[:8] for each in package.signing.past)
    signatures = ", ".join(digest[:8] for digest in sorted(package.signers))
    lines = [
        f"  Package [{package.name}] ({mark}):",
        f"    appId={package.uid}",
        f"    pkg=Package{{{mark} {package.name}}}",
        f"    codePath={package.code_path}",
        f"    resourcePath={package.code_path}",
        f"    legacyNativeLibraryDir={package.code_path}/lib",
        f"    extractNativeLibs={str(manifest.extract_native_libs).lower()}",
        f"    primaryCpuAbi={package.abi or 'null'}",
        "    secondaryCpuAbi=null",
        "    cpuAbiOverride=null",
        f"    versionCode={package.version_code} minSdk={manifest.min_sdk} targetSdk={package.target_sdk}",
        f"    versionName={package.version_name}",
        f"    splits=[{splits}]",
        f"    apkSigningVersion={package.signing.scheme}",
        f"    flags=[ {on} ]",
        f"    dataDir={package.data_dir}",
        f"    timeStamp={_when(package.updated_ms)}",
        f"    lastUpdateTime={_when(package.updated_ms)}",
        f"    installerPackageName={package.installer or 'null'}",
        f"    signatures=PackageSignatures{{{mark} version:{package.signing.scheme}, signatures:[{signatures}],"
        f" past signatures:[{past}]}}",
        f"    pkgFlags=[ {on} ]",
        *_permissions(device, package),
        *_user(device, package),
    ]
    return "".join(f"{line}\n" for line in lines)


def _permissions(device: VirtualPixel, package: Package) -> Iterator[str]:
    if declared := package.manifest.declared_permissions:
        yield "    declared permissions:"
        for each in declared:
            permission = device.packages.permission(each.name)
            yield f"      {each.name}: prot={permission.level if permission else 'normal'}, INSTALLED"
    if package.permissions:
        yield "    requested permissions:"
        yield from (f"      {name}" for name in package.permissions)
    installed = [
        name
        for name in package.permissions
        if (found := device.packages.permission(name)) and not found.runtime and device.packages.granted(package, name)
    ]
    if installed:
        yield "    install permissions:"
        yield from (f"      {name}: granted=true" for name in installed)


def _user(device: VirtualPixel, package: Package) -> Iterator[str]:
    user = package.user
    inode = device.paths.stat(package.data_dir).st_ino if device.paths.exists(package.data_dir) else 0
    yield (
        f"    User 0: ceDataInode={inode} installed=true hidden={str(user.hidden).lower()}"
        f" suspended={str(user.suspended).lower()} enabled={int(user.enabled)} instant=false virtual=false"
    )
    yield f"      firstInstallTime={_when(package.first_install_ms)}"
    runtime = [name for name in package.permissions if (found := device.packages.permission(name)) and found.runtime]
    if runtime:
        yield "      runtime permissions:"
    for name in runtime:
        marks = "USER_SET|" if name in user.user_set else ""
        granted = str(device.packages.granted(package, name)).lower()
        yield f"        {name}: granted={granted}, flags=[ {marks}USER_SENSITIVE_WHEN_GRANTED|USER_SENSITIVE_WHEN_DENIED]"
    for title, states in (
        ("disabledComponents", (Enabled.DISABLED, Enabled.DISABLED_USER)),
        ("enabledComponents", (Enabled.ENABLED,)),
    ):
        names = [name for name, state in user.components.items() if state in states]
        if names:
            yield f"      {title}:"
            yield from (f"        {name}" for name in names)


def _short(package: Package, name: str) -> str:
    return name.removeprefix(package.name) if name.startswith(f"{package.name}.") else name


def _mark(text: str) -> str:
    """Android shows an object's hash there, to tell things apart; this one is the same each time."""
    return f"{zlib.crc32(text.encode('utf-8', 'surrogateescape')) & 0xFFFFFFF:x}"


def _when(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
