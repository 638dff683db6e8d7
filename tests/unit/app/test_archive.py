"""The zip of an APK: alignment, storage, same bytes each time."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harness.app.apk import require_alignment
from harness.app.archive import Entry, misplaced, placements, write_archive
from harness.errors import BuildError

ENTRIES = (
    Entry("AndroidManifest.xml", b"<manifest/>" * 50),
    Entry("resources.arsc", b"\x02\x00" * 111),
    Entry("assets/models/m/fp32.tflite", bytes(range(256)) * 40),
    Entry("assets/labels/m.txt", "Katze\nHündin\n".encode()),
    Entry("assets/photos/Bär.png", b"\x89PNG" * 7),
    Entry("lib/x86_64/libthing.so", b"\x7fELF" * 999),
    Entry("assets/empty.tflite", b""),
)


def test_python_reads_back_what_was_written(tmp_path: Path) -> None:
    """Every entry comes back with its bytes, names outside ASCII included, and the archive tests clean."""
    apk = tmp_path / "a.apk"
    write_archive(ENTRIES, apk)
    with zipfile.ZipFile(apk) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {e.name: e.read() for e in ENTRIES}


def test_libraries_models_and_tables_are_stored_on_their_pages(tmp_path: Path) -> None:
    """Libraries lie on 16 KiB, models on 4 KiB, other stored entries on 4 bytes; text is compressed."""
    apk = tmp_path / "a.apk"
    write_archive(ENTRIES, apk)
    places = {place.name: place for place in placements(apk)}
    assert places["lib/x86_64/libthing.so"].offset % 16384 == 0
    assert places["assets/models/m/fp32.tflite"].offset % 4096 == 0
    assert places["resources.arsc"].stored
    assert places["resources.arsc"].offset % 4 == 0
    assert not places["AndroidManifest.xml"].stored
    require_alignment(apk)


def test_same_entries_give_the_same_bytes_whenever_they_are_written(tmp_path: Path) -> None:
    """Nothing of the clock or of the files' own times gets into the archive."""
    source = tmp_path / "model.tflite"
    source.write_bytes(b"TFL3" * 100)
    first, second = tmp_path / "1.apk", tmp_path / "2.apk"
    write_archive([Entry("assets/model.tflite", source)], first)
    source.touch()
    write_archive([Entry("assets/model.tflite", source)], second)
    assert first.read_bytes() == second.read_bytes()


def test_misaligned_and_compressed_entries_are_found(tmp_path: Path) -> None:
    """An ordinary zip with a library and a model is refused, naming both."""
    apk = tmp_path / "a.apk"
    with zipfile.ZipFile(apk, "w") as archive:
        archive.writestr("lib/x86_64/libthing.so", b"\x7fELF" * 99)
        archive.writestr("assets/m.tflite", b"0" * 999, zipfile.ZIP_DEFLATED)
    assert {place.name for place in misplaced(apk)} == {"lib/x86_64/libthing.so", "assets/m.tflite"}
    with pytest.raises(
        BuildError, match=r"libthing.so at \d+ is not a multiple of 16384.*m.tflite at \d+ is compressed"
    ):
        require_alignment(apk)


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Android takes the first of two entries and a scanner the last: there must be one."""
    with pytest.raises(BuildError, match="twice"):
        write_archive([Entry("a", b"1"), Entry("a", b"2")], tmp_path / "a.apk")
