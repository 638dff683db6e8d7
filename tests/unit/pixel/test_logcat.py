"""The device's log: what arrives, what is kept, how it is printed, and which of it."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from pathlib import Path

import pytest

from harness.pixel.logcat import Buffer, Entry, LogBuffers, LogSocket, Priority, parse_datagram
from harness.pixel.logformat import FORMATS, FormatRefused, LogFormat, parse_filter, parse_time

WHEN = 1_700_000_000_123_456_789
ENTRY = Entry(1, Buffer.main, Priority.W, WHEN, 321, 654, 10100, "tag", "first\nsecond")


def datagram(buffer: int = 0, priority: int = 4, tag: bytes = b"tag", message: bytes = b"hello") -> bytes:
    seconds, nanoseconds = divmod(WHEN, 1_000_000_000)
    return struct.pack("<BHIIB", buffer, 654, seconds, nanoseconds, priority) + tag + b"\0" + message + b"\0"


def test_a_datagram_is_read_as_logd_does() -> None:
    """Id, thread, time, priority, tag and message of Android's own format; bad UTF-8 doesn't lose the line."""
    assert parse_datagram(datagram(message=b"caf\xc3\xa9 \xff")) == (
        Buffer.main,
        Priority.I,
        654,
        WHEN,
        "tag",
        "café \ufffd",
    )


@pytest.mark.parametrize("data", [b"", b"\0" * 11, datagram(buffer=9), datagram(buffer=7), datagram()[:14] + b"x" * 20])
def test_what_is_no_datagram_is_refused(data: bytes) -> None:
    """Too short, of an unknown buffer, or with a tag that doesn't end."""
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        parse_datagram(data)


def test_the_kernel_says_who_wrote(tmp_path: Path) -> None:
    """The process id comes from the socket's credentials, mapped to the device's; bad datagrams are passed over."""

    async def act() -> list[Entry]:
        buffers = LogBuffers()
        taken = LogSocket(str(tmp_path / "logdw"), buffers, lambda pid: 77 if pid == os.getpid() else None)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
            writer.connect(str(tmp_path / "logdw"))
            for data in (b"junk", datagram(message=b"one"), datagram(buffer=4, message=b"two")):
                writer.send(data)
        taken.drain()
        taken.close()
        return buffers.entries(list(Buffer))

    entries = asyncio.run(act())
    assert [(entry.buffer, entry.pid, entry.tid, entry.message) for entry in entries] == [
        (Buffer.main, 77, 654, "one"),
        (Buffer.crash, 77, 654, "two"),
    ]


def test_a_full_ring_drops_its_oldest_and_no_other_ring_does() -> None:
    """Bounded by bytes, each buffer for itself."""
    buffers = LogBuffers(ring_bytes=1000)
    buffers.write(Buffer.crash, Priority.F, "t", "kept", pid=1)
    for number in range(100):
        buffers.write(Buffer.main, Priority.I, "t", f"{number:03}", pid=1)
    messages = [entry.message for entry in buffers.entries([Buffer.main, Buffer.crash])]
    assert messages[0] == "kept"
    assert messages[-1] == "099"
    assert 5 < len(messages) < 20
    assert buffers.use(Buffer.main).used <= 1000
    assert buffers.use(Buffer.main).total_entries == 100
    buffers.resize([Buffer.main], 100)
    assert buffers.use(Buffer.main).entries == 1


def test_the_formats_are_androids() -> None:
    """Each line of the message has its prefix; `long` has one for all."""
    assert {name: LogFormat(name).lines(ENTRY) for name in FORMATS} == (
        {
            "brief": "W/tag     (  321): first\nW/tag     (  321): second\n",
            "process": "W(  321) first  (tag)\nW(  321) second  (tag)\n",
            "tag": "W/tag     : first\nW/tag     : second\n",
            "thread": "W(  321:  654) first\nW(  321:  654) second\n",
            "raw": "first\nsecond\n",
            "time": "11-14 22:13:20.123 W/tag     (  321): first\n11-14 22:13:20.123 W/tag     (  321): second\n",
            "threadtime": "11-14 22:13:20.123   321   654 W tag     : first\n11-14 22:13:20.123   321   654 W tag     : second\n",
            "long": "[ 11-14 22:13:20.123   321:  654 W/tag      ]\nfirst\nsecond\n\n",
        }
    )


def test_modifiers_change_the_time_stamp() -> None:
    """Year, microseconds, zone, seconds since 1970 and the user, alone and together."""
    one_line = Entry(1, Buffer.main, Priority.I, WHEN, 1, 2, 10100, "t", "m")
    shown = {
        text: LogFormat().changed(text).lines(one_line)
        for text in ("year", "usec", "nsec", "zone", "UTC", "epoch", "uid,year usec", "color")
    }
    assert shown == (
        {
            "year": "2023-11-14 22:13:20.123     1     2 I t       : m\n",
            "usec": "11-14 22:13:20.123456     1     2 I t       : m\n",
            "nsec": "11-14 22:13:20.123456789     1     2 I t       : m\n",
            "zone": "11-14 22:13:20.123 +0000     1     2 I t       : m\n",
            "UTC": "11-14 22:13:20.123 +0000     1     2 I t       : m\n",
            "color": "\x1b[38;5;40m11-14 22:13:20.123     1     2 I t       : m\x1b[0m\n",
            "epoch": "         1700000000.123     1     2 I t       : m\n",
            "uid,year usec": "2023-11-14 22:13:20.123456 10100:    1     2 I t       : m\n",
        }
    )
    with pytest.raises(FormatRefused):
        LogFormat().changed("nonsense")


@pytest.mark.parametrize(
    ("specs", "silent", "passed"),
    [
        ([], False, "VDIWEF"),
        (["tag:W"], False, "WEF"),
        (["tag"], True, "VDIWEF"),
        (["other:V"], True, ""),
        (["other:V", "*:E"], False, "EF"),
        (["tag:S"], False, ""),
        (["*:S", "tag:d"], False, "DIWEF"),
    ],
)
def test_filters_pass_by_tag_and_priority(specs: list[str], silent: bool, passed: str) -> None:
    """The named tag's own rule, else the rule for `*`; `-s` hides what isn't named."""
    chosen = parse_filter(specs, silent=silent)
    entries = [Entry(1, Buffer.main, priority, WHEN, 1, 1, 1, "tag", "m") for priority in Priority if priority < 8]
    assert "".join(entry.priority.name for entry in entries if chosen.passes(entry)) == passed


def test_times_are_read_in_all_of_logcats_forms() -> None:
    """With a year, and as seconds; what isn't a time is refused."""
    assert parse_time("2023-11-14 22:13:20.123456789") == WHEN
    assert parse_time("1700000000.123456789") == WHEN
    with pytest.raises(FormatRefused):
        parse_time("yesterday")


def test_users_with_short_names_are_named() -> None:
    """The shell and root by name, all others by number, as liblog has them."""
    shown = [
        LogFormat("brief").changed("uid").lines(Entry(1, Buffer.main, Priority.I, WHEN, 1, 2, uid, "t", "m"))
        for uid in (0, 2000, 1000)
    ]
    assert shown == ["I/t       ( root:    1): m\n", "I/t       (shell:    1): m\n", "I/t       ( 1000:    1): m\n"]


def test_what_can_not_be_printed_is_escaped_when_asked() -> None:
    """`-v printable`."""
    entry = Entry(1, Buffer.main, Priority.I, WHEN, 1, 2, 0, "t", "a\x1b[0m\a\\ é\1")
    assert LogFormat("raw").changed("printable").lines(entry) == "a\\e[0m\\a\\\\ é\\001\n"
