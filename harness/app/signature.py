"""APK signatures, schemes 2 and 3: who signed a file, and whether its bytes are the signed ones.

Source: Android Open Source Project, "APK signature scheme v2" and "v3". No JVM is needed, so a check costs
milliseconds; how a certificate came to be is not judged, as Android doesn't either.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from harness.errors import InstallFailed

_MAGIC: Final = b"APK Sig Block 42"
_SCHEMES: Final = {0x7109871A: 2, 0xF05368C0: 3, 0x1B93AD61: 3}  # v2, v3, v3.1
_CHUNK: Final = 1 << 20
_SHA256, _SHA512 = hashes.SHA256(), hashes.SHA512()
# Algorithm id: the hash, and how the signature is padded (None for ECDSA).
_ALGORITHMS: Final[dict[int, tuple[hashes.HashAlgorithm, padding.AsymmetricPadding | None]]] = {
    0x0101: (_SHA256, padding.PSS(padding.MGF1(_SHA256), 32)),
    0x0102: (_SHA512, padding.PSS(padding.MGF1(_SHA512), 64)),
    0x0103: (_SHA256, padding.PKCS1v15()),
    0x0104: (_SHA512, padding.PKCS1v15()),
    0x0201: (_SHA256, None),
    0x0202: (_SHA512, None),
}


@dataclass(frozen=True, slots=True)
class Signer:
    """One signer under one scheme; `certificate_sha256` is the digest by which Android compares signers."""

    scheme: int
    certificate_sha256: str


@dataclass(frozen=True, slots=True)
class _Sections:
    """Where the file's parts begin: entries, signing block, central directory, end record."""

    block: int
    central: int
    end: int


def verify_signature(apk: Path) -> tuple[Signer, ...]:
    """The signers of an APK, after checking each signature and that the file is what they signed.

    Raises `InstallFailed`: `install.not_apk` for what isn't a zip, `install.unsigned` without a scheme 2 or 3
    signature, `install.corrupt` when bytes were changed after signing.
    """
    with apk.open("rb") as stream:
        try:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise InstallFailed("install.not_apk", f"{apk} is empty") from error
    try:
        return _verify(memoryview(data), apk)
    except (struct.error, InvalidSignature, ValueError, TypeError) as error:
        raise _corrupt(apk, str(error) or "a signature doesn't fit its key") from error


def _verify(data: memoryview, apk: Path) -> tuple[Signer, ...]:
    sections = _sections(data, apk)
    signers: list[Signer] = []
    digests: dict[str, bytes] = {}
    for identifier, value in _pairs(data[sections.block : sections.central]):
        scheme = _SCHEMES.get(identifier)
        if scheme is None:
            continue
        for signer in _prefixed(_one(value)):
            signed = _verify_signer(signer)
            for algorithm, digest in signed.digests:
                name = _ALGORITHMS[algorithm][0].name
                if name not in digests:
                    digests[name] = _content_digest(data, sections, name)
                if digests[name] != digest:
                    raise _corrupt(apk, "its content is not what was signed")
            signers.append(Signer(scheme, hashlib.sha256(signed.certificate).hexdigest()))
    if not signers:
        raise _unsigned(apk)
    return tuple(signers)


@dataclass(frozen=True, slots=True)
class _Signed:
    digests: tuple[tuple[int, bytes], ...]
    certificate: bytes


def _verify_signer(signer: memoryview) -> _Signed:
    """One signer block. Scheme 3 has two SDK bounds before the signatures, which is where the two formats differ."""
    signed_data, rest = _cut(signer)
    # Scheme 2 goes on with the length of its signatures, which starts another length; scheme 3 with minSdk, maxSdk.
    signatures, key = _signatures_and_key(rest)
    public = serialization.load_der_public_key(bytes(key))
    checked = 0
    for each in _prefixed(signatures):
        (algorithm,) = struct.unpack_from("<I", each)
        if algorithm not in _ALGORITHMS:
            continue
        signature, _ = _cut(each[4:])
        _check(public, bytes(signature), bytes(signed_data), algorithm)
        checked += 1
    if not checked:
        raise ValueError("no signature of an algorithm that is known here")
    digests_part, rest = _cut(signed_data)
    certificates, _ = _cut(rest)
    certificate = bytes(next(_prefixed(certificates)))
    if _public_key_of(certificate) != bytes(key):
        raise ValueError("the certificate has another key than the one that signed")
    digests = []
    for each in _prefixed(digests_part):
        (algorithm,) = struct.unpack_from("<I", each)
        if algorithm in _ALGORITHMS:
            digests.append((algorithm, bytes(_cut(each[4:])[0])))
    if not digests:
        raise ValueError("no digest of an algorithm that is known here")
    return _Signed(tuple(digests), certificate)


