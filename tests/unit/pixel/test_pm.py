"""`pm` as scripts use it: words, streams and exit codes of Android 14's shell commands."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from harness.pixel.device import VirtualPixel
from harness.pixel.package import Package
from harness.pixel.packages import InstallOptions, PackageStore
from harness.pixel.signers import SigningDetails
from tests.tiny_apk import AUTHORITIES, NAME, Tag, manifest, pack, split_manifest
from tests.unit.pixel.conftest import Bench, run_program

CAMERA, INTERNET = "android.permission.CAMERA", "android.permission.INTERNET"
SECURE = "android.permission.WRITE_SECURE_SETTINGS"
ASKS: tuple[Tag, ...] = tuple(("uses-permission", {NAME: name}, []) for name in (CAMERA, SECURE))


class Shell:
    """A device that isn't started, with a real package store; what `pm` prints and returns on it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench, self.folder = bench, folder
        self.device: VirtualPixel = bench.open()
        (bench.state / "root/storage/emulated/0").mkdir(parents=True)

        async def verify(*_: object) -> SigningDetails:
            return SigningDetails(3, frozenset({"alice"}))

        self.device.packages = PackageStore(
            bench.state, self.device.paths, self.device.profile, self.device.storage, verify=verify
        )

    def __call__(self, *command: str, data: bytes = b"") -> tuple[int, str, str]:
        async def act() -> tuple[int, str, str]:
            async with asyncio.timeout(10):
                return await run_program(self.device, *command, data=data)

        return asyncio.run(act())

    def install(self, tree: Tag | None = None, *splits: Tag, options: InstallOptions = InstallOptions()) -> Package:  # noqa: B008
        folder = self.folder / "apks"
        folder.mkdir(exist_ok=True)
        apks = [pack(folder / f"{n}.apk", each) for n, each in enumerate((tree or manifest(above=ASKS), *splits))]
        return asyncio.run(self.device.packages.install(apks, options))

    def push(self, name: str, tree: Tag | None = None) -> str:
        path = f"data/local/tmp/{name}"
        pack(self.folder / name, tree or manifest())
        shutil.copy(self.folder / name, self.device.root / path)
        return f"/{path}"


@pytest.fixture
def pm(bench: Bench, tmp_path: Path) -> Shell:
    return Shell(bench, tmp_path)


THREW = "\nException occurred while executing '{}':\n{}\n"


def test_an_apk_comes_from_a_path_or_from_the_input(pm: Shell) -> None:
    """`pm install PATH`, `cmd package install -S SIZE`; without either Android's words."""
    path = pm.push("a.apk")
    assert pm("pm", "install", "-t", path) == (0, "Success\n", "")
    data = (pm.folder / "a.apk").read_bytes()
    assert pm("cmd", "package", "install", "-r", "-S", str(len(data)), data=data) == (0, "Success\n", "")
    assert pm("pm", "install")[:2] == (1, "Error: must either specify a package size or an APK file\n")
    missing = "/data/local/tmp/none.apk"
    said = f"Error: Unable to open file: {missing}\nError: Can't open file: {missing}\n"
    why = f"java.lang.IllegalArgumentException: Error: Can't open file: {missing}"
    assert pm("pm", "install", missing) == (255, "", said + THREW.format("install", why))
    assert pm("pm", "install", "--frob")[2].endswith("java.lang.IllegalArgumentException: Unknown option --frob\n")
    assert pm("pm", "install", "--abi", "mips", path)[2].endswith("ABI mips not supported on this device\n")


def test_a_session_takes_apks_and_ends_with_its_commit(pm: Shell) -> None:
    """Created, written into, committed; a wrong number is an exception, and no file is left."""
    base, split = pm.push("base.apk"), pm.push("split.apk", split_manifest("config.en"))
    number = pm("pm", "install-create", "-r")[1].partition("[")[2].partition("]")[0]
    assert (
        pm("pm", "install-write", number, "0", base)[1]
        == f"Success: streamed {Path(pm.folder / 'base.apk').stat().st_size} bytes\n"
    )
    assert pm("pm", "install-write", number, "1", split)[0] == 0
    assert pm("pm", "install-commit", number) == (0, "Success\n", "")
    assert [line.rpartition("/")[2] for line in pm("pm", "path", "dev.tiny")[1].split()] == [
        "base.apk", "split_config.en.apk",
    ]  # fmt: skip
    gone = THREW.format("install-commit", f"java.lang.SecurityException: Caller has no access to session {number}")
    assert pm("pm", "install-commit", number) == (255, "", gone)
    other = pm("pm", "install-create")[1].partition("[")[2].partition("]")[0]
    assert pm("pm", "install-write", other, "../evil", base)[0] == 255
    assert pm("pm", "install-abandon", other) == (0, "Success\n", "")
    assert list((pm.device.state / "staging").iterdir()) == []


