"""Public-key signatures as APKs use them, by the numbers of APK Signature Scheme v2.

Source of the numbers: AOSP frameworks/base, `android.util.apk.ApkSigningBlockUtils`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

_PSS, _PKCS1, _ECDSA, _DSA = "RSASSA-PSS", "RSASSA-PKCS1-v1_5", "ECDSA", "DSA"


class BadSignature(ValueError):
    """A signature, or what it should hold for, isn't right; the message is in Android's words."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a signature was made: `digest` names a `hashlib` function."""

    scheme: str
    digest: str


ALGORITHMS: Final = {
    0x0101: Algorithm(_PSS, "sha256"),
    0x0102: Algorithm(_PSS, "sha512"),
    0x0103: Algorithm(_PKCS1, "sha256"),
    0x0104: Algorithm(_PKCS1, "sha512"),
    0x0201: Algorithm(_ECDSA, "sha256"),
    0x0202: Algorithm(_ECDSA, "sha512"),
    0x0301: Algorithm(_DSA, "sha256"),
}
"""Those over digests of one-megabyte chunks; the ones over a Merkle tree never come alone."""
JAR_SCHEMES: Final = {"rsa": _PKCS1, "ec": _ECDSA, "dsa": _DSA}


def digest_of(certificate: bytes) -> str:
    """SHA-256 of a certificate in DER, in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def load_certificate(encoded: bytes) -> x509.Certificate:
    """A certificate in DER, whose key can be used. Raises `BadSignature`."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(encoded)
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadSignature(f"Failed to decode certificate: {error}") from None
    return certificate


def verify(certificate: x509.Certificate, algorithm: Algorithm, signature: bytes, data: bytes) -> None:
    """Check `signature` over `data` with a certificate's key. Raises `BadSignature`."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

    try:
        key = certificate.public_key()
        chosen = _hash(algorithm.digest)
        if isinstance(key, rsa.RSAPublicKey) and algorithm.scheme == _PSS:
            key.verify(signature, data, padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen)
        elif isinstance(key, rsa.RSAPublicKey) and algorithm.scheme == _PKCS1:
            key.verify(signature, data, padding.PKCS1v15(), chosen)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm.scheme == _ECDSA:
            key.verify(signature, data, ec.ECDSA(chosen))
        elif isinstance(key, dsa.DSAPublicKey) and algorithm.scheme == _DSA:
            key.verify(signature, data, chosen)
        else:
            raise BadSignature(f"{algorithm.scheme} isn't for the certificate's key")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        if isinstance(error, BadSignature):
            raise
        raise BadSignature(f"{algorithm.digest} {algorithm.scheme} signature did not verify") from None


def _hash(name: str) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    known: dict[str, type[hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
        "sha1": hashes.SHA1,
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
    }
    if name not in known:
        raise BadSignature(f"the digest {name} isn't taken")
    return known[name]()
