"""Starting devices: what is refused before any process is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.pixel import lifecycle


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
