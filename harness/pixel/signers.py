"""Who signed a package, and what that allows: the rules of Android 14's `SigningDetails.checkCapability`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag


class Capability(IntFlag):
    """What a signer that was replaced may still do; source: `SigningDetails.CertCapabilities`."""

    INSTALLED_DATA = 1
    SHARED_USER_ID = 2
    PERMISSION = 4
    ROLLBACK = 8
    AUTH = 16


@dataclass(frozen=True, slots=True)
class PastSigner:
    """A signer before the present one: its certificate's SHA-256 in hexadecimal, and what it may still do."""

    digest: str
    capabilities: Capability


@dataclass(frozen=True, slots=True)
class SigningDetails:
    """The newest scheme that an APK is signed with (1 to 3), its certificates' SHA-256, and signers before, oldest first."""

    scheme: int
    signers: frozenset[str]
    past: tuple[PastSigner, ...] = ()

    def can_take_over(self, installed: SigningDetails) -> bool:
        """Whether a package with these signers may update one with `installed`, and have its data."""
        return self.shares(installed, Capability.INSTALLED_DATA) or installed._trusts(self, Capability.ROLLBACK)

    def shares(self, other: SigningDetails, capability: Capability) -> bool:
        """Whether both have the same signers, or one was handed on to the other with `capability`."""
        return self.signers == other.signers or self._trusts(other, capability) or other._trusts(self, capability)

    def _trusts(self, other: SigningDetails, capability: Capability) -> bool:
        """Whether `other` is signed by one of our past signers that has `capability`."""
        return len(other.signers) == 1 and any(
            past.digest in other.signers and past.capabilities & capability for past in self.past
        )