def test_uninstall_tells_what_was_not_there_and_keeps_data_when_told(pm: Shell) -> None:
    """`-k` keeps data and its owner; a package of `pm list packages -u`."""
    assert pm("pm", "uninstall", "dev.none") == (1, "Failure [DELETE_FAILED_INTERNAL_ERROR]\n", "")
    assert pm("pm", "uninstall", "--user", "0", "dev.none") == (1, "Failure [not installed for 0]\n", "")
    uid = pm.install().uid
    kept = pm.device.root / "data/data/dev.tiny/files/kept"
    kept.touch()
    assert pm("pm", "uninstall", "-k", "dev.tiny") == (0, "Success\n", "")
    assert pm("pm", "list", "packages", "-u", "tiny")[1] == "package:dev.tiny\n"
    assert kept.exists()
    assert pm.install().uid == uid
    assert kept.exists()


def test_permissions_are_granted_and_taken_back(pm: Shell) -> None:
    """Only what the user, or a developer, may change, and only what was asked for; what is granted stays over an update."""
    pm.install()
    assert pm("pm", "grant", "dev.tiny", CAMERA) == (0, "", "")
    assert pm("pm", "grant", "dev.tiny", SECURE) == (0, "", "")
    not_asked = "java.lang.SecurityException: Package dev.tiny has not requested permission android.permission.SEND_SMS"
    assert pm("pm", "grant", "dev.tiny", "android.permission.SEND_SMS") == (255, "", THREW.format("grant", not_asked))
    fixed = (
        f"java.lang.SecurityException: Permission {INTERNET} requested by dev.tiny is not a changeable permission type"
    )
    assert pm("pm", "revoke", "dev.tiny", INTERNET) == (255, "", THREW.format("revoke", fixed))
    unknown = "java.lang.IllegalArgumentException: Unknown permission: dev.NONE"
    assert pm("pm", "grant", "dev.tiny", "dev.NONE") == (255, "", THREW.format("grant", unknown))
    pm.install(manifest(version=2, above=ASKS))
    dump = pm("dumpsys", "package", "dev.tiny")[1]
    assert f"{CAMERA}: granted=true" in dump
    assert f"{SECURE}: granted=true" in dump
    assert f"{INTERNET}: granted=true" in dump
    pm("pm", "revoke", "dev.tiny", CAMERA)
    assert f"{CAMERA}: granted=false, flags=[ USER_SET|" in pm("dumpsys", "package", "dev.tiny")[1]
    pm.install(options=InstallOptions(grant_all=True, allow_downgrade=True))
    assert f"{CAMERA}: granted=true" in pm("dumpsys", "package", "dev.tiny")[1]
    assert pm("pm", "clear", "dev.tiny") == (0, "Success\n", "")
    assert f"{CAMERA}: granted=false" in pm("dumpsys", "package", "dev.tiny")[1]


def test_packages_are_listed_by_their_flags(pm: Shell) -> None:
    """Android's own package, third-party ones, disabled ones, with paths, versions, installers and uids."""
    package = pm.install(options=InstallOptions(installer="dev.store"))
    assert pm("pm", "list", "packages")[1] == "package:android\npackage:dev.tiny\n"
    assert pm("pm", "list", "packages", "-s")[1] == "package:android\n"
    line = f"package:{package.device_apk}=dev.tiny versionCode:1  installer=dev.store uid:10100\n"
    assert pm("pm", "list", "packages", "-3", "-f", "-i", "-U", "--show-versioncode")[1] == line
    assert pm("pm", "disable-user", "--user", "0", "dev.tiny")[1] == "Package dev.tiny new state: disabled-user\n"
    assert pm("pm", "list", "packages", "-d")[1] == "package:dev.tiny\n"
    assert pm("pm", "list", "packages", "-e", "tiny")[1] == ""
    assert pm("pm", "list", "packages", "--frob") == (255, "Error: Unknown option: --frob\n", "")
    assert pm("pm", "list", "frobs")[0] == 255


