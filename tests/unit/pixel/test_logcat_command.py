"""`logcat` and `log` as programs: what their options choose, where it goes, and the words for wrong ones."""

from __future__ import annotations

import asyncio
import struct

import pytest

from harness.pixel.commands.log_output import binary
from harness.pixel.device import VirtualPixel
from harness.pixel.logcat import Buffer, LogBuffers, Priority
from tests.unit.pixel.conftest import Bench, run_program

WHEN = 1_700_000_000_123_456_789


def fill(device: VirtualPixel) -> None:
    """Four entries of four buffers, each a nanosecond, a priority and a process after the one before."""
    written = [(Buffer.main, "a", 1), (Buffer.system, "b", 2), (Buffer.crash, "a", 3), (Buffer.radio, "r", 4)]
    for number, (buffer, tag, pid) in enumerate(written):
        device.logs.write(buffer, Priority(number + 4), tag, f"m{number}", pid=pid, nanoseconds=WHEN + number)


def run(bench: Bench, *command: str) -> tuple[int, str, str]:
    async def act() -> tuple[int, str, str]:
        device = bench.open()
        fill(device)
        async with asyncio.timeout(10):
            return await run_program(device, *command)

    return asyncio.run(act())


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (["-d"], ["m0", "m1", "m2"]),
        (["-t", "1"], ["m2"]),
        (["-t", "2", "-s", "a"], ["m2"]),
        (["-b", "all", "-d"], ["m0", "m1", "m2", "m3"]),
        (["-b", "default", "-b", "radio", "-d"], ["m0", "m1", "m2", "m3"]),
        (["-d", "-b", "main,crash"], ["m0", "m2"]),
        (["-d", "-b", "kernel", "-b", "security"], []),
        (["-d", "--pid=2"], ["m1"]),
        (["-d", "--uid=1,1000"], ["m0", "m1", "m2"]),
        (["-d", "-e", "m[02]"], ["m0", "m2"]),
        (["-d", "-e", "m1", "-m", "1", "--print"], ["m0", "m1"]),
        (["-d", "-s", "a"], ["m0", "m2"]),
        (["-d", "a:E"], ["m1", "m2"]),
        (["-m", "2"], ["m0", "m1"]),
        (["-d", "-T", "1700000000.123456791"], ["m2"]),
        (["-L"], []),
    ],
)
def test_logcat_prints_what_its_options_choose(bench: Bench, options: list[str], lines: list[str]) -> None:
    """Buffers, tails (counted before filters), processes, users, expressions, filters and counts."""
    code, output, errors = run(bench, "logcat", "-v", "raw", *options)
    assert (code, errors) == (0, "")
    assert [line for line in output.splitlines() if not line.startswith("-----")] == lines


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-b", "nothing"], "Unknown buffer 'nothing' listed for -b."),
        (["--nothing"], "Unknown option '--nothing'."),
        (["-b"], "Option '-b' needs an argument."),
        (["-v", "nothing"], "Invalid parameter 'nothing' to -v."),
        (["-t", "yesterday"], '-t "yesterday" not in time format.'),
        (["-m", "x"], "Invalid parameter 'x' to -m."),
        (["--pid=x"], "Invalid parameter 'x' to --pid."),
        (["-G", "x"], "-G must be specified as <num><multiplier>."),
        (["-r", "5"], "-r requires -f as well."),
        (["-d", "a:Q"], "Invalid filter expression 'a:Q'."),
        (["-d", "-f", "/nowhere/f"], "Couldn't open output file '/nowhere/f': No such file or directory"),
        (["-d", "-f", "/data/app/f"], "Couldn't open output file '/data/app/f': Permission denied"),
    ],
)
def test_a_wrong_command_line_is_refused(bench: Bench, options: list[str], words: str) -> None:
    """In Android's words, with nothing on standard output, and 1."""
    assert run(bench, "logcat", *options) == (1, "", f"logcat: {words}\n")


def test_a_tail_of_none_is_one(bench: Bench) -> None:
    """With a warning."""
    code, output, errors = run(bench, "logcat", "-v", "raw", "-t", "0")
    assert (code, errors) == (0, "WARNING: -t 0 invalid, setting to 1\n")
    assert output.endswith("m2\n")


