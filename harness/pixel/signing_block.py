"""APK Signature Schemes v2, v3 and v3.1: the block before the central directory, verified over every byte of the file.

Source of the format: AOSP frameworks/base, `android.util.apk` (`ApkSigningBlockUtils`, `ApkSignatureSchemeV2Verifier`,
`ApkSignatureSchemeV3Verifier`).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.pixel.archive import Archive
from harness.pixel.signatures import ALGORITHMS, Algorithm, BadSignature, digest_of, load_certificate, verify
from harness.pixel.signers import Capability, PastSigner, SigningDetails

if TYPE_CHECKING:
    from cryptography import x509

V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
_MAGIC: Final = b"APK Sig Block 42"
_FOOTER: Final = 24
_LARGEST_BLOCK: Final = 32 << 20
_CHUNK: Final = 1 << 20
_STRIPPED: Final = 0xBEEFF00D
_ROTATION: Final = 0x3BA06F8C
_MOST_SIGNERS: Final = 10


@dataclass(frozen=True, slots=True)
class SigningBlock:
    """The block of an APK: where it starts, and its parts by number."""

    start: int
    parts: dict[int, bytes]


def find_block(archive: Archive) -> SigningBlock | None:
    """The signing block, or None where there is none. Raises `BadSignature` for a damaged one."""
    footer = archive.bytes_at(max(0, archive.directory - _FOOTER), _FOOTER)
    if len(footer) < _FOOTER or archive.directory < _FOOTER or not footer.endswith(_MAGIC):
        return None
    (size,) = struct.unpack_from("<Q", footer)
    start = archive.directory - size - 8
    if size < _FOOTER or size > _LARGEST_BLOCK or start < 0:
        raise BadSignature(f"APK Signing Block size out of range: {size}")
    block = archive.bytes_at(start, size + 8)
    if struct.unpack_from("<Q", block) != (size,):
        raise BadSignature("APK Signing Block sizes in header and footer do not match")
    parts: dict[int, bytes] = {}
    place, end = 8, len(block) - _FOOTER
    while place + 12 <= end:
        length, number = struct.unpack_from("<QI", block, place)
        if not 4 <= length <= end - place - 8:
            raise BadSignature(f"APK Signing Block entry size out of range: {length}")
        parts.setdefault(number, block[place + 12 : place + 8 + length])
        place += 8 + int(length)
    return SigningBlock(start, parts)


def verify_v2(archive: Archive, block: SigningBlock) -> SigningDetails:
    """Verify scheme v2. Raises `BadSignature`."""
    digests: dict[str, bytes] = {}
    certificates: list[bytes] = []
    for signer in _signers(block.parts[V2]):
        signed, found = _verified(signer)
        _merge(digests, found)
        certificates.append(_certificates(signed)[0])
        if _STRIPPED in (attributes := _attributes(signed)) and attributes[_STRIPPED] == struct.pack("<I", 3):
            raise BadSignature(
                "V2 signature indicates APK is signed using APK Signature Scheme v3, but none was found."
                " Signature stripped?"
            )
    _check_content(archive, block, digests)
    return SigningDetails(2, frozenset(map(digest_of, certificates)))


def verify_v3(archive: Archive, block: SigningBlock, number: int, sdk: int) -> SigningDetails | None:
    """Verify scheme v3, or v3.1; None when none of its signers is for this API level. Raises `BadSignature`."""
    for signer in _signers(block.parts[number]):
        signer_range = signer.numbers(2, after=1)
        if not signer_range[0] <= sdk <= signer_range[1]:
            continue
        signed, digests = _verified(signer, skip=8)
        if signed.numbers(2, after=2) != signer_range:
            raise BadSignature("Signed and unsigned SDK levels do not match")
        certificate = _certificates(signed)[0]
        rotation = _attributes(signed, skip=8).get(_ROTATION)
        past = _lineage(rotation, certificate) if rotation else ()
        _check_content(archive, block, digests)
        return SigningDetails(3, frozenset({digest_of(certificate)}), past)
    return None


class _Fields:
    """Length-prefixed fields, one after another, with plain numbers between some of them."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def field(self, index: int, *, skip: int = 0, skip_after: int = -1) -> bytes:
        """The field of that index; `skip` bytes of numbers stand after the first `skip_after` fields."""
        place = 0
        for turn in range(index + 1):
            if turn == skip_after:
                place += skip
            (length,) = struct.unpack_from("<I", self.data, place)
            if place + 4 + length > len(self.data):
                raise BadSignature("a field of the signature is longer than what holds it")
            if turn == index:
                break
            place += 4 + length
        return self.data[place + 4 : place + 4 + length]

    def numbers(self, count: int, *, after: int) -> tuple[int, ...]:
        """Plain numbers after that many fields."""
        place = 0
        for _ in range(after):
            (length,) = struct.unpack_from("<I", self.data, place)
            place += 4 + length
        return struct.unpack_from(f"<{count}I", self.data, place)


