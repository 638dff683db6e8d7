"""APK Signature Scheme v1, which is JAR signing: a manifest of digests, and a signature over it.

Follows Android's `StrictJarVerifier` and `ApkSignatureVerifier`, whose words the refusals are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.pixel.archive import Archive, Entry
from harness.pixel.signatures import JAR_SCHEMES, Algorithm, BadSignature, digest_of, load_certificate, verify
from harness.pixel.signers import SigningDetails

_MANIFEST: Final = "META-INF/MANIFEST.MF"
_BLOCK: Final = re.compile(r"META-INF/([^/]+)\.(RSA|DSA|EC)", re.IGNORECASE)
_LARGEST: Final = 32 << 20
_MOST_SIGNERS: Final = 10
_DIGESTS: Final = {"SHA-512": "sha512", "SHA-384": "sha384", "SHA-256": "sha256", "SHA1": "sha1", "SHA-1": "sha1"}
_OIDS: Final = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID, _CONTEXT0 = 0x30, 0x31, 0x02, 0x04, 0x06, 0xA0


class Unsigned(BadSignature):
    """There is no signature of this scheme."""


class Inconsistent(BadSignature):
    """Entries have different signers."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a manifest: its attributes, names in lower case, and its bytes."""

    attributes: Mapping[str, str]
    raw: bytes


def verify_jar(archive: Archive, *, has_block: bool) -> SigningDetails:
    """Verify scheme v1 over every entry. Raises `Unsigned`, `Inconsistent`, `BadSignature`, `BadArchive`.

    `has_block` tells whether the APK carries a newer signature, which a signature file may say that it does.
    """
    manifest_entry = archive.entries.get(_MANIFEST)
    blocks = sorted(name for name in archive.entries if _BLOCK.fullmatch(name))
    if manifest_entry is None or not blocks:
        raise Unsigned("Attempt to get length of null array")
    if len(blocks) > _MOST_SIGNERS:
        raise BadSignature(f"{len(blocks)} signature blocks")
    raw = archive.read(manifest_entry, _LARGEST)
    main, sections = _parse(raw)
    signed: dict[str, set[str]] = {}
    for name in blocks:
        digest, names = _signer(archive, name, raw, main, sections, has_block=has_block)
        for each in names:
            signed.setdefault(each, set()).add(digest)
    everyone: set[str] | None = None
    for entry in archive.entries.values():
        if entry.name.startswith("META-INF/") or entry.name.endswith("/"):
            continue
        signers = signed.get(entry.name)
        if not signers:
            raise BadSignature(f"Package {archive.path.name} has no certificates at entry {entry.name}")
        _check_entry(archive, entry, sections[entry.name])
        if everyone is not None and signers != everyone:
            raise Inconsistent(f"Package {archive.path.name} has mismatched certificates at entry {entry.name}")
        everyone = signers
    return SigningDetails(1, frozenset(everyone or ()))


def _signer(
    archive: Archive, block: str, raw: bytes, main: _Section, sections: Mapping[str, _Section], *, has_block: bool
) -> tuple[str, set[str]]:
    """The certificate's digest of one signature file, and the entries that it stands for."""
    name = block.rpartition(".")[0] + ".SF"
    entry = archive.entries.get(name)
    if entry is None:
        raise BadSignature(f"{name} isn't there")
    data = archive.read(entry, _LARGEST)
    certificate = _verify_block(archive.read(archive.entries[block], _LARGEST), data)
    head, signed_sections = _parse(data)
    if "x-android-apk-signed" in head.attributes and not has_block:
        schemes = head.attributes["x-android-apk-signed"].replace(" ", "").split(",")
        if newest := max((scheme for scheme in schemes if scheme in ("2", "3")), default=""):
            raise BadSignature(
                f"{name} indicates {archive.path.name} is signed using APK Signature Scheme v{newest},"
                " but no such signature was found. Signature stripped?"
            )
    if not _digest_fits(head.attributes, "-digest-manifest", raw):
        if not _digest_fits(head.attributes, "-digest-manifest-main-attributes", main.raw, missing=True):
            raise BadSignature(f"{name} failed verification of {_MANIFEST}")
        for each, section in signed_sections.items():
            if each not in sections:
                raise BadSignature(f"{name} names {each}, which isn't in {_MANIFEST}")
            if not _digest_fits(section.attributes, "-digest", sections[each].raw):
                raise BadSignature(f"{name} has invalid digest for {each} in {archive.path.name}")
    return certificate, set(signed_sections) & set(sections)


