"""The package manager: what is installed, and the rules by which an APK gets in, replaces another, or is refused."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness.errors import DeviceUnavailable
from harness.pixel import permissions
from harness.pixel.apk import Apk, check_libraries, choose_abi, extract_native, read_apk
from harness.pixel.delivery import Delivery, InstallOptions, Staged, assemble
from harness.pixel.install_rules import check_clashes, check_manifest, check_update
from harness.pixel.package import (
    KeptData,
    Package,
    UserState,
    merged,
    read_package,
    read_signing,
    split_file,
    write_package,
    write_signing,
)
from harness.pixel.paths import DevicePaths
from harness.pixel.permissions import Permission, platform_permissions
from harness.pixel.profile import Profile
from harness.pixel.refusals import InstallRefused
from harness.pixel.signers import Capability, SigningDetails
from harness.pixel.signing import signers_of
from harness.pixel.storage import Storage

__all__ = ["InstallOptions", "Package", "PackageStore"]

log = logging.getLogger(__name__)

FIRST_UID: Final = 10100
_SCHEMA: Final = 2
_GRANTED: Final = "dev/__properties__/granted"
_SHARED: Final = "/storage/emulated/0/Android"


class PackageStore:
    """Installed packages of one device, kept in `state` over restarts; the files themselves lie in the device's root."""

    def __init__(
        self,
        state: Path,
        paths: DevicePaths,
        profile: Profile,
        storage: Storage,
        *,
        verify: Callable[[Path, str, int], Awaitable[SigningDetails]] = signers_of,
    ) -> None:
        self._file = state / "packages.json"
        self._paths, self._profile, self._storage, self._verify = paths, profile, storage, verify
        self.gate: Callable[[], Awaitable[None]] | None = None
        """Awaited before each installation, where faults may meet one; may raise `InstallRefused`."""
        self._turn = asyncio.Lock()
        self._packages: dict[str, Package] = {}
        self._kept: dict[str, KeptData] = {}
        self._load()
        self._remove_strays()
        self._tell_apps()

    def get(self, name: str) -> Package | None:
        """The installed package of that name."""
        return self._packages.get(name)

    def listed(self) -> list[Package]:
        """All of them, by name."""
        return [self._packages[name] for name in sorted(self._packages)]

    def kept(self) -> list[KeptData]:
        """Packages that were uninstalled with `-k`, by name."""
        return [self._kept[name] for name in sorted(self._kept)]

    def permission(self, name: str) -> Permission | None:
        """A permission of Android's, or of an installed package."""
        if (found := platform_permissions().get(name)) is not None:
            return found
        for package in self.listed():
            for each in package.manifest.declared_permissions:
                if each.name == name:
                    return permissions.declared(package.name, each)
        return None

    def granted(self, package: Package, name: str) -> bool:
        """Whether a package has a permission."""
        if name not in package.permissions or (permission := self.permission(name)) is None:
            return False
        owner = self._packages.get(permission.owner)
        same = owner is not None and package.signing.shares(owner.signing, Capability.PERMISSION)
        return name in package.user.granted or permission.granted_at_install(same_signer=same)

    async def install(self, staged: Sequence[Path], options: InstallOptions, *, folder: str = "/data/app") -> Package:
        """Install APK files, which belong together and are moved from where they are. Raises `InstallRefused`.

        `folder` is the device's, in which refusals say that they lie.
        """
        if self.gate is not None:
            await self.gate()
        async with self._turn:
            new = [await self._read(path, f"{folder}/{path.name}") for path in staged]
            name = new[0].apk.manifest.package if new else options.package or ""
            before = self._packages.get(name)
            installed = await asyncio.to_thread(self._read_installed, before) if before and options.inherit else []
            delivery = assemble(new, options, before, installed)
            abi = choose_abi(delivery.apks, (options.abi,) if options.abi else self._profile.abis)
            if abi:
                for apk in delivery.apks:
                    check_libraries(apk, abi)
            check_manifest(delivery.base.manifest, delivery.signing, self._profile.sdk, options)
            check_update(delivery, before, self._kept.get(name), options)
            check_clashes(delivery, self.listed())
            if not self._storage.fits(delivery.bytes_with(abi)):
                raise _no_room()
            return await asyncio.to_thread(self._commit, delivery, abi, before, options)

    async def uninstall(self, name: str, *, keep_data: bool = False) -> bool:
        """Remove a package, and its data unless told; False where it isn't installed."""
        async with self._turn:
            package = self._packages.pop(name, None)
            if package is None:
                if keep_data or self._kept.pop(name, None) is None:
                    return False
                self._remove_data(name)
                self._save()
                return True
            if keep_data:
                self._kept[name] = KeptData(
                    name, package.uid, package.version_code, package.debuggable, package.signing
                )
            self._save()
            await asyncio.to_thread(self._remove_files, package, keep_data)
            return True

    def clear(self, package: Package, *, only_cache: bool = False) -> None:
        """Empty a package's data folders, and take back what the user granted; or empty its caches."""
        if only_cache:
            self._empty_caches(package.name)
            return
        self._remove_data(package.name)
        self._make_data(package.name)
        self.change(package.name, granted=frozenset(), user_set=frozenset())

    def change(self, name: str, **values: Any) -> None:
        """Set fields of an installed package's `UserState`."""
        package = self._packages[name]
        self._packages[name] = replace(package, user=replace(package.user, **values))
        self._save()

    def set_installer(self, name: str, installer: str) -> None:
        """Say who installed a package."""
        self._packages[name] = replace(self._packages[name], installer=installer)
        self._save()

    def trim_caches(self) -> None:
        """Empty every package's caches."""
        for package in self.listed():
            self._empty_caches(package.name)
        self._storage.changed()

    def _empty_caches(self, name: str) -> None:
        for folder in ("cache", "code_cache"):
            self._paths.remove_tree(f"/data/data/{name}/{folder}")
        self._make_data(name)

    async def _read(self, path: Path, shown: str) -> Staged:
        apk = await asyncio.to_thread(read_apk, path, shown=shown, sdk=self._profile.sdk)
        return Staged(apk, shown, await self._verify(path, shown, self._profile.sdk))

    def _read_installed(self, package: Package) -> list[Apk]:
        sdk = self._profile.sdk
        return [read_apk(path, sdk=sdk, at_install=False) for path in (package.apk, *package.split_apks)]

    def _commit(self, delivery: Delivery, abi: str | None, before: Package | None, options: InstallOptions) -> Package:
        manifest = delivery.manifest
        now = time.time_ns() // 1_000_000
        user = before.user if before else UserState()
        package = Package(
            manifest,
            tuple(delivery.splits),
            self._paths.root,
            f"/data/app/~~{_token()}/{manifest.package}-{_token()}",
            abi,
            self._uid(manifest.package, manifest.shared_user),
            delivery.signing,
            before.first_install_ms if before else now,
            now,
            options.installer or (before.installer if before else None),
            replace(user, granted=self._grants(user, manifest.permissions, options), hidden=False),
        )
        try:
            self._place(package, delivery, move=before)
        except OSError as error:
            log.warning("%s isn't installed: %s", package.name, error)
            raise _no_room() from error
        self._packages[package.name] = package
        self._kept.pop(package.name, None)
        self._save()
        if before is not None:
            shutil.rmtree(before.folder.parent, ignore_errors=True)
        self._storage.changed()
        return package

    def _place(self, package: Package, delivery: Delivery, move: Package | None) -> None:
        """Bring code, libraries and data folders to their places; what is there already of it goes on a failure."""
        package.folder.mkdir(parents=True)
        try:
            if package.abi:
                libraries = package.folder / "lib" / package.abi
                libraries.mkdir(parents=True)
                for apk in delivery.apks:
                    extract_native(apk, package.abi, libraries)
            names = ["base.apk", *map(split_file, delivery.splits)]
            for name, apk in zip(names, delivery.apks, strict=True):
                if move is not None and apk.path.is_relative_to(move.folder):
                    os.link(apk.path, package.folder / name)
                else:
                    apk.path.rename(package.folder / name)
                (package.folder / name).chmod(0o644)
            self._make_data(package.name)
        except BaseException:
            shutil.rmtree(package.folder.parent, ignore_errors=True)
            raise

    def _grants(self, user: UserState, wanted: Sequence[str], options: InstallOptions) -> frozenset[str]:
        """What stays granted over an update; with `-g` all that the user could grant."""
        granted = user.granted & set(wanted)
        if options.grant_all:
            granted |= {name for name in wanted if (found := self.permission(name)) is not None and found.runtime}
        return granted

    def _uid(self, name: str, shared_user: str | None) -> int:
        """The package's uid as before, its shared user's, or the lowest that is free."""
        if (before := self._packages.get(name) or self._kept.get(name)) is not None:
            return before.uid
        for package in self.listed():
            if shared_user and package.manifest.shared_user == shared_user:
                return package.uid
        taken = {package.uid for package in self.listed()} | {kept.uid for kept in self.kept()}
        return next(uid for uid in range(FIRST_UID, FIRST_UID + len(taken) + 1) if uid not in taken)

    def _make_data(self, name: str) -> None:
        for part in ("cache", "code_cache", "files"):
            self._paths.make_folders(f"/data/data/{name}/{part}", 0o700)
        self._paths.make_folders(f"{_SHARED}/data/{name}/files", 0o770)

    def _remove_data(self, name: str) -> None:
        for folder in (f"/data/data/{name}", *(f"{_SHARED}/{kind}/{name}" for kind in ("data", "media", "obb"))):
            self._paths.remove_tree(folder)

    def _remove_files(self, package: Package, keep_data: bool) -> None:
        shutil.rmtree(package.folder.parent, ignore_errors=True)
        if not keep_data:
            self._remove_data(package.name)
        self._storage.changed()

    def _remove_strays(self) -> None:
        """Remove what an install that never ended left in `/data/app`."""
        known = {package.folder.parent for package in self._packages.values()}
        for folder in (self._paths.root / "data/app").iterdir():
            if folder not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _load(self) -> None:
        """Read the list, and of each package what its APKs say, as Android does when it boots."""
        try:
            document = json.loads(self._file.read_text(encoding="utf-8"))
            if document["schema"] != _SCHEMA:
                raise _unreadable(self._file, f"its schema isn't {_SCHEMA}")
            for item in document["packages"]:
                try:
                    package = self._load_package(item)
                except InstallRefused as error:  # its file is gone, or damaged: Android drops it, too
                    log.warning("%s is dropped: %s", item["name"], error)
                else:
                    self._packages[package.name] = package
            for item in document["kept"]:
                kept = KeptData(**item | {"signing": read_signing(item["signing"])})
                self._kept[kept.name] = kept
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(self._file, repr(error)) from None

    def _load_package(self, item: Mapping[str, Any]) -> Package:
        folder = self._paths.root / str(item["code_path"]).lstrip("/")
        paths = [folder / "base.apk", *(folder / split_file(name) for name in item["splits"])]
        base, *splits = (read_apk(path, sdk=self._profile.sdk, at_install=False).manifest for path in paths)
        return read_package(item, merged(base, splits), self._paths.root)

    def _tell_apps(self) -> None:
        """Write for each app's process which permissions it has; it reads them whenever it is asked."""
        folder = self._paths.root / _GRANTED
        folder.mkdir(parents=True, exist_ok=True)
        for stray in {path.name for path in folder.iterdir()} - set(self._packages):
            (folder / stray).unlink()
        for package in self.listed():
            text = "".join(f"{name}\n" for name in package.permissions if self.granted(package, name))
            target, fresh = folder / package.name, folder / f"{package.name}.new"
            if not target.is_file() or target.read_text(encoding="utf-8") != text:
                fresh.write_text(text, encoding="utf-8")
                fresh.replace(target)

    def _save(self) -> None:
        self._tell_apps()
        document = {
            "schema": _SCHEMA,
            "packages": [write_package(package) for package in self.listed()],
            "kept": [
                {
                    "name": kept.name,
                    "uid": kept.uid,
                    "version_code": kept.version_code,
                    "debuggable": kept.debuggable,
                    "signing": write_signing(kept.signing),
                }
                for kept in self.kept()
            ],
        }
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(document, indent=1), encoding="utf-8")
        fresh.replace(self._file)


def _token() -> str:
    """Sixteen random bytes, as Android writes them into the names of code folders."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()


def _no_room() -> InstallRefused:
    return InstallRefused("INSTALL_FAILED_INSUFFICIENT_STORAGE", "Failed to override installation location")


def _unreadable(path: Path, why: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        "pixel.state", f"{path} can't be read", why=why, hint="start the device with its state wiped"
    )
