"""The package manager: what is installed, and the rules by which an APK gets in, replaces another, or is refused."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from harness.errors import DeviceUnavailable
from harness.pixel.apk import Activity, Apk, InstallRefused, Instrumentation, extract_native, read_apk
from harness.pixel.paths import DevicePaths
from harness.pixel.profile import Profile
from harness.pixel.signing import signers_of

FIRST_UID: Final = 10100
_SCHEMA: Final = 1
_SHARED: Final = "/storage/emulated/0/Android"


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package. `apk` is a path of the host; `code_path`, `native_dir` and `data_dir` are the device's.

    `abi` is None, and `native_dir` empty, for a package without native libraries. Times are milliseconds since 1970.
    """

    name: str
    version_code: int
    version_name: str
    apk: Path
    code_path: str
    abi: str | None
    native_dir: str
    data_dir: str
    uid: int
    min_sdk: int
    target_sdk: int
    application: str | None
    debuggable: bool
    test_only: bool
    activities: tuple[Activity, ...]
    instrumentations: tuple[Instrumentation, ...]
    permissions: tuple[str, ...]
    signers: frozenset[str]
    first_install_ms: int
    updated_ms: int

    @property
    def device_apk(self) -> str:
        """The APK's path on the device."""
        return f"{self.code_path}/base.apk"


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """What the flags of `pm install` ask for."""

    replace: bool = True
    allow_test: bool = False
    allow_downgrade: bool = False
    abi: str | None = None


class PackageStore:
    """Installed packages of one device, kept in `state` over restarts; the files themselves lie in the device's root."""

    def __init__(
        self,
        state: Path,
        paths: DevicePaths,
        profile: Profile,
        *,
        verify: Callable[[Path], Awaitable[frozenset[str]]] = signers_of,
    ) -> None:
        self._file = state / "packages.json"
        self.staging = state / "staging"
        self._paths, self._profile, self._verify = paths, profile, verify
        self.gate: Callable[[], Awaitable[None]] | None = None
        """Awaited before each installation, where faults may meet one; may raise `InstallRefused`."""
        self._turn = asyncio.Lock()
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir()
        self._packages = self._load()
        self._remove_strays()

    def get(self, name: str) -> Package | None:
        """The installed package of that name."""
        return self._packages.get(name)

    def listed(self) -> list[Package]:
        """All of them, by name."""
        return [self._packages[name] for name in sorted(self._packages)]

    async def install(self, staged: Path, options: InstallOptions) -> Package:
        """Install the APK file `staged`, which lies in `staging` and is moved from there. Raises `InstallRefused`."""
        if self.gate is not None:
            await self.gate()
        async with self._turn:
            apk = await asyncio.to_thread(read_apk, staged)
            self._check_device(apk, options)
            abi = apk.choose_abi((options.abi,) if options.abi else self._profile.abis)
            signers = await self._verify(staged)
            before = self._packages.get(apk.manifest.package)
            if before is not None:
                _check_update(apk, before, signers, options)
            return await asyncio.to_thread(self._commit, apk, abi, signers, before)

    async def uninstall(self, name: str, *, keep_data: bool = False) -> bool:
        """Remove a package, and its data unless told; False where it isn't installed."""
        async with self._turn:
            package = self._packages.pop(name, None)
            if package is None:
                return False
            self._save()
            await asyncio.to_thread(self._remove_files, package, keep_data)
            return True

    def clear(self, package: Package) -> None:
        """Empty a package's data folders."""
        self._remove_data(package.name)
        self._make_data(package.name)

    def _check_device(self, apk: Apk, options: InstallOptions) -> None:
        manifest, sdk = apk.manifest, self._profile.sdk
        if manifest.min_sdk > sdk:
            raise InstallRefused(
                "INSTALL_FAILED_OLDER_SDK",
                f"Failed parse during installPackageLI: Requires newer sdk version #{manifest.min_sdk}"
                f" (current version is #{sdk})",
            )
        if manifest.test_only and not options.allow_test:
            raise InstallRefused(
                "INSTALL_FAILED_TEST_ONLY",
                f"Failed to install test-only apk {manifest.package}. Did you forget to add -t?",
            )

    def _commit(self, apk: Apk, abi: str | None, signers: frozenset[str], before: Package | None) -> Package:
        manifest = apk.manifest
        code_path = f"/data/app/{manifest.package}-{secrets.token_hex(11)}"
        now = time.time_ns() // 1_000_000
        native_dir = f"{code_path}/lib/{abi}" if abi else ""
        package = Package(
            name=manifest.package,
            version_code=manifest.version_code,
            version_name=manifest.version_name,
            apk=self._paths.root / code_path.lstrip("/") / "base.apk",
            code_path=code_path,
            abi=abi,
            native_dir=native_dir,
            data_dir=f"/data/user/0/{manifest.package}",
            uid=before.uid if before else self._next_uid(),
            min_sdk=manifest.min_sdk,
            target_sdk=manifest.target_sdk,
            application=manifest.application,
            debuggable=manifest.debuggable,
            test_only=manifest.test_only,
            activities=manifest.activities,
            instrumentations=manifest.instrumentations,
            permissions=manifest.permissions,
            signers=signers,
            first_install_ms=before.first_install_ms if before else now,
            updated_ms=now,
        )
        folder = package.apk.parent
        try:
            folder.mkdir()
            if abi:
                extract_native(apk, abi, folder / "lib" / abi)
            apk.path.rename(package.apk)
            package.apk.chmod(0o644)
            self._make_data(package.name)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise InstallRefused("INSTALL_FAILED_INSUFFICIENT_STORAGE", str(error)) from error
        self._packages[package.name] = package
        self._save()
        if before is not None:
            shutil.rmtree(before.apk.parent, ignore_errors=True)
        return package

    def _next_uid(self) -> int:
        return max((package.uid for package in self._packages.values()), default=FIRST_UID - 1) + 1

    def _make_data(self, name: str) -> None:
        for part in ("cache", "code_cache", "files"):
            self._paths.make_folders(f"/data/data/{name}/{part}", 0o700)
        self._paths.make_folders(f"{_SHARED}/data/{name}/files", 0o770)

    def _remove_data(self, name: str) -> None:
        for folder in (f"/data/data/{name}", *(f"{_SHARED}/{kind}/{name}" for kind in ("data", "media", "obb"))):
            self._paths.remove_tree(folder)

    def _remove_files(self, package: Package, keep_data: bool) -> None:
        shutil.rmtree(package.apk.parent, ignore_errors=True)
        if not keep_data:
            self._remove_data(package.name)

    def _remove_strays(self) -> None:
        """Remove what an install that never ended left in `/data/app`."""
        known = {package.apk.parent for package in self._packages.values()}
        for folder in (self._paths.root / "data/app").iterdir():
            if folder not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _load(self) -> dict[str, Package]:
        try:
            document = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise _unreadable(self._file, str(error)) from None
        if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
            raise _unreadable(self._file, f"its schema isn't {_SCHEMA}")
        found = (_read_package(item, self._paths.root) for item in document["packages"])
        return {package.name: package for package in found if package.apk.is_file()}

    def _save(self) -> None:
        document = {"schema": _SCHEMA, "packages": [_write_package(package) for package in self.listed()]}
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(document, indent=1), encoding="utf-8")
        fresh.replace(self._file)