def test_activities_are_resolved_by_intent(pm: Shell) -> None:
    """What a launcher is found by, as scripts read it; a disabled package has none."""
    pm.install()
    launcher = ("-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER")
    brief = pm("cmd", "package", "resolve-activity", "--brief", *launcher, "dev.tiny")[1].splitlines()
    assert brief[-1] == "dev.tiny/.MainActivity"
    assert pm("cmd", "package", "query-activities", "--components", *launcher)[1] == "dev.tiny/.MainActivity\n"
    assert pm("cmd", "package", "resolve-activity", "-a", "dev.NONE")[1] == "No activity found\n"
    pm("pm", "disable-user", "dev.tiny")
    assert pm("cmd", "package", "query-activities", *launcher)[1] == "No activities found\n"


def test_a_dump_has_the_fields_that_clients_read(pm: Shell) -> None:
    """Versions, splits, the launcher's place in the table, providers, user state."""
    provider: Tag = ("provider", {NAME: ".P", AUTHORITIES: "one"}, [])
    pm.install(manifest(version=7, inside=[provider]), split_manifest("config.en", version=7))
    dump = pm("dumpsys", "package", "dev.tiny")[1]
    for text in (
        "  Package [dev.tiny] (",
        "    appId=10100\n",
        "    versionCode=7 minSdk=24 targetSdk=34\n",
        "    versionName=7.0\n",
        "    splits=[base, config.en]\n",
        "    User 0: ceDataInode=",
        "      android.intent.action.MAIN:\n",
        " dev.tiny/.MainActivity filter ",
        '          Category: "android.intent.category.LAUNCHER"\n',
        "  [one]:\n",
        "      firstInstallTime=20",
    ):
        assert text in dump
    assert pm("dumpsys", "package", "dev.none")[1] == "Unable to find package: dev.none\n"


def test_a_shell_switches_components_of_test_packages_alone(pm: Shell) -> None:
    """Whole packages for the user; more only where the package is made for tests."""
    pm.install()
    why = "java.lang.SecurityException: Shell cannot change component state for dev.tiny/null to 2"
    assert pm("pm", "disable", "dev.tiny") == (255, "", THREW.format("disable", why))
    pm.install(manifest(test_only=True), options=InstallOptions(allow_test=True))
    switched = "Component {dev.tiny/dev.tiny.MainActivity} new state: disabled\n"
    assert pm("pm", "disable", "dev.tiny/.MainActivity") == (0, switched, "")
    assert "        dev.tiny.MainActivity\n" in pm("dumpsys", "package", "dev.tiny")[1]
    assert pm("cmd", "package", "resolve-activity", "dev.tiny")[1] == "No activity found\n"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (("path", "dev.none"), (1, "", "")),
        (("path",), (1, "", "Error: no package specified\n")),
        (("clear", "dev.none"), (1, "", "Failed\n")),
        (("has-feature", "android.hardware.touchscreen"), (0, "true\n", "")),
        (("has-feature", "android.hardware.nfc"), (1, "false\n", "")),
        (("get-install-location",), (0, "0[auto]\n", "")),
        (("get-max-users",), (0, "Maximum supported users: 1\n", "")),
        (("create-user", "x"), (1, "", "Error: couldn't create User.\n")),
        (("list", "users"), (0, "Users:\n\tUserInfo{0:Owner:4c13} running\n", "")),
        (("set-installer", "dev.none", "x"),
         (255, "", THREW.format("set-installer", "java.lang.IllegalArgumentException: Unknown package: dev.none"))),
        (("frob",), (255, "", "Unknown command: frob\n")),
    ],
)  # fmt: skip
def test_small_verbs_answer_as_on_android(pm: Shell, command: tuple[str, ...], answer: tuple[int, str, str]) -> None:
    """Output, error stream and exit code."""
    assert pm("pm", *command) == answer


def test_run_as_refuses_in_androids_words(pm: Shell) -> None:
    """Unknown, not debuggable, and without data."""
    pm.install(manifest("dev.closed", debuggable=False))
    pm.install()
    shutil.rmtree(pm.device.root / "data/data/dev.tiny")
    assert pm("run-as", "dev.none", "id") == (1, "", "run-as: unknown package: dev.none\n")
    assert pm("run-as", "dev.closed", "id") == (1, "", "run-as: package not debuggable: dev.closed\n")
    assert pm("run-as", "dev.tiny", "id")[2].startswith("run-as: couldn't stat /data/user/0/dev.tiny")
