"""Signatures that Google's own apksigner made, whole and damaged."""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.pixel.refusals import InstallRefused
from harness.pixel.signers import Capability, PastSigner, SigningDetails
from harness.pixel.signing import verify_apk
from tests.tiny_apk import keystore, manifest, pack, sign

SHOWN = "/data/app/vmdl1.tmp/base.apk"


@dataclass(frozen=True)
class Signed:
    """APKs of one content: by which scheme, and by whom."""

    jar: Path
    v2: Path
    v3: Path
    rotated: Path
    alice: str
    bob: str


def digest(keys: Path) -> str:
    """SHA-256 of a keystore's certificate, as keytool tells it."""
    command = ["keytool", "-list", "-v", "-keystore", str(keys), "-storepass", "android"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return told.partition("SHA256: ")[2].split()[0].replace(":", "").lower()


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    folder = tmp_path_factory.mktemp("signed")
    alice, bob = keystore(folder / "alice"), keystore(folder / "bob")
    lineage = folder / "lineage"
    by = ["--ks-pass", "pass:android"]
    rotate = [
        "apksigner",
        "rotate",
        "--out",
        str(lineage),
        "--old-signer",
        "--ks",
        str(alice),
        *by,
        "--set-rollback",
        "true",
    ]
    subprocess.run([*rotate, "--new-signer", "--ks", str(bob), *by], check=True, capture_output=True, timeout=60)

    def make(name: str, *options: str) -> Path:
        files = {"assets/large": bytes(3_000_000), "assets/small": b"small"}
        return sign(pack(folder / name, manifest(), files=files), alice, *options)

    without = [word for scheme in ("1", "2", "3") for word in (f"--v{scheme}-signing-enabled", "false")]
    return Signed(
        make("jar.apk", "--v1-signing-enabled", "true", *without[2:]),
        make("v2.apk", "--v1-signing-enabled", "true", *without[4:]),
        make("v3.apk", *without[:2]),
        make("rotated.apk", "--next-signer", "--ks", str(bob), *by, "--lineage", str(lineage), *without[:2]),
        digest(alice),
        digest(bob),
    )


def verify(path: Path) -> SigningDetails:
    return verify_apk(path, SHOWN, 34)


def refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(InstallRefused) as refused:
        verify(path)
    return refused.value.code, refused.value.reason


def changed(source: Path, target: Path, old: bytes, new: bytes) -> Path:
    data = source.read_bytes()
    assert data.count(old) == 1
    target.write_bytes(data.replace(old, new))
    return target


def test_every_scheme_tells_its_signer(signed: Signed) -> None:
    """The newest scheme counts, and the certificate is the one in the keystore."""
    found = [verify(path) for path in (signed.jar, signed.v2, signed.v3)]
    assert [each.scheme for each in found] == [1, 2, 3]
    assert {each.signers for each in found} == {frozenset({signed.alice})}


def test_a_rotated_key_carries_the_signers_before_it(signed: Signed) -> None:
    """The lineage is verified and kept: the new key may update what the old one signed, and be rolled back to it."""
    rotated, before = verify(signed.rotated), verify(signed.v3)
    assert rotated.signers == {signed.bob}
    assert rotated.past == (PastSigner(signed.alice, Capability(0x1F)),)
    assert rotated.can_take_over(before)
    assert before.can_take_over(rotated)
    assert not before.shares(SigningDetails(3, frozenset({signed.bob})), Capability.AUTH)


@pytest.mark.parametrize("scheme", ["v2", "v3"])
def test_a_changed_byte_breaks_the_newer_schemes(signed: Signed, tmp_path: Path, scheme: str) -> None:
    """In a file's content or in the central directory, in Android's words."""
    source: Path = getattr(signed, scheme)
    said = f"Failed to collect certificates from {SHOWN} using APK Signature Scheme {scheme}: "
    content = bytearray(source.read_bytes())
    content[content.index(b"\0" * 1000) + 2_000_000] = 1
    (tmp_path / "content.apk").write_bytes(content)
    assert refusal(tmp_path / "content.apk") == (
        "INSTALL_PARSE_FAILED_NO_CERTIFICATES",
        said + "SHA-256 digest of contents did not verify",
    )
    directory = bytearray(source.read_bytes())
    directory[directory.rindex(b"PK\x01\x02") + 12] ^= 1
    (tmp_path / "directory.apk").write_bytes(directory)
    assert refusal(tmp_path / "directory.apk")[1].endswith("digest of contents did not verify")


def test_a_changed_file_breaks_a_jar_signature(signed: Signed, tmp_path: Path) -> None:
    """The manifest's digest of that entry is another; an entry that was added has none."""
    with zipfile.ZipFile(signed.jar) as source, zipfile.ZipFile(tmp_path / "changed.apk", "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry.filename, b"SMALL" if data == b"small" else data)
    with zipfile.ZipFile(tmp_path / "added.apk", "w") as target, zipfile.ZipFile(signed.jar) as source:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
        target.writestr("assets/added", b"x")
    code, why = refusal(tmp_path / "changed.apk")
    assert (code, "META-INF/MANIFEST.MF has invalid digest for assets/small" in why) == (
        "INSTALL_PARSE_FAILED_NO_CERTIFICATES", True,
    )  # fmt: skip
    assert "has no certificates at entry assets/added" in refusal(tmp_path / "added.apk")[1]


def test_a_stripped_newer_signature_is_noticed(signed: Signed, tmp_path: Path) -> None:
    """A JAR signature says that there was a newer one; so does v2 of v3."""
    with zipfile.ZipFile(signed.v2) as source, zipfile.ZipFile(tmp_path / "stripped.apk", "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert (
        "signed using APK Signature Scheme v2, but no such signature was found" in refusal(tmp_path / "stripped.apk")[1]
    )


def test_an_unsigned_apk_has_no_certificates(tmp_path: Path) -> None:
    """In the words that adb's users know."""
    assert refusal(pack(tmp_path / "a.apk")) == (
        "INSTALL_PARSE_FAILED_NO_CERTIFICATES",
        f"Failed to collect certificates from {SHOWN}: Attempt to get length of null array",
    )


def test_a_signature_by_another_key_than_the_certificates_is_refused(signed: Signed, tmp_path: Path) -> None:
    """A byte of the signed data, of the signature, or of a certificate: never another's word is taken."""
    data = signed.v3.read_bytes()
    end = data.rindex(b"APK Sig Block 42")
    start = end - 8 - int.from_bytes(data[end - 8 : end], "little") + 16
    codes = set()
    for place in range(start, end - 8, 31):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        (tmp_path / "damaged.apk").write_bytes(damaged)
        try:
            verify(tmp_path / "damaged.apk")
            codes.add("")  # it was in the padding
        except InstallRefused as error:
            codes.add(error.code)
    assert codes - {""} == {"INSTALL_PARSE_FAILED_NO_CERTIFICATES", "INSTALL_PARSE_FAILED_CERTIFICATE_ENCODING"}


def test_entries_of_different_signers_are_refused(tmp_path: Path) -> None:
    """One signer's signature holds for some entries only, the other's for all."""
    apk = pack(tmp_path / "a.apk", manifest(target_sdk=28))
    for name in ("alice", "bob"):
        keys = keystore(tmp_path / name)
        command = ["jarsigner", "-keystore", str(keys), "-storepass", "android", "-sigfile", name, str(apk), "a"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        with zipfile.ZipFile(apk, "a") as archive:
            archive.writestr(f"assets/after_{name}", b"x")
    with zipfile.ZipFile(apk) as source, zipfile.ZipFile(tmp_path / "b.apk", "w") as target:
        for entry in source.infolist():
            if entry.filename != "assets/after_bob":
                target.writestr(entry.filename, source.read(entry))

    code, why = refusal(tmp_path / "b.apk")

    assert code == "INSTALL_PARSE_FAILED_INCONSISTENT_CERTIFICATES"
    assert why == "Package b.apk has mismatched certificates at entry assets/after_alice"