def _check_update(apk: Apk, before: Package, signers: frozenset[str], options: InstallOptions) -> None:
    name, manifest = before.name, apk.manifest
    if not options.replace:
        raise InstallRefused(
            "INSTALL_FAILED_ALREADY_EXISTS", f"Attempt to re-install {name} without first uninstalling."
        )
    if signers != before.signers:
        raise InstallRefused(
            "INSTALL_FAILED_UPDATE_INCOMPATIBLE",
            f"Existing package {name} signatures do not match newer version; ignoring!",
        )
    if manifest.version_code < before.version_code and not options.allow_downgrade:
        raise InstallRefused(
            "INSTALL_FAILED_VERSION_DOWNGRADE",
            f"Downgrade detected: Update version code {manifest.version_code} is older than current"
            f" {before.version_code}",
        )


def _unreadable(path: Path, why: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        "pixel.state", f"{path} can't be read", why=why, hint="start the device with its state wiped"
    )


def _write_package(package: Package) -> dict[str, Any]:
    return asdict(package) | {"apk": package.device_apk, "signers": sorted(package.signers)}


def _read_package(item: Mapping[str, Any], root: Path) -> Package:
    known = {field.name: item[field.name] for field in fields(Package)}
    known["apk"] = root / str(item["apk"]).lstrip("/")
    known["signers"] = frozenset(item["signers"])
    known["permissions"] = tuple(item["permissions"])
    known["activities"] = tuple(
        Activity(each["name"], each["exported"], tuple(each["actions"]), tuple(each["categories"]))
        for each in item["activities"]
    )
    known["instrumentations"] = tuple(Instrumentation(**each) for each in item["instrumentations"])
    return Package(**known)