def test_dividers_name_each_change_of_buffer(bench: Bench) -> None:
    """The first entry of a buffer always has one; with `-D` each switch has."""

    async def act() -> list[str]:
        device = bench.open()
        for buffer in (Buffer.main, Buffer.system, Buffer.main):
            device.logs.write(buffer, Priority.I, "t", "m", pid=1)
        return [(await run_program(device, "logcat", "-d", "-v", "raw", *flags))[1] for flags in ((), ("-D",))]

    begun = "--------- beginning of main\nm\n--------- beginning of system\nm\n"
    assert asyncio.run(act()) == [f"{begun}m\n", f"{begun}--------- switch to main\nm\n"]


def test_binary_output_is_logds() -> None:
    """`logger_entry_v4`, then priority, tag and message; an event has its own bytes."""
    buffers = LogBuffers()
    buffers.write(Buffer.main, Priority.W, "tag", "é", pid=7, tid=8, uid=2000, nanoseconds=1_000_000_002)
    buffers.write_event("am_low_memory", 3, pid=7)
    text, event = (binary(entry) for entry in buffers.entries([Buffer.main, Buffer.events]))
    assert struct.unpack_from("<HHiIIIII", text) == (8, 28, 7, 8, 1, 2, 0, 2000)
    assert text[28:] == "\5tag\0é\0".encode()
    assert struct.unpack_from("<H", event) == (9,)
    assert event[28:] == struct.pack("<IBi", 30017, 0, 3)


def test_a_file_is_put_aside_when_it_is_full(bench: Bench) -> None:
    """`-f`, `-r` and `-n`: the newest lines in the file, as many older files as asked for."""

    async def act() -> None:
        device = bench.open()
        for number in range(3):
            device.logs.write(Buffer.main, Priority.I, "t", f"{number}" * 1100, pid=1)
            file = ("-f", "/data/local/tmp/l", "-r", "1", "-n", "1")
            assert await run_program(device, "logcat", "-d", "-v", "raw", "-t", "1", *file) == (0, "", "")

    asyncio.run(act())
    folder = bench.state / "root/data/local/tmp"
    assert sorted(path.name for path in folder.iterdir()) == ["l", "l.1"]
    assert (folder / "l").read_text() == ""
    assert "2222" in (folder / "l.1").read_text()


def test_sizes_are_told_and_set(bench: Bench) -> None:
    """`-G` for the buffers that are named, `-g` in Android's line, `-S` with bytes and entries, `-c` forgets."""

    async def act() -> list[str]:
        device = bench.open()
        device.logs.write(Buffer.main, Priority.I, "t", "m" * 2000, pid=1)
        commands = (
            ["-G", "2M", "-b", "main"],
            ["-g", "-b", "main"],
            ["-S", "-b", "main"],
            ["-c"],
            ["-g", "-b", "main"],
        )
        return [(await run_program(device, "logcat", *options))[1] for options in commands]

    _, size, statistics, _, cleared = asyncio.run(act())
    line = "main: ring buffer is 2 MiB ({} consumed, {} readable), max entry is 5120 B, max payload is 4068 B\n"
    assert size == line.format("2 KiB", "2 KiB")
    assert statistics.split() == ["size/num", "main", "Total", "Total", "2065/1", "2065/1", "Now", "2065/1", "2065/1"]
    assert cleared == line.format("0 B", "0 B")


def test_log_writes_a_line(bench: Bench) -> None:
    """With tag, priority and buffer; a wrong priority, and no message, are refused."""

    async def act() -> str:
        device = bench.open()
        assert await run_program(device, "log", "-t", "mine", "-p", "e", "-b", "crash", "a", "b") == (0, "", "")
        assert await run_program(device, "log", "-p", "x", "a") == (1, "", "log: bad -p 'x'\n")
        assert await run_program(device, "log") == (1, "", 'log: Needs 1 argument (see "log --help")\n')
        return (await run_program(device, "logcat", "-d", "-v", "tag", "-b", "crash"))[1]

    assert asyncio.run(act()) == "--------- beginning of crash\nE/mine    : a b\n"
