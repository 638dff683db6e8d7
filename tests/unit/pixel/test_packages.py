"""The package manager's rules; signatures are given by the test, and checked for real in the integration tests."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from harness.pixel.package import Package
from harness.pixel.packages import InstallOptions, PackageStore
from harness.pixel.paths import DevicePaths
from harness.pixel.profile import PIXEL_3_XL
from harness.pixel.refusals import InstallRefused
from harness.pixel.sessions import Sessions
from harness.pixel.signers import Capability, PastSigner, SigningDetails
from harness.pixel.storage import Storage
from tests.tiny_apk import NAME, SHARED_USER, Tag, manifest, pack, split_manifest

LIBRARIES = {"lib/x86_64/liba.so": b"code"}


class Phone:
    """A package store in a folder of the test's, whose next APK is signed by whom the test says."""

    def __init__(self, state: Path) -> None:
        self.state, self.signer, self.count = state, "alice", 0
        self.scheme = 3
        self.past: tuple[PastSigner, ...] = ()
        for folder in ("data/app", "data/data", "storage/emulated/0"):
            (state / "root" / folder).mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        self.paths = DevicePaths(self.state / "root")
        self.storage = Storage(self.paths.root)
        self.store = PackageStore(self.state, self.paths, PIXEL_3_XL, self.storage, verify=self._verify)

    async def _verify(self, *_: object) -> SigningDetails:
        return SigningDetails(self.scheme, frozenset({self.signer}), self.past)

    def install(self, *apks: Path, options: InstallOptions = InstallOptions()) -> Package:  # noqa: B008 - frozen
        self.count += 1
        folder = self.state / f"session{self.count}"
        folder.mkdir()
        staged = [Path(shutil.copy(apk, folder / apk.name)) for apk in apks]
        return asyncio.run(self.store.install(staged, options))


@pytest.fixture
def phone(tmp_path: Path) -> Phone:
    return Phone(tmp_path / "state")


def test_an_installed_package_outlives_a_restart(phone: Phone, tmp_path: Path) -> None:
    """Code, libraries, data and what `pm` knows are there again when the device's process is new."""
    before = phone.install(pack(tmp_path / "a.apk", files=LIBRARIES))
    phone.start()

    after = phone.store.get("dev.tiny")

    assert after == before
    assert after.native_dir == f"{after.code_path}/lib/x86_64"
    assert (phone.paths.root / after.native_dir.lstrip("/") / "liba.so").read_bytes() == b"code"
    assert (phone.paths.root / "data/data/dev.tiny/files").is_dir()


def test_an_update_keeps_data_and_takes_the_old_code_away(phone: Phone, tmp_path: Path) -> None:
    """One code folder a package; what the app wrote stays."""
    phone.install(pack(tmp_path / "a.apk"))
    (phone.paths.root / "data/data/dev.tiny/files/kept").write_text("x")

    updated = phone.install(pack(tmp_path / "b.apk", manifest(version=2)))

    assert updated.version_code == 2
    assert list((phone.paths.root / "data/app").iterdir()) == [updated.folder.parent]
    assert (phone.paths.root / "data/data/dev.tiny/files/kept").exists()


@pytest.mark.parametrize(
    ("tree", "signer", "options", "code"),
    [
        (manifest(version=1), "alice", InstallOptions(), "INSTALL_FAILED_VERSION_DOWNGRADE"),
        (manifest(version=3), "mallory", InstallOptions(), "INSTALL_FAILED_UPDATE_INCOMPATIBLE"),
        (manifest(version=3), "alice", InstallOptions(replace=False), "INSTALL_FAILED_ALREADY_EXISTS"),
        (manifest(version=3, test_only=True), "alice", InstallOptions(), "INSTALL_FAILED_TEST_ONLY"),
        (manifest(version=3, min_sdk=35), "alice", InstallOptions(), "INSTALL_FAILED_OLDER_SDK"),
    ],
)
def test_a_refused_update_leaves_the_installed_one_alone(
    phone: Phone, tmp_path: Path, tree: Tag, signer: str, options: InstallOptions, code: str
) -> None:
    """Each rule has Android's code, and what is installed still is, files and all."""
    before = phone.install(pack(tmp_path / "a.apk", manifest(version=2)))
    phone.signer = signer

    with pytest.raises(InstallRefused) as refused:
        phone.install(pack(tmp_path / "b.apk", tree), options=options)

    assert refused.value.code == code
    assert phone.store.get("dev.tiny") == before
    assert before.apk.is_file()


def test_flags_lift_the_rules_that_they_are_for(phone: Phone, tmp_path: Path) -> None:
    """`-d` allows a downgrade, `-t` a test-only APK."""
    phone.install(pack(tmp_path / "a.apk", manifest(version=2)))
    older = phone.install(pack(tmp_path / "b.apk", manifest(version=1)), options=InstallOptions(allow_downgrade=True))
    test = phone.install(
        pack(tmp_path / "c.apk", manifest(version=1, test_only=True)), options=InstallOptions(allow_test=True)
    )
    assert (older.version_code, test.manifest.test_only) == (1, True)


