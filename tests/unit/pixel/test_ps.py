"""`ps`: its columns as toybox lays them out, and the words for wrong options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.pixel.commands.process_fields import FieldRefused, parse_fields, short_size, table
from harness.pixel.commands.processes import DEFAULT_FIELDS
from harness.pixel.process_table import DeviceProcess, user_id, user_name
from tests.unit.pixel.conftest import Bench


async def nothing(*_: object) -> None:
    """No app is asked anything."""


SHELL = DeviceProcess(
    pid=321, tid=321, parent=1, folder=Path("/nowhere"), uid=2000, state="S", thread="sleep", argv=("/system/bin/sleep", "9"),
    package="", group=321, session=321, foreground=0, terminal=0, faults=5, major_faults=0, user_ticks=100,
    system_ticks=50, priority=20, nice=0, threads=1, started=0, virtual=2 << 20, resident=640 << 10, cpu=0, policy=0,
)  # fmt: skip
APP = replace(SHELL, pid=4321, tid=4321, uid=10100, package="dev.tiny", virtual=3 << 30, resident=300 << 20, threads=20)


def test_the_default_columns_are_androids() -> None:
    """Header padded to its last column's width, rows not; an app by its package and its user."""
    assert table(parse_fields(DEFAULT_FIELDS), [SHELL, APP]) == (
        "USER           PID  PPID        VSZ    RSS WCHAN            ADDR S NAME                       \n"
        "shell          321     1       2048    640 0                   0 S sleep\n"
        "u0_a100       4321     1    3145728 307200 0                   0 S dev.tiny\n"
    )


def test_columns_can_be_chosen_widened_and_renamed() -> None:
    """A title takes the rest of the text; without any title there is no header."""
    assert table(parse_fields("PID:8,ARGS=what,it is"), [SHELL]) == (
        "     PID what,it is                 \n     321 sleep 9\n"
    )
    assert table(parse_fields("PID="), [SHELL, APP]) == "  321\n 4321\n"
    assert table(parse_fields("pid,name,TIME+,STAT"), [APP]).splitlines()[1].split() == [
        "4321",
        "dev.tiny",
        "0:01.50",
        "Sl",
    ]
    with pytest.raises(FieldRefused):
        parse_fields("PID,NOTHING")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-o", "foo"], "ps: bad -o 'foo'\n            ^\n"),
        (["-p", "x"], "ps: bad -p 'x'\n            ^\n"),
        (["-u", "nobody"], "ps: bad -u 'nobody'\n            ^\n"),
        (["-x"], "ps: Unknown option 'x' (see \"ps --help\")\n"),
        (["aux"], "ps: bad aux\n"),
    ],
)
def test_wrong_options_are_refused(bench: Bench, options: list[str], words: str) -> None:
    """As toybox does, with 1."""
    assert bench.run(nothing, "ps", *options) == (1, "", words)


def test_users_have_androids_names() -> None:
    """Both ways."""
    assert [user_name(uid) for uid in (0, 1000, 2000, 10100, 77)] == ["root", "system", "shell", "u0_a100", "77"]
    assert [user_id(name) for name in ("shell", "u0_a100", "42", "nobody")] == [2000, 10100, 42, None]


def test_sizes_take_four_characters() -> None:
    """As in `top`."""
    assert [short_size(size) for size in (608 << 10, 4509715, 341 << 20, 3 << 30)] == ["608K", "4.3M", "341M", "3.0G"]