def _sequence(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        if place + 4 + length > len(data):
            raise BadSignature("a field of the signature is longer than what holds it")
        yield data[place + 4 : place + 4 + length]
        place += 4 + length


def _signers(part: bytes) -> list[_Fields]:
    signers = [_Fields(data) for data in _sequence(_Fields(part).field(0))]
    if not 1 <= len(signers) <= _MOST_SIGNERS:
        raise BadSignature(f"APK Signature Scheme block has {len(signers)} signers")
    return signers


def _verified(signer: _Fields, *, skip: int = 0) -> tuple[_Fields, dict[str, bytes]]:
    """What a signer signed, after its signature was checked; and its digests of the content, by function."""
    signed = signer.field(0)
    signatures = dict(_numbered(each) for each in _sequence(signer.field(1, skip=skip, skip_after=1)))
    public_key = signer.field(2, skip=skip, skip_after=1)
    fields = _Fields(signed)
    certificate = load_certificate(_certificates(fields)[0])
    if _key_of(certificate) != public_key:
        raise BadSignature("Public key mismatch between certificate and signature record")
    digests = dict(_numbered(each) for each in _sequence(fields.field(0)))
    if list(digests) != list(signatures):
        raise BadSignature("Signature algorithms don't match between digests and signatures records")
    known = [(ALGORITHMS[number], number) for number in signatures if number in ALGORITHMS]
    if not known:
        raise BadSignature("No supported signatures found")
    best, number = max(known, key=lambda each: each[0].digest)
    verify(certificate, best, _Fields(signatures[number]).field(0), signed)
    return fields, {best.digest: _Fields(digests[number]).field(0)}


def _numbered(data: bytes) -> tuple[int, bytes]:
    (number,) = struct.unpack_from("<I", data)
    return int(number), data[4:]


def _certificates(signed: _Fields) -> list[bytes]:
    found = list(_sequence(signed.field(1)))
    if not found:
        raise BadSignature("No certificates listed")
    return found


def _attributes(signed: _Fields, *, skip: int = 0) -> dict[int, bytes]:
    try:
        part = signed.field(2, skip=skip, skip_after=2)
    except struct.error:
        return {}
    return dict(_numbered(each) for each in _sequence(part))


def _key_of(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _lineage(data: bytes, current: bytes) -> tuple[PastSigner, ...]:
    """Signers before the present one, each of whom signed for the next."""
    past: list[PastSigner] = []
    last: tuple[bytes, Algorithm | None] | None = None
    for level in _sequence(data[4:]):
        fields = _Fields(level)
        signed = fields.field(0)
        flags, number = fields.numbers(2, after=1)
        encoded = _Fields(signed).field(0)
        if last is not None:
            certificate, algorithm = last
            (signed_number,) = _Fields(signed).numbers(1, after=1)
            if algorithm is None or ALGORITHMS.get(signed_number) != algorithm:
                raise BadSignature("Signing algorithm ID mismatch when verifying Proof-of-rotation record")
            verify(load_certificate(certificate), algorithm, fields.field(1, skip=8, skip_after=1), signed)
        past.append(PastSigner(digest_of(encoded), Capability(flags & 0x1F)))
        last = encoded, ALGORITHMS.get(number)
    if last is None or last[0] != current:
        raise BadSignature("Terminal certificate in Proof-of-rotation record does not match APK signing certificate")
    if len({each.digest for each in past}) != len(past):
        raise BadSignature(
            "Encountered duplicate entries in Proof-of-rotation record. All signing certificates should be unique"
        )
    return tuple(past[:-1])


def _merge(digests: dict[str, bytes], more: dict[str, bytes]) -> None:
    for name, digest in more.items():
        if digests.setdefault(name, digest) != digest:
            raise BadSignature(f"{name} contents digest does not match the digest specified by a preceding signer")


def _check_content(archive: Archive, block: SigningBlock, digests: dict[str, bytes]) -> None:
    for name, digest in digests.items():
        if _content_digest(archive, block, name) != digest:
            raise BadSignature(f"{name.upper().replace('SHA', 'SHA-')} digest of contents did not verify")


def _content_digest(archive: Archive, block: SigningBlock, name: str) -> bytes:
    """The digest over the whole file but the block, the end record told that the directory starts where the block does."""
    tail = bytearray(archive.bytes_at(archive.end, archive.length - archive.end))
    struct.pack_into("<I", tail, 16, block.start)
    chunks = [
        hashlib.new(name, b"\xa5" + struct.pack("<I", len(data)) + data).digest() for data in _pieces(archive, block)
    ]
    chunks += [
        hashlib.new(name, b"\xa5" + struct.pack("<I", len(part)) + part).digest()
        for part in (bytes(tail[at : at + _CHUNK]) for at in range(0, len(tail), _CHUNK))
    ]
    return hashlib.new(name, b"\x5a" + struct.pack("<I", len(chunks)) + b"".join(chunks)).digest()


def _pieces(archive: Archive, block: SigningBlock) -> Iterator[bytes]:
    """The entries, then the directory, in chunks that don't span both."""
    for start, end in ((0, block.start), (archive.directory, archive.end)):
        for place in range(start, end, _CHUNK):
            yield archive.bytes_at(place, min(_CHUNK, end - place))