def _check_entry(archive: Archive, entry: Entry, section: _Section) -> None:
    for name, function in _DIGESTS.items():
        wanted = section.attributes.get(f"{name.lower()}-digest")
        if wanted is None:
            continue
        digest = hashlib.new(function)
        for data in archive.blocks(entry):
            digest.update(data)
        if digest.digest() != _decoded(wanted):
            raise BadSignature(f"{_MANIFEST} has invalid digest for {entry.name} in {archive.path.name}")
        return
    raise BadSignature(f"{_MANIFEST} has no digest for {entry.name}")


def _digest_fits(attributes: Mapping[str, str], suffix: str, data: bytes, *, missing: bool = False) -> bool:
    """Whether the best digest among attributes is that of `data`; `missing` is the answer where there is none."""
    for name, function in _DIGESTS.items():
        if (wanted := attributes.get(name.lower() + suffix)) is not None:
            return hashlib.new(function, data).digest() == _decoded(wanted)
    return missing


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _parse(data: bytes) -> tuple[_Section, dict[str, _Section]]:
    """The main section and those of entries, by name."""
    main: _Section | None = None
    sections: dict[str, _Section] = {}
    for raw in re.findall(rb"(?:[^\r\n]+(?:\r\n|\n|\r|\Z))+(?:\r\n|\n|\r)*", data):
        text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").replace("\n ", "")
        pairs = (line.partition(": ") for line in text.split("\n") if line)
        section = _Section({name.lower(): value for name, _, value in pairs}, raw)
        if main is None:
            main = section
        elif (name := section.attributes.get("name")) is not None and name not in sections:
            sections[name] = section
    if main is None:
        raise BadSignature("an empty manifest")
    return main, sections


def _verify_block(block: bytes, data: bytes) -> str:
    """Check a PKCS #7 signature over `data`; the digest of its signer's certificate."""
    try:
        outer = list(_der(next(_der(block))[1]))
        content = list(_der(next(_der(outer[1][1]))[1]))
        certificates = [value for tag, value in content if tag == _CONTEXT0]
        encoded = [whole for _, _, whole in _der_whole(certificates[0])]
        info = list(_der_whole(next(_der(content[-1][1]))[1]))
        return _verify_signer(info, encoded, data)
    except (StopIteration, IndexError, KeyError) as error:
        raise BadSignature(f"a signature block that isn't PKCS #7 ({error!r})") from None


def _verify_signer(info: list[tuple[int, bytes, bytes]], encoded: list[bytes], data: bytes) -> str:
    serial = next(value for tag, value in _der(info[1][1]) if tag == _INTEGER)
    digest = _OIDS[next(value for tag, value in _der(info[2][1]) if tag == _OID)]
    attributes = next(((value, whole) for tag, value, whole in info if tag == _CONTEXT0), None)
    signature = next(value for tag, value, _ in info if tag == _OCTETS)
    message = data
    if attributes is not None:
        wanted = _message_digest(attributes[0])
        if wanted != hashlib.new(digest, data).digest():
            raise BadSignature("the signed attributes have another digest of the signature file")
        message = bytes([_SET]) + attributes[1][1:]
    number = int.from_bytes(serial, signed=True)
    for each in encoded:
        certificate = load_certificate(each)
        if certificate.serial_number == number:
            name = certificate.public_key().__class__.__name__.lower()
            scheme = next((scheme for kind, scheme in JAR_SCHEMES.items() if kind in name), "")
            verify(certificate, Algorithm(scheme, digest), signature, message)
            return digest_of(each)
    raise BadSignature("the signer's certificate isn't there")


def _message_digest(attributes: bytes) -> bytes:
    for _, attribute in _der(attributes):
        parts = list(_der(attribute))
        if parts[0] == (_OID, _MESSAGE_DIGEST):
            return next(_der(parts[1][1]))[1]
    raise BadSignature("the signed attributes have no digest")


def _der(data: bytes) -> Iterator[tuple[int, bytes]]:
    return ((tag, value) for tag, value, _ in _der_whole(data))


def _der_whole(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Tag, value and the whole of each DER element."""
    place = 0
    while place < len(data):
        tag, length, header = data[place], data[place + 1], 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise BadSignature("DER with an impossible length")
            length = int.from_bytes(data[place + 2 : place + 2 + size])
            header += size
        if place + header + length > len(data):
            raise BadSignature("DER that is cut")
        yield tag, data[place + header : place + header + length], data[place : place + header + length]
        place += header + length
