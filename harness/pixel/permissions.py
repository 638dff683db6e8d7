"""Permissions: which ones there are, who grants them, and what `pm grant` may change.

Follows Android 14's `PermissionManagerServiceImpl`. `platform_permissions.txt` has the platform's own, a line each with
the protection level in hexadecimal, as the manifest of Android 14's framework declares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from harness.pixel.declarations import DeclaredPermission

_PLATFORM: Final = Path(__file__).with_name("platform_permissions.txt")
_NORMAL, _DANGEROUS, _SIGNATURE, _INTERNAL = 0, 1, 2, 4
_LEVEL: Final = 0xF
_LEVELS: Final = {_NORMAL: "normal", _DANGEROUS: "dangerous", _SIGNATURE: "signature", _INTERNAL: "internal"}
_FLAGS: Final = {
    0x10: "privileged", 0x20: "development", 0x40: "appop", 0x80: "pre23", 0x100: "installer", 0x200: "verifier",
    0x400: "preinstalled", 0x800: "setup", 0x1000: "instant", 0x2000: "runtime", 0x4000: "oem", 0x8000: "vendorPrivileged",
    0x10000: "textClassifier", 0x80000: "configurator", 0x100000: "incidentReportApprover", 0x200000: "appPredictor",
    0x400000: "module", 0x800000: "companion", 0x1000000: "retailDemo", 0x2000000: "recents", 0x4000000: "role",
    0x8000000: "knownSigner",
}  # fmt: skip
_DEVELOPMENT: Final = 0x20


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that exists on the device, and the package that made it."""

    name: str
    protection: int
    owner: str = "android"

    @property
    def runtime(self) -> bool:
        """Whether the user grants it, and can take it back."""
        return self.protection & _LEVEL == _DANGEROUS

    @property
    def changeable(self) -> bool:
        """Whether `pm grant` works on it: what the user grants, and what a developer may."""
        return self.runtime or bool(self.protection & _DEVELOPMENT)

    @property
    def level(self) -> str:
        """The protection level, as `dumpsys` writes it."""
        parts = [_LEVELS.get(self.protection & _LEVEL, "normal")]
        return "|".join(parts + [word for bit, word in _FLAGS.items() if self.protection & bit])

    def granted_at_install(self, *, same_signer: bool) -> bool:
        """Whether an app that asks for it has it from the start."""
        level = self.protection & _LEVEL
        return level == _NORMAL or (level == _SIGNATURE and same_signer and self.owner != "android")


def declared(owner: str, permission: DeclaredPermission) -> Permission:
    """A permission that a package makes."""
    return Permission(permission.name, permission.protection, owner)


@cache
def platform_permissions() -> dict[str, Permission]:
    """Those of Android itself, by name."""
    lines = _PLATFORM.read_text(encoding="ascii").splitlines()
    pairs: Iterable[tuple[str, str]] = ((name, level) for name, _, level in (line.partition(" ") for line in lines))
    return {name: Permission(name, int(level, 16)) for name, level in pairs}
