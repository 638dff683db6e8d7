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
from harness.pixel.signers import PastSigner, SigningDetails
from harness.pixel.storage import Storage
from tests.tiny_apk import Tag, manifest, pack

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