def _signatures_and_key(rest: memoryview) -> tuple[memoryview, memoryview]:
    try:
        signatures, tail = _cut(rest)
        key, tail = _cut(tail)
        if not tail:
            return signatures, key
    except (struct.error, ValueError):
        pass  # not scheme 2's layout: it is scheme 3's, which is read next and fails with its own error
    signatures, tail = _cut(rest[8:])
    key, _ = _cut(tail)
    return signatures, key


def _check(public: object, signature: bytes, data: bytes, algorithm: int) -> None:
    digest, how = _ALGORITHMS[algorithm]
    if how is not None and isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, data, how, digest)
    elif how is None and isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, data, ec.ECDSA(digest))
    else:
        raise ValueError(f"signature algorithm {algorithm:#06x} doesn't fit the key")


def _public_key_of(certificate: bytes) -> bytes:
    from cryptography.x509 import load_der_x509_certificate

    return (
        load_der_x509_certificate(certificate)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _content_digest(data: memoryview, sections: _Sections, name: str) -> bytes:
    """The digest over 1 MiB chunks of entries, central directory and end record, as scheme 2 defines it."""
    end = bytearray(data[sections.end :])
    struct.pack_into("<I", end, 16, sections.block)  # as if the signing block weren't there
    digests = bytearray()
    count = 0
    for part in (data[: sections.block], data[sections.central : sections.end], memoryview(end)):
        for start in range(0, len(part), _CHUNK):
            chunk = part[start : start + _CHUNK]
            digest = hashlib.new(name, b"\xa5" + struct.pack("<I", len(chunk)))
            digest.update(chunk)
            digests += digest.digest()
            count += 1
    return hashlib.new(name, b"\x5a" + struct.pack("<I", count) + digests).digest()


def _sections(data: memoryview, apk: Path) -> _Sections:
    tail = bytes(data[-(22 + 0xFFFF) :])
    found = tail.rfind(b"PK\5\6")
    if found < 0:
        raise InstallFailed(
            "install.not_apk",
            f"{apk} is not an APK",
            why="it has no end of a zip archive: another kind of file, or one that was cut off",
        )
    end = len(data) - len(tail) + found
    (central,) = struct.unpack_from("<I", data, end + 16)
    if not 0 <= central <= end:
        raise _corrupt(apk, "its central directory lies outside the file")
    if central < 32 or bytes(data[central - 16 : central]) != _MAGIC:
        raise _unsigned(apk)
    (size,) = struct.unpack_from("<Q", data, central - 24)
    block = central - size - 8
    if block < 0:
        raise _corrupt(apk, "its signing block begins before the file")
    return _Sections(block, central, end)


def _pairs(block: memoryview) -> Iterator[tuple[int, memoryview]]:
    position, stop = 8, len(block) - 24
    while position < stop:
        size, identifier = struct.unpack_from("<QI", block, position)
        if size < 4 or position + 8 + size > stop:
            raise ValueError("a pair of the signing block is longer than the block")
        yield identifier, block[position + 12 : position + 8 + size]
        position += 8 + size


def _cut(data: memoryview) -> tuple[memoryview, memoryview]:
    """A value with its length before it, and what follows."""
    (size,) = struct.unpack_from("<I", data)
    if 4 + size > len(data):
        raise ValueError("a value of the signing block is longer than what holds it")
    return data[4 : 4 + size], data[4 + size :]


def _one(data: memoryview) -> memoryview:
    return _cut(data)[0]


def _prefixed(data: memoryview) -> Iterator[memoryview]:
    while data:
        value, data = _cut(data)
        yield value


def _unsigned(apk: Path) -> InstallFailed:
    return InstallFailed(
        "install.unsigned",
        f"{apk} has no signature that Android 7 and later check (scheme 2 or 3)",
        hint="sign it: harness build, or apksigner sign",
    )


def _corrupt(apk: Path, why: str) -> InstallFailed:
    return InstallFailed(
        "install.corrupt", f"{apk} is not as it was signed", why=why, hint="build or copy it again, and sign it last"
    )