def test_uninstall_takes_everything_away(phone: Phone, tmp_path: Path) -> None:
    """Code and data go, on the card too; a second uninstall says that nothing was there."""
    phone.install(pack(tmp_path / "a.apk"))

    assert asyncio.run(phone.store.uninstall("dev.tiny"))

    assert not asyncio.run(phone.store.uninstall("dev.tiny"))
    assert phone.store.listed() == []
    for folder in ("data/app", "data/data", "storage/emulated/0/Android/data"):
        assert list((phone.paths.root / folder).iterdir()) == []


def test_a_planted_link_never_leads_clear_out_of_the_device(phone: Phone, tmp_path: Path) -> None:
    """A program of the device may put a link where a data folder was; clearing removes the link, not what it names."""
    package = phone.install(pack(tmp_path / "a.apk"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    shutil.rmtree(phone.paths.root / "data/data/dev.tiny")
    (phone.paths.root / "data/data/dev.tiny").symlink_to(outside)

    phone.store.clear(package)

    assert (outside / "precious").exists()
    assert (phone.paths.root / "data/data/dev.tiny/files").is_dir()


def test_what_a_killed_install_left_is_removed_at_the_next_start(phone: Phone) -> None:
    """`/data/app` and the folder of the sessions hold only what is known."""
    (phone.paths.root / "data/app/half-installed").mkdir()
    (phone.state / "staging/vmdl1.tmp").mkdir(parents=True)
    phone.start()
    Sessions(phone.state)
    assert list((phone.paths.root / "data/app").iterdir()) == []
    assert list((phone.state / "staging").iterdir()) == []


def test_data_that_was_kept_stays_with_its_signer(phone: Phone, tmp_path: Path) -> None:
    """After `uninstall -k` only the same signer's package, and no older one, gets the data."""
    phone.install(pack(tmp_path / "a.apk", manifest(version=2)))
    asyncio.run(phone.store.uninstall("dev.tiny", keep_data=True))
    phone.start()
    with pytest.raises(InstallRefused, match="VERSION_DOWNGRADE"):
        phone.install(pack(tmp_path / "b.apk", manifest(version=1)))
    phone.signer = "mallory"
    with pytest.raises(InstallRefused, match="UPDATE_INCOMPATIBLE"):
        phone.install(pack(tmp_path / "c.apk", manifest(version=3)))
    assert asyncio.run(phone.store.uninstall("dev.tiny"))
    phone.install(pack(tmp_path / "d.apk", manifest(version=1)))


def test_packages_of_one_shared_user_have_one_uid(phone: Phone, tmp_path: Path) -> None:
    """As long as their signers are the same; others get the lowest number that is free."""
    shared = {SHARED_USER: "dev.shared"}
    uids = [
        phone.install(pack(tmp_path / "a.apk", manifest("dev.a", root=shared))).uid,
        phone.install(pack(tmp_path / "b.apk", manifest("dev.b"))).uid,
        phone.install(pack(tmp_path / "c.apk", manifest("dev.c", root=shared))).uid,
    ]
    asyncio.run(phone.store.uninstall("dev.b"))
    assert uids == [10100, 10101, 10100]
    assert phone.install(pack(tmp_path / "d.apk", manifest("dev.d"))).uid == 10101


def test_a_key_that_was_handed_on_may_update(phone: Phone, tmp_path: Path) -> None:
    """The new signer's lineage names the old one; without the right to its data it may not."""
    phone.install(pack(tmp_path / "a.apk"))
    phone.signer, phone.past = "bob", (PastSigner("alice", Capability.AUTH),)
    with pytest.raises(InstallRefused, match="UPDATE_INCOMPATIBLE"):
        phone.install(pack(tmp_path / "b.apk", manifest(version=2)))
    phone.past = (PastSigner("alice", Capability.INSTALLED_DATA),)
    assert phone.install(pack(tmp_path / "c.apk", manifest(version=2))).signers == {"bob"}


def test_a_split_outlives_a_restart_and_an_update_without_it_takes_it_away(phone: Phone, tmp_path: Path) -> None:
    """What a split declares is part of the package; a full install replaces all of its APKs."""
    split = split_manifest("feature", inside=[("service", {NAME: ".S"}, [])])
    before = phone.install(pack(tmp_path / "a.apk"), pack(tmp_path / "s.apk", split))
    phone.start()
    after = phone.store.get("dev.tiny")
    assert after == before
    assert [service.name for service in before.manifest.services] == ["dev.tiny.S"]
    assert before.device_splits == (f"{before.code_path}/split_feature.apk",)
    assert before.split_apks[0].is_file()
    alone = phone.install(pack(tmp_path / "b.apk", manifest(version=2)))
    assert (alone.splits, alone.manifest.services) == ((), ())


def test_a_package_whose_file_is_damaged_is_dropped_at_the_next_start(phone: Phone, tmp_path: Path) -> None:
    """As Android does when it scans `/data/app`; the others are there."""
    lost = phone.install(pack(tmp_path / "a.apk"))
    phone.install(pack(tmp_path / "b.apk", manifest("dev.other")))
    lost.apk.write_bytes(b"damaged")
    phone.start()
    assert [package.name for package in phone.store.listed()] == ["dev.other"]
