"""One file out of an archive of any kind that is read, and what is refused on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.fetch import archive
from harness.fetch.archive import extract
from tests.unit.fetch.archives import Members, deb_of, tar_of, zip_of

FILES = [("data/a.txt", b"hello"), ("data/b.txt", b"there" * 1000)]


def taken(folder: Path, content: bytes, member: str) -> bytes:
    """The member of an archive with this content."""
    path = folder / "pack"
    path.write_bytes(content)
    target = folder / "out"
    digest = extract(path, "pack.zip", member, target)
    found = target.read_bytes()
    assert digest == hashlib.sha256(found).hexdigest()
    return found


def refusal(folder: Path, content: bytes, member: str) -> HostError:
    """What an extraction ends with."""
    with pytest.raises(HostError) as caught:
        taken(folder, content, member)
    return caught.value


@pytest.mark.parametrize(
    "pack",
    [
        zip_of,
        tar_of,
        lambda members: tar_of(members, "xz"),
        lambda members: tar_of(members, ""),
        deb_of,
        lambda members: deb_of(members, data="data.tar.gz", compression="gz"),
        lambda members: deb_of(members, data="data.tar", compression=""),
    ],
    ids=["zip", "tar.gz", "tar.xz", "tar", "deb xz", "deb gz", "deb plain"],
)
def test_every_kind_of_archive_gives_its_file(tmp_path: Path, pack: Callable[[Members], bytes]) -> None:
    """What the archive is tells its content, not its name."""
    assert taken(tmp_path, pack(FILES), "data/b.txt") == b"there" * 1000


def test_a_leading_dot_is_not_part_of_a_name(tmp_path: Path) -> None:
    """Debian's packages list ./usr/share/…, and a card says usr/share/…."""
    assert taken(tmp_path, deb_of([("./usr/share/a.txt", b"hello")]), "usr/share/a.txt") == b"hello"


@pytest.mark.parametrize("inner", [zip_of, tar_of, deb_of], ids=["zip", "tar", "deb"])
def test_an_archive_in_an_archive(tmp_path: Path, inner: Callable[[Members], bytes]) -> None:
    """`outer!inner` reads on in what came out, and leaves nothing of it behind."""
    assert taken(tmp_path, tar_of([("pack/model.zip", inner(FILES))]), "pack/model.zip!data/a.txt") == b"hello"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "pack"]


def test_a_tar_that_ends_in_a_zip_is_a_tar(tmp_path: Path) -> None:
    """An archive's first bytes say what it is: a zip's directory stands at the end, and may be another file's."""
    assert (
        taken(tmp_path, tar_of([("a.txt", b"outer"), ("z.zip", zip_of([("a.txt", b"inner")]))], ""), "a.txt")
        == b"outer"
    )


def test_what_is_missing_inside_names_both_archives(tmp_path: Path) -> None:
    """The reader sees in which of them the name is wrong."""
    error = refusal(tmp_path, zip_of([("model.zip", zip_of(FILES))]), "model.zip!a.txt")
    assert error.code == "fetch.member"
    assert error.what == "a.txt can't be taken out of model.zip of pack.zip"
    assert error.why == "it has data/a.txt"


def test_an_inner_archive_that_is_none(tmp_path: Path) -> None:
    """A plain file can't be entered."""
    error = refusal(tmp_path, zip_of(FILES), "data/a.txt!b.txt")
    assert (error.code, error.what) == ("fetch.member", "b.txt can't be taken out of data/a.txt of pack.zip")


@pytest.mark.parametrize(
    "member",
    [
        "../a.txt",
        "/etc/passwd",
        "data/../../a.txt",
        "data\\a.txt",
        "data//a.txt",
        "",
        ".",
        "a.zip!../b",
        "a!",
        "a!b!c!d",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, member: str) -> None:
    """Whatever the archive holds, in each of its depths, of which there are at most three."""
    assert refusal(tmp_path, zip_of(FILES), member).code == "fetch.unsafe_member"


@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tar"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice_is_refused(tmp_path: Path, pack: Callable[[Members], bytes]) -> None:
    """Readers differ in which of two they take, so neither is taken."""
    error = refusal(tmp_path, pack([("a.txt", b"one"), ("a.txt", b"two")]), "a.txt")
    assert (error.code, error.why) == ("fetch.member", "the archive has it 2 times")


@pytest.mark.parametrize("depth", ["a.txt", "bomb.zip!a.txt"])
def test_a_member_over_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: str) -> None:
    """The cap counts bytes as they come out, at every depth, so an archive bomb stops there."""
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 500)
    bomb = zip_of([("a.txt", b"0" * 1_000_000)])
    error = refusal(tmp_path, zip_of([("a.txt", b"0" * 501), ("bomb.zip", bomb)]), depth)
    assert (error.code, error.why) == ("fetch.member", "it is over 500 bytes")


def test_a_link_is_no_file(tmp_path: Path) -> None:
    """A link may lead anywhere; it is told where to."""
    error = refusal(tmp_path, tar_of(FILES, links=[("link", "/etc/passwd")]), "link")
    assert (error.code, error.why) == ("fetch.member", "it is not a regular file, but a link to /etc/passwd")


@pytest.mark.parametrize("pack", [zip_of, tar_of, deb_of], ids=["zip", "tar.gz", "deb"])
@pytest.mark.parametrize("part", [0.5, 0.1, 0.0])
def test_half_an_archive_is_told_as_such(tmp_path: Path, pack: Callable[[Members], bytes], part: float) -> None:
    """However far it goes, the error names the archive, and nothing else escapes."""
    whole = pack([("data/b.txt", bytes(range(256)) * 300)])
    error = refusal(tmp_path, whole[: int(len(whole) * part)], "data/b.txt")
    assert (error.code, error.what) == ("fetch.member", "data/b.txt can't be taken out of pack.zip")
    assert error.why


def test_a_deb_that_python_cannot_decompress(tmp_path: Path) -> None:
    """Ubuntu's packages are compressed by Zstandard."""
    error = refusal(tmp_path, deb_of(FILES, data="data.tar.zst", compression=""), "data/a.txt")
    assert "Zstandard" in error.why


def test_an_encrypted_zip(tmp_path: Path) -> None:
    """No password is known here."""
    packed = bytearray(zip_of([("a.txt", b"hello")]))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + flags] |= 1
    assert "encrypted" in refusal(tmp_path, bytes(packed), "a.txt").why


def test_a_spoiled_zip(tmp_path: Path) -> None:
    """Bytes that don't decompress, or don't have their checksum."""
    packed = bytearray(zip_of([("a.txt", bytes(range(256)))]))
    packed[40] ^= 0xFF
    assert refusal(tmp_path, bytes(packed), "a.txt").code == "fetch.member"
