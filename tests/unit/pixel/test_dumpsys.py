"""`dumpsys`: the lines that clients look for."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.pixel.activities import ActivityManager
from harness.pixel.commands import service_names
from harness.pixel.commands.dumpsys.memory import summary, table
from harness.pixel.memory import process_memory
from harness.pixel.memory_map import Kind, memory_map, parse_smaps
from tests.unit.pixel.conftest import Bench, ScriptedApp, run_program
from tests.unit.pixel.test_ps import SHELL

SMAPS = """\
e0000000-f0000000 rw-p 00000000 00:00 0
Size:              262144 kB
Rss:                 4000 kB
Pss:                 4000 kB
Private_Clean:          0 kB
Private_Dirty:       4000 kB
SwapPss:                0 kB
800000000-800c00000 rw-p 00001000 fe:00 12                         /usr/lib/jvm/classes.jsa
Rss:                  600 kB
Pss:                  300 kB
Private_Dirty:        100 kB
7f0000000000-7f0000010000 r-xp 00000000 fe:00 13                   /data/app/a/lib/libx.so
Size:                  64 kB
Rss:                   64 kB
Pss:                   64 kB
Private_Clean:         64 kB
7f0000100000-7f0000200000 rw-p 00000000 00:00 0
Size:                1024 kB
Rss:                  900 kB
Pss:                  900 kB
Private_Dirty:        900 kB
SwapPss:                7 kB
7f0000300000-7f0000400000 ---p 00000000 00:00 0
Size:                1024 kB
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                    [stack]
Size:                 132 kB
Rss:                   32 kB
Pss:                   32 kB
Private_Dirty:         32 kB
"""


async def shows(app: ScriptedApp, command: dict[str, object]) -> None:
    app.on_event({"event": "resumed", "component": "dev.tiny/.MainActivity"})
    app.on_event({"event": "displayed", "id": command["id"], "milliseconds": 1})


def dumped(bench: Bench, *arguments: str, started: bool = True) -> str:
    """What `dumpsys` prints while `dev.tiny` is in front, or nothing is."""

    async def act() -> str:
        device = bench.open()
        device.activities = ActivityManager(device, bench._launcher(shows))
        if started:
            assert (await run_program(device, "am", "start", "-W", "-n", "dev.tiny/.MainActivity"))[0] == 0
        code, output, errors = await run_program(device, "dumpsys", *arguments)
        await device.activities.stop_all()
        assert (code, errors) == (0, "")
        return output

    return asyncio.run(act())


@pytest.mark.parametrize(
    ("arguments", "expression"),
    [
        ("activity activities", r"topResumedActivity=ActivityRecord\{\w{7} u0 dev\.tiny/\.MainActivity t\d+\}"),
        ("activity activities", r"  ResumedActivity: ActivityRecord\{\w{7} u0 dev\.tiny/\.MainActivity t\d+\}"),
        ("activity top", r"ACTIVITY dev\.tiny/\.MainActivity \w+ pid=\d+"),
        ("activity processes", r"\*APP\* UID 10100 ProcessRecord\{\w{7} \d+:dev\.tiny/u0a100\}"),
        ("window", r"mCurrentFocus=Window\{\w{7} u0 dev\.tiny/dev\.tiny\.MainActivity\}"),
        ("window displays", r"mFocusedApp=ActivityRecord\{\w{7} u0 dev\.tiny/\.MainActivity t\d+\}"),
        ("window windows", r"Window #0 Window\{\w{7} u0 dev\.tiny/dev\.tiny\.MainActivity\}:"),
        ("SurfaceFlinger --list", r"(?m)^dev\.tiny/dev\.tiny\.MainActivity#\d+$"),
        ("gfxinfo dev.tiny", r"\*\* Graphics info for pid \d+ \[dev\.tiny\] \*\*"),
        ("power", r"(?m)^  mWakefulness=Awake$"),
        ("power", r"(?m)^Display Power: state=ON$"),
        (
            "display",
            r"DisplayViewport\{type=INTERNAL, valid=true, .*orientation=0, .*deviceWidth=1440, deviceHeight=2960\}",
        ),
        ("input_method", r"mInputShown=false"),
        ("user", r"UserInfo\{0:Owner:"),
        ("cpuinfo", r"(?m)^[\d.]+% TOTAL: "),
        ("package dev.tiny", r"versionName=1\.0"),
    ],
)
def test_a_service_has_the_lines_that_clients_look_for(bench: Bench, arguments: str, expression: str) -> None:
    """While an app is in front."""
    assert re.search(expression, dumped(bench, *arguments.split()))


def test_nothing_is_in_front_of_an_empty_home_screen(bench: Bench) -> None:
    """And this is said as Android says it."""
    assert "  mCurrentFocus=null\n  mFocusedApp=null\n" in dumped(bench, "window", started=False)
    assert "  ResumedActivity: null\n" in dumped(bench, "activity", started=False)
    assert dumped(bench, "activity", "top", started=False) == ""


def test_all_services_are_listed_and_dumped(bench: Bench) -> None:
    """`-l` names them, none at all dumps each under its name, `--skip` leaves some out."""
    (bench.state / "root/data/system").mkdir(parents=True)
    (bench.state / "root/storage/emulated").mkdir(parents=True)
    listed = dumped(bench, "-l", started=False).splitlines()
    assert listed == ["Currently running services:", *(f"  {name}" for name in service_names.INTERFACES)]
    heads = re.findall(r"(?m)^-{79}\nDUMP OF SERVICE (\S+):$", dumped(bench))
    assert heads == list(service_names.INTERFACES)
    skipped = dumped(bench, "--skip", "activity,window", started=False)
    assert "DUMP OF SERVICE power:" in skipped
    assert "DUMP OF SERVICE activity:" not in skipped


def test_memory_is_told_by_what_it_is_for() -> None:
    """Java's heap by its place, libraries by their names, and totals that are the sums of the rows."""
    uses = parse_smaps(SMAPS.splitlines())
    assert {kind: use.pss for kind, use in uses.items()} == {
        Kind.dalvik: 4000, Kind.dalvik_other: 300, Kind.so: 64, Kind.native: 900, Kind.stack: 32,
    }  # fmt: skip
    rows = {line[:13].strip(): [int(cell) for cell in line[13:].split()] for line in table(uses).splitlines()[3:-1]}
    assert rows["Native Heap"] == [900, 900, 0, 7, 900, 1024]
    assert rows["Dalvik Heap"] == [4000, 4000, 0, 0, 4000, 262144]
    assert rows["TOTAL"] == [5296, 5032, 64, 7, 5596]


def test_a_real_process_is_summed_whole() -> None:
    """The rows of this very process together are what the kernel sums up itself; an ended one has none."""
    process = replace(SHELL, folder=Path("/proc/self"))
    whole = process_memory(process)
    assert whole
    assert sum(use.rss for use in memory_map(process).values()) == pytest.approx(whole.rss, rel=0.05)
    assert memory_map(SHELL) == {}
    assert process_memory(SHELL) is None


def test_the_summary_is_androids() -> None:
    """Line by line, as parsers of it have them."""
    assert summary(parse_smaps(SMAPS.splitlines())) == (
        " App Summary\n"
        "                       Pss(KB)                        Rss(KB)\n"
        "                        ------                         ------\n"
        "           Java Heap:     4000                           4000\n"
        "         Native Heap:      900                            900\n"
        "                Code:       64                             64\n"
        "               Stack:       32                             32\n"
        "            Graphics:        0                              0\n"
        "       Private Other:      100\n"
        "              System:      200\n"
        "             Unknown:                                     600\n"
        " \n"
        "           TOTAL PSS:     5296            TOTAL RSS:     5596       TOTAL SWAP PSS:        7\n"
        " \n"
    )
