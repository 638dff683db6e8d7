"""What real clients do with terminals, files and the console, and what a hostile one can't do to them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import socket
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

from harness import wire
from harness.pixel import lifecycle
from harness.pixel.adbd import STREAMS_MAX
from harness.pixel.lifecycle import PixelInfo
from harness.wire import Command
from tests.integration.pixel.conftest import DEADLINE_S, Adb, programs
from tests.unit.pixel.adb_peer import Peer


def read_until(terminal: int, text: bytes) -> bytes:
    """What a terminal shows up to `text`, its end, or the deadline."""
    seen, deadline = b"", time.monotonic() + DEADLINE_S
    while text not in seen and select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
    return seen


def test_an_interactive_shell_has_the_size_of_its_clients_terminal(adb: Adb, pixel: PixelInfo) -> None:
    """`adb shell` in a terminal of 30 rows and 101 columns; Ctrl-D ends it with the last command's code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("<4H", 30, 101, 0, 0))
    shell = subprocess.Popen(
        adb.command("shell"), stdin=theirs, stdout=theirs, stderr=theirs, env=adb.environment, start_new_session=True
    )
    os.close(theirs)
    try:
        assert b"$ " in read_until(ours, b"$ ")  # what is typed before the prompt may be dropped
        os.write(ours, b"stty size; false\n")
        assert b"30 101" in read_until(ours, b"30 101")
        os.write(ours, b"\x04")
        assert shell.wait(DEADLINE_S) == 1
    finally:
        shell.kill()
        os.close(ours)


