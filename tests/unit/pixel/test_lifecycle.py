"""Starting devices: what is refused before any process is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import DeviceUnavailable, NoDevice, UsageError
from harness.pixel import lifecycle, states
from harness.pixel.profile import profile_of
from harness.pixel.states import Make


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".hidden", "mit leerzeichen"])
def test_a_name_that_is_no_folder_name_is_refused(name: str) -> None:
    """A device's name becomes a folder; it never leads anywhere else."""
    with pytest.raises(UsageError) as refused:
        lifecycle.start(name, owner=True)
    assert refused.value.code == "pixel.name"


@pytest.mark.parametrize("port", [5555, 5552, 5586, 80])
def test_a_port_where_adb_does_not_look_is_refused(port: int) -> None:
    """Odd ports, and ports outside of the emulators' range."""
    with pytest.raises(UsageError) as refused:
        lifecycle.start(port=port, owner=True)
    assert refused.value.code == "pixel.port"


def test_a_lock_file_whose_holder_is_gone_is_no_running_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file outlives the process; the lock doesn't. Rubbish in the file is passed over too."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    for name, text in {
        "old": '{"name":"old","serial":"emulator-5554","pid":1,"port":5554,"state":"x"}',
        "bad": "{",
    }.items():
        folder = tmp_path / "pixel" / name
        folder.mkdir(parents=True)
        (folder / lifecycle.LOCK_NAME).write_text(text)
    assert lifecycle.running() == []


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of devices' states."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    return tmp_path / "pixel"


def keep(devices: Path, name: str, profile: str = "pixel_6", api: int = 35) -> Path:
    """A state as a device leaves it."""
    folder = devices / name
    (folder / "root/data").mkdir(parents=True)
    (folder / "private").mkdir(mode=0)
    (folder / states.LOCK_NAME).touch()
    states.write_make(folder, profile_of(profile, api))
    return folder


@pytest.mark.parametrize(
    ("make", "code"), [(Make("pixel_9"), "pixel.profile"), (Make("pixel_6", 33), "pixel.api"), (Make(api=36), "pixel.api")]
)  # fmt: skip
def test_a_make_that_is_not_there_is_refused(devices: Path, make: Make, code: str) -> None:
    """Before anything is started."""
    with pytest.raises(UsageError) as refused:
        lifecycle.start(make=make, owner=True)
    assert refused.value.code == code


def test_a_device_stays_what_it_was(devices: Path) -> None:
    """A name brings its profile and API level back; what contradicts them is refused, unless the state is wiped."""
    keep(devices, "mine")
    assert states.settle_make(Make(), "mine", wipe=False) == profile_of("pixel_6", 35)
    assert states.settle_make(Make("pixel_6"), "mine", wipe=False) == profile_of("pixel_6", 35)
    for other in (Make("pixel_8"), Make(api=34)):
        with pytest.raises(UsageError, match="mine is a pixel_6 with API 35") as refused:
            lifecycle.start("mine", owner=True, make=other)
        assert refused.value.code == "pixel.kept_make"
    assert states.settle_make(Make("pixel_8"), "mine", wipe=True) == profile_of("pixel_8", 34)
    assert states.settle_make(Make(), "another", wipe=False) == profile_of("pixel_3_xl", 34)


def test_kept_states_are_listed_and_forgotten(devices: Path) -> None:
    """With what they are; a forgotten one leaves nothing, and is unknown from then on."""
    folder = keep(devices, "mine")
    (folder / "root/data/file").write_bytes(b"x" * 100_000)
    keep(devices, "other", "pixel_4", 34)
    mine, other = states.kept_states()
    assert (mine.name, mine.profile, mine.api, other.name) == ("mine", "pixel_6", 35, "other")
    assert mine.size > 100_000 > other.size
    states.forget("mine")
    assert not folder.exists()
    with pytest.raises(UsageError) as unknown:
        states.forget("mine")
    assert unknown.value.code == "pixel.unknown_state"


@pytest.mark.parametrize("name", ["../other", "", "a/b"])
def test_nothing_else_than_a_state_can_be_forgotten(devices: Path, name: str) -> None:
    """A name with a path in it is refused."""
    keep(devices, "other")
    with pytest.raises(UsageError):
        states.forget(name)
    assert (devices / "other" / states.LOCK_NAME).exists()


def test_a_running_devices_state_is_not_forgotten(devices: Path) -> None:
    """Whoever holds the lock needs it."""
    folder = keep(devices, "mine")
    script = "import fcntl, sys\nlock = open(sys.argv[1], 'r+')\nfcntl.lockf(lock, fcntl.LOCK_EX)\nprint(flush=True)\ninput()"
    command = [sys.executable, "-c", script, str(folder / states.LOCK_NAME)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DeviceUnavailable) as running:
            states.forget("mine")
        holder.communicate(b"\n")
    assert running.value.code == "pixel.state_taken"
    assert (folder / "root/data").is_dir()


def test_a_device_that_does_not_run_is_named(devices: Path) -> None:
    """With the command that lists those that do."""
    with pytest.raises(NoDevice, match="emulator-5599") as unknown:
        lifecycle.named("emulator-5599")
    assert unknown.value.hint == "harness pixel list"
