"""The package manager refuses, hangs or has no room: what the harness does about it, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.app.apk import verify
from harness.device.base import OWN_FOLDER
from harness.device.install import _REMEDIES, install
from harness.device.shell import check, run
from harness.errors import DeviceLost, ExitCode, InstallFailed, Owner
from harness.pixel.faults.kinds import CutPush, Drop, Freeze, FullStorage, HangInstall, RefuseInstall
from harness.pixel.faults.remote import arm, armed, during
from tests.faults.conftest import Bench
from tests.tiny_apk import pack, sign


def left_behind(bench: Bench) -> str:
    """What of the harness' own lies on the device."""
    return run(bench.device, ["ls", "-A", str(OWN_FOLDER)]).text


@pytest.mark.fault("F22")
def test_full_storage_is_cleared_of_our_own_files_and_tried_once_more(bench: Bench, apk: Path) -> None:
    """What a run left behind goes; the second try gets in."""
    check(bench.device, ["sh", "-c", f"mkdir -p {OWN_FOLDER}/old && echo > {OWN_FOLDER}/old/plan.json"])
    arm(bench.pixel, RefuseInstall("INSTALL_FAILED_INSUFFICIENT_STORAGE"))
    install(bench.device, apk)
    assert left_behind(bench) == ""
    assert run(bench.device, ["pm", "path", "dev.tiny"]).exit_code == 0


@pytest.mark.fault("F22")
def test_storage_that_stays_full_is_told_with_what_is_left(bench: Bench, apk: Path) -> None:
    """The device's own `df` is in the message, and the failure is the device's."""
    with during(bench.pixel, FullStorage()), pytest.raises(InstallFailed) as caught:
        install(bench.device, apk)
    assert caught.value.code == "install.install_failed_insufficient_storage"
    assert (caught.value.exit_code, caught.value.owner) == (ExitCode.INSTALL_FAILED, Owner.DEVICE)
    assert "No space left on device" in caught.value.why
    assert "`df /data`: Filesystem" in caught.value.why


@pytest.mark.fault("F24")
def test_no_matching_abi_shows_both_lists(bench: Bench, key: Path, tmp_path: Path) -> None:
    """What the APK has, and what the device runs."""
    files = {"lib/armeabi-v7a/liba.so": b"arm", "lib/mips/liba.so": b"mips"}
    foreign = sign(pack(tmp_path / "foreign.apk", files=files), key)
    with pytest.raises(InstallFailed) as caught:
        install(bench.device, foreign)
    assert caught.value.code == "install.install_failed_no_matching_abis"
    abis = check(bench.device, ["getprop", "ro.product.cpu.abilist"]).text.strip()
    assert f"the APK has armeabi-v7a, mips, the device runs {abis}" in caught.value.why


@pytest.mark.fault("F25")
@pytest.mark.parametrize("code", [*_REMEDIES, "INSTALL_FAILED_INTERNAL_ERROR"])
def test_every_refusal_keeps_the_devices_word_and_has_a_remedy(bench: Bench, apk: Path, code: str) -> None:
    """`cmd package install` says `Failure [CODE: reason]`; a code that isn't known has its reason alone."""
    arm(bench.pixel, RefuseInstall(code, "for a [good] reason"), times=2)
    with pytest.raises(InstallFailed) as caught:
        install(bench.device, apk)
    assert (caught.value.code, caught.value.exit_code) == (f"install.{code.lower()}", ExitCode.INSTALL_FAILED)
    assert caught.value.why.startswith("for a [good] reason")
    assert caught.value.hint == _REMEDIES.get(code, "")


@pytest.mark.fault("F26")
def test_an_installation_that_hangs_is_tried_once_from_a_file(bench: Bench, apk: Path) -> None:
    """The first, streamed, gets no answer in time; the second is pushed first, and leaves no file."""
    arm(bench.pixel, HangInstall())
    install(bench.device, apk, seconds=1)
    assert run(bench.device, ["pm", "path", "dev.tiny"]).exit_code == 0
    assert left_behind(bench) == ""


@pytest.mark.fault("F26")
def test_an_installation_that_hangs_twice_is_the_devices_failure(bench: Bench, apk: Path) -> None:
    """The device itself answers, so it isn't lost."""
    arm(bench.pixel, HangInstall(), times=2)
    with pytest.raises(InstallFailed) as caught:
        install(bench.device, apk, seconds=0.3)
    assert (caught.value.code, caught.value.owner) == ("install.no_answer", Owner.DEVICE)
    assert armed(bench.pixel) == []


@pytest.mark.fault("F12")
@pytest.mark.fault("F26")
def test_a_device_that_freezes_amid_an_installation_is_lost(
    bench: Bench, apk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else answers either, so nothing is pushed."""
    monkeypatch.setattr("harness.device.install._ANSWER_SECONDS", 0.3)
    with during(bench.pixel, Freeze()), pytest.raises(DeviceLost) as caught:
        install(bench.device, apk, seconds=0.3)
    assert caught.value.code == "device.silent"


@pytest.mark.fault("F27")
def test_a_connection_that_breaks_amid_the_apk_is_a_loss(bench: Bench, key: Path, tmp_path: Path) -> None:
    """The pipe breaks while megabytes are on their way: not a refusal, and never a success."""
    large = sign(pack(tmp_path / "large.apk", files={"assets/filler": bytes(range(256)) * 40_000}), key)
    arm(bench.pixel, Drop(packet=3))
    with pytest.raises(DeviceLost) as caught:
        install(bench.device, large)
    assert (caught.value.code, caught.value.exit_code) == ("device.lost", ExitCode.DEVICE_LOST)


@pytest.mark.fault("F28")
def test_a_corrupt_apk_never_reaches_a_device(bench: Bench, apk: Path, tmp_path: Path) -> None:
    """The host sees it, and the device's package manager is not asked."""
    data = bytearray(apk.read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "corrupt.apk").write_bytes(data)
    arm(bench.pixel, RefuseInstall("INSTALL_FAILED_INTERNAL_ERROR"))
    with pytest.raises(InstallFailed):
        verify(tmp_path / "corrupt.apk")
    assert len(armed(bench.pixel)) == 1


@pytest.mark.fault("F28")
def test_an_apk_that_is_cut_on_the_way_is_refused_there(bench: Bench, apk: Path) -> None:
    """Should one arrive in part all the same, its push is not taken for whole."""
    arm(bench.pixel, HangInstall())
    arm(bench.pixel, CutPush())
    with pytest.raises(Exception, match="after a push of") as caught:
        install(bench.device, apk, seconds=0.3)
    assert getattr(caught.value, "code", "") == "device.push_short"
    assert left_behind(bench) == ""