def test_folders_links_and_names_come_back_as_they_were(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """Unicode, spaces, an empty file, a link, modes and times, pushed and pulled as a folder."""
    source = tmp_path / "in"
    (source / "zwei ä/日本").mkdir(parents=True)
    (source / "zwei ä/日本/leer").touch()
    (source / "run.sh").write_text("echo ran")
    (source / "run.sh").chmod(0o755)
    os.utime(source / "run.sh", (1_000_000_000, 1_000_000_000))
    (source / "link").symlink_to("run.sh")
    assert adb("push", str(source), "/data/local/tmp/tree").returncode == 0
    assert adb.text("shell", "/data/local/tmp/tree/run.sh; readlink /data/local/tmp/tree/link") == "ran\nrun.sh\n"
    assert adb("pull", "-a", "/data/local/tmp/tree", str(tmp_path / "out")).returncode == 0
    assert (tmp_path / "out/zwei ä/日本/leer").read_bytes() == b""
    assert (tmp_path / "out/run.sh").stat().st_mtime == 1_000_000_000
    assert "日本" in adb.text("shell", "ls '/data/local/tmp/tree/zwei ä'")


def test_a_file_beyond_the_windows_comes_back_the_same(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """40 MB, more than any buffer on the way."""
    (tmp_path / "in").write_bytes(os.urandom(40_000_000))
    adb.text("push", str(tmp_path / "in"), "/data/local/tmp/large")
    adb.text("pull", "/data/local/tmp/large", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == (tmp_path / "in").read_bytes()
    adb.text("shell", "rm /data/local/tmp/large")


@pytest.mark.skipif("adb36" not in programs(), reason="adb 36 isn't here: adbutils carries it")
def test_delayed_acknowledgement_is_used_with_an_adb_that_has_it(home: Path, tmp_path: Path) -> None:
    """In its burst mode adb 36 and the device agree on the feature, and files, shells and sockets come through whole."""
    adb = Adb(programs()["adb36"], home)
    adb.environment |= {"ADB_BURST_MODE": "1"}
    adb("start-server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", adb.environment["ANDROID_ADB_SERVER_PORT"])
        info = lifecycle.start(name="burst", owner=True, wipe=True)
    try:
        adb.serial = info.serial
        adb.text("wait-for-device")
        assert "delayed_ack" in adb.text("features").split()
        data = os.urandom(20_000_000)
        (tmp_path / "in").write_bytes(data)
        adb.text("push", str(tmp_path / "in"), "/data/local/tmp/f")
        adb.text("pull", "/data/local/tmp/f", str(tmp_path / "out"))
        assert (tmp_path / "out").read_bytes() == data
        assert adb("shell", "cat", data=data).stdout == data
        adb.text("reverse", "localabstract:loop", "localabstract:nowhere")
    finally:
        adb.serial = ""
        lifecycle.stop(info)
        adb("kill-server")


def test_the_console_takes_its_commands_from_adb(adb: Adb, pixel: PixelInfo) -> None:
    """`adb emu` knows the token; what it sets is seen on the device."""
    adb("emu", "power", "capacity", "42")
    assert "  level: 42\n" in adb.text("shell", "dumpsys battery")
    assert adb.text("emu", "avd", "name").split() == [pixel.name, "OK"]


def test_the_console_and_the_transport_are_on_loopback_only(adb: Adb, pixel: PixelInfo) -> None:
    """Nothing of a device listens for other machines."""
    listening = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    places = {line.split()[1] for line in listening if line.split()[3] == "0A"}
    for port in (pixel.port, pixel.port + 1):
        assert f"0100007F:{port:04X}" in places
        assert f"00000000:{port:04X}" not in places


def test_a_server_that_opens_a_thousand_streams_disturbs_no_other(adb: Adb, pixel: PixelInfo) -> None:
    """It gets so many and a refusal for the rest; others are served meanwhile, and its processes end with it."""

    async def hoard(ready: threading.Event, leave: threading.Event) -> int:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", pixel.port + 1))
        await peer.connect()
        for number in range(1, 1001):
            name = b"shell:sleep 1000\0" if number % 20 == 0 else b"sync:\0"
            peer.send(Command.OPEN, number, 0, name)
        answers = [await peer.receive() for _ in range(1000)]
        ready.set()
        await asyncio.to_thread(leave.wait, DEADLINE_S)
        peer.writer.close()
        return sum(answer.command is Command.OKAY for answer in answers)

    ready, leave = threading.Event(), threading.Event()
    results: list[int] = []
    hoarding = threading.Thread(target=lambda: results.append(asyncio.run(hoard(ready, leave))))
    hoarding.start()
    try:
        assert ready.wait(DEADLINE_S)
        start = time.monotonic()
        assert adb.text("shell", "echo served") == "served\n"
        assert time.monotonic() - start < 5
    finally:
        leave.set()
        hoarding.join()
    assert results == [STREAMS_MAX]
    wait = "i=0; while ps -A -o ARGS | grep -q '[s]leep 1000'; do i=$((i+1)); [ $i -gt 200 ] && exit 1; sleep .1; done"
    assert adb("shell", wait).returncode == 0


HOSTILE = {
    "garbage": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    "wrong magic": struct.pack("<6I", Command.CNXN, 1, 1, 0, 0, 0),
    "over-long": struct.pack("<6I", Command.CNXN, 1, 1, 0xFFFFFFFF, 0, Command.CNXN ^ 0xFFFFFFFF),
    "half a packet": wire.pack_packet(wire.Packet(Command.CNXN, 0x01000001, 4096, b"host::"), with_checksum=True)[:-3],
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_breaks_the_protocol_is_dropped_and_logged(adb: Adb, pixel: PixelInfo, data: bytes) -> None:
    """The refusal is in the device's log; a shell that ran before runs on."""
    log = Path(pixel.state, lifecycle.LOG_NAME)
    before = log.read_text().count("connection refused")
    running = subprocess.Popen(
        adb.command("shell", "read line; echo $line"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=adb.environment,
    )
    with socket.create_connection(("127.0.0.1", pixel.port + 1), timeout=DEADLINE_S) as channel:
        channel.sendall(data)
        channel.shutdown(socket.SHUT_WR)
        assert channel.recv(1) == b""
    assert running.communicate(b"on\n", timeout=DEADLINE_S)[0] == b"on\n"
    assert log.read_text().count("connection refused") == before + 1
