"""An installed package: what its APKs say, and what the device keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

from harness.pixel.declarations import Component, Instrumentation
from harness.pixel.manifest import Manifest
from harness.pixel.signers import Capability, PastSigner, SigningDetails


class Enabled(IntEnum):
    """What was said about a package or a component (`PackageManager.COMPONENT_ENABLED_STATE_…`)."""

    DEFAULT = 0
    ENABLED = 1
    DISABLED = 2
    DISABLED_USER = 3


@dataclass(frozen=True, slots=True)
class UserState:
    """What the device's one user changed: permissions that were given or refused by name, what is switched off, hidden."""

    granted: frozenset[str] = frozenset()
    user_set: frozenset[str] = frozenset()
    enabled: Enabled = Enabled.DEFAULT
    components: Mapping[str, Enabled] = field(default_factory=dict)
    hidden: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package. `root` is a folder of the host; `code_path`, `native_dir` and `data_dir` are the device's.

    `manifest` is the base's, with the components of all splits. `abi` is None, and `native_dir` empty, for a package
    without native libraries. Times are milliseconds since 1970.
    """

    manifest: Manifest
    splits: tuple[str, ...]
    root: Path
    code_path: str
    abi: str | None
    uid: int
    signing: SigningDetails
    first_install_ms: int
    updated_ms: int
    installer: str | None = None
    user: UserState = UserState()

    @property
    def name(self) -> str:
        """The application id."""
        return self.manifest.package

    @property
    def version_code(self) -> int:
        """The long version code."""
        return self.manifest.version_code

    @property
    def version_name(self) -> str:
        """`null` where there is none, as Android writes it."""
        return self.manifest.version_name

    @property
    def target_sdk(self) -> int:
        """The API level that it was made for."""
        return self.manifest.target_sdk

    @property
    def debuggable(self) -> bool:
        """Whether `run-as` and a debugger may in."""
        return self.manifest.debuggable

    @property
    def application(self) -> str | None:
        """The class of its Application, where it has one of its own."""
        return self.manifest.application

    @property
    def activities(self) -> tuple[Component, ...]:
        """Its activities and their aliases."""
        return self.manifest.activities

    @property
    def instrumentations(self) -> tuple[Instrumentation, ...]:
        """Its instrumentations."""
        return self.manifest.instrumentations

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that it asks for."""
        return self.manifest.permissions

    @property
    def signers(self) -> frozenset[str]:
        """SHA-256 of the certificates that signed it."""
        return self.signing.signers

    @property
    def enabled(self) -> bool:
        """Whether its components may run."""
        return self.user.enabled in (Enabled.DEFAULT, Enabled.ENABLED)

    @property
    def data_dir(self) -> str:
        """Its folder of the device."""
        return f"/data/user/0/{self.name}"

    @property
    def native_dir(self) -> str:
        """The device's folder that its libraries were extracted to, or nothing."""
        return f"{self.code_path}/lib/{self.abi}" if self.abi else ""

    @property
    def device_apk(self) -> str:
        """The base APK's path on the device."""
        return f"{self.code_path}/base.apk"

    @property
    def device_splits(self) -> tuple[str, ...]:
        """The splits' paths on the device, in the order of their names."""
        return tuple(f"{self.code_path}/{split_file(name)}" for name in self.splits)

    @property
    def folder(self) -> Path:
        """Where its code lies on the host."""
        return self.root / self.code_path.lstrip("/")

    @property
    def apk(self) -> Path:
        """The base APK's path on the host."""
        return self.folder / "base.apk"

    @property
    def split_apks(self) -> tuple[Path, ...]:
        """The splits' paths on the host, in the order of their names."""
        return tuple(self.folder / split_file(name) for name in self.splits)


@dataclass(frozen=True, slots=True)
class KeptData:
    """What outlives `pm uninstall -k`: the data's owner, whom another signer's package may not succeed."""

    name: str
    uid: int
    version_code: int
    debuggable: bool
    signing: SigningDetails


def split_file(name: str) -> str:
    """The file name of a split, by the split's name."""
    return f"split_{name}.apk"


def merged(base: Manifest, splits: Iterable[Manifest]) -> Manifest:
    """The base's manifest with the components and permissions that splits add."""
    whole = base
    for split in splits:
        whole = replace(
            whole,
            activities=whole.activities + split.activities,
            services=whole.services + split.services,
            receivers=whole.receivers + split.receivers,
            providers=whole.providers + split.providers,
            permissions=tuple(dict.fromkeys(whole.permissions + split.permissions)),
            libraries=whole.libraries + split.libraries,
            has_code=whole.has_code or split.has_code,
        )
    return whole


def write_package(package: Package) -> dict[str, Any]:
    """What is kept of a package, for JSON; the rest is read from its APKs again."""
    user = package.user
    return {
        "name": package.name,
        "splits": list(package.splits),
        "code_path": package.code_path,
        "abi": package.abi,
        "uid": package.uid,
        "signing": write_signing(package.signing),
        "first_install_ms": package.first_install_ms,
        "updated_ms": package.updated_ms,
        "installer": package.installer,
        "granted": sorted(user.granted),
        "user_set": sorted(user.user_set),
        "enabled": int(user.enabled),
        "components": {name: int(state) for name, state in sorted(user.components.items())},
        "hidden": user.hidden,
        "suspended": user.suspended,
    }


def read_package(item: Mapping[str, Any], manifest: Manifest, root: Path) -> Package:
    """The package that `write_package` wrote, with its manifest. Raises `KeyError`, `ValueError` for anything else."""
    user = UserState(
        frozenset(item["granted"]),
        frozenset(item["user_set"]),
        Enabled(item["enabled"]),
        {str(name): Enabled(state) for name, state in item["components"].items()},
        bool(item["hidden"]),
        bool(item["suspended"]),
    )
    return Package(
        manifest,
        tuple(item["splits"]),
        root,
        item["code_path"],
        item["abi"],
        item["uid"],
        read_signing(item["signing"]),
        item["first_install_ms"],
        item["updated_ms"],
        item["installer"],
        user,
    )


def write_signing(signing: SigningDetails) -> dict[str, Any]:
    """Signers for JSON."""
    past = [[each.digest, int(each.capabilities)] for each in signing.past]
    return {"scheme": signing.scheme, "signers": sorted(signing.signers), "past": past}


def read_signing(item: Mapping[str, Any]) -> SigningDetails:
    """The signers that `write_signing` wrote."""
    past = tuple(PastSigner(digest, Capability(capabilities)) for digest, capabilities in item["past"])
    return SigningDetails(item["scheme"], frozenset(item["signers"]), past)
