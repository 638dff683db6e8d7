"""The virtual Pixel under real adb clients and servers: Debian's 29 and Google's 36."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import IO

import pytest

from harness import wire
from harness.pixel.lifecycle import PixelInfo
from harness.wire import ShellId
from tests.integration.pixel.conftest import DEADLINE_S, Adb
from tests.tiny_apk import manifest, pack, sign


def test_the_device_is_listed_as_an_emulator(adb: Adb, pixel: PixelInfo) -> None:
    """By itself, as `device`, with its model; it tells that it is virtual."""
    lines = [line.split() for line in adb.text("devices", "-l").splitlines() if line.startswith(pixel.serial)]
    assert lines[0][:2] == [pixel.serial, "device"]
    assert "model:Pixel_3_XL" in lines[0]
    names = ("ro.kernel.qemu", "ro.hardware", "sys.boot_completed", "ro.build.version.sdk", "ro.product.cpu.abi")
    assert [adb.text("shell", "getprop", name).strip() for name in names] == ["1", "virtual", "1", "34", "x86_64"]


def test_the_shell_has_exit_codes_and_two_streams(adb: Adb, pixel: PixelInfo) -> None:
    """What a program prints on either stream, and its exit code, arrive as they were."""
    done = adb("shell", "id -u; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"2000\n", b"err\n")
    unknown = adb("shell", "no-such-command")
    assert unknown.returncode == 127
    assert b"inaccessible or not found" in unknown.stderr
    assert adb("shell", "kill -9 $$").returncode == 137


def test_standard_input_reaches_the_command_whole(adb: Adb, pixel: PixelInfo) -> None:
    """Megabytes in, the same out, and the end of input is told."""
    data = os.urandom(3_000_000)
    assert adb("exec-out", "head -c 0; cat /dev/zero | head -c 2000000").stdout == bytes(2_000_000)
    assert adb("shell", "sha256sum", data=data).stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_a_terminal_is_given_when_asked_for(adb: Adb, pixel: PixelInfo) -> None:
    """`-tt` gives a terminal to the command, `-T` doesn't."""
    assert adb("shell", "-tt", "test -t 0 && test -t 1 && echo yes").stdout.strip() == b"yes"
    assert adb("shell", "-T", "test -t 0 || echo no").stdout.strip() == b"no"


def test_the_shell_sees_the_device_and_nothing_of_the_host(adb: Adb, pixel: PixelInfo) -> None:
    """Android's folders, a read-only system, no folder of the host, no network, no process of the host."""
    top = adb.text("shell", "ls", "/").split()
    assert {"data", "sdcard", "system", "storage"} <= set(top)
    assert not {"home", "root", "work", "var"} & set(top)
    assert adb("shell", "echo x > /system/bin/sh").returncode != 0
    assert adb("shell", "ls /data/data").returncode != 0
    assert adb.text("shell", "cat /proc/net/dev | wc -l").strip() == "3"
    assert set(adb.text("shell", "ps -A -o NAME").split()) <= {"NAME", "init", "sh", "ps"}


def test_a_pushed_file_comes_back_the_same(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """Through folders that are made on the way, and through the shell's own eyes."""
    data = os.urandom(5_000_000)
    (tmp_path / "in").write_bytes(data)
    assert adb("push", str(tmp_path / "in"), "/sdcard/Download/new/f").returncode == 0
    digest = adb.text("shell", "sha256sum /sdcard/Download/new/f").split()[0]
    assert adb("pull", "/sdcard/Download/new", str(tmp_path / "out")).returncode == 0
    assert digest == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "out/f").read_bytes() == data


def test_what_can_not_be_pushed_or_pulled_is_an_error(adb: Adb, pixel: PixelInfo, tmp_path: Path) -> None:
    """A read-only place, the host's files behind a planted link, and what isn't there."""
    (tmp_path / "in").write_bytes(b"x")
    assert adb("push", str(tmp_path / "in"), "/system/bin/evil").returncode != 0
    assert adb("pull", "/data/local/tmp/nothing", str(tmp_path / "out")).returncode != 0
    adb("shell", f"ln -s {tmp_path / 'in'} /data/local/tmp/link")
    assert adb("pull", "/data/local/tmp/link", str(tmp_path / "out")).returncode != 0
    assert not (tmp_path / "out").exists()


def open_service(adb: Adb, service: str) -> socket.socket:
    """A stream of the device's, through the adb server, with no adb client between."""
    port = int(adb.environment["ANDROID_ADB_SERVER_PORT"])
    stream = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
    for request in (f"host:transport:{adb.serial}", service):
        stream.sendall(wire.pack_host(request))
        assert stream.recv(4, socket.MSG_WAITALL) == b"OKAY"
    return stream


def test_the_old_shell_merges_its_streams_and_ends(adb: Adb, pixel: PixelInfo) -> None:
    """`shell:` without frames, as pure-Python clients use it: both streams in one, end of stream at the end."""
    with open_service(adb, "shell:echo out; echo err >&2; exit 3") as stream, stream.makefile("rb") as text:
        assert text.read() == b"out\nerr\n"
    with open_service(adb, "exec:cat > /data/local/tmp/fed") as stream:
        stream.sendall(b"fed")
    wait = "i=0; while [ ! -s /data/local/tmp/fed ]; do i=$((i+1)); [ $i -gt 200 ] && exit 1; sleep .05; done"
    assert adb.text("shell", f"{wait}; cat /data/local/tmp/fed") == "fed"


def test_a_terminal_takes_sizes_and_signals(adb: Adb, pixel: PixelInfo) -> None:
    """An interactive shell: its window is resized, Ctrl-C interrupts its command, and it goes on."""
    with open_service(adb, "shell,v2,TERM=xterm,pty:") as stream, stream.makefile("rb") as frames:
        stream.sendall(wire.pack_shell(ShellId.WINDOW_SIZE, b"40x132,0x0\0"))
        stream.sendall(wire.pack_shell(ShellId.STDIN, b"stty size; echo $TERM; echo re''ady; sleep 1000\n"))
        seen = b""
        while b"ready\r\n" not in seen:
            seen += read_frame(frames)[1]
        assert b"40 132\r\n" in seen
        assert b"xterm\r\n" in seen
        stream.sendall(wire.pack_shell(ShellId.STDIN, b"\x03"))
        stream.sendall(wire.pack_shell(ShellId.STDIN, b"exit 5\n"))
        kind, payload = read_frame(frames)
        while kind is not ShellId.EXIT:
            kind, payload = read_frame(frames)
        assert payload == b"\x05"


def read_frame(frames: IO[bytes]) -> tuple[ShellId, bytes]:
    kind, length = wire.parse_shell_header(frames.read(wire.SHELL_HEADER.size))
    return kind, frames.read(length)


@pytest.mark.parametrize("flags", [[], ["--no-streaming"]])
def test_a_signed_apk_is_installed_and_uninstalled(adb: Adb, pixel: PixelInfo, apk: Path, flags: list[str]) -> None:
    """Both ways of adb, found by `pm`, its libraries unpacked, gone after uninstall."""
    done = adb("install", *flags, str(apk))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, b"Success")
    path = adb.text("shell", "pm", "path", "dev.tiny").strip().removeprefix("package:")
    assert adb.text("shell", f"cat {path.removesuffix('base.apk')}lib/x86_64/liba.so") == "code"
    assert "package:dev.tiny" in adb.text("shell", "pm", "list", "packages", "-3").split()
    assert "instrumentation:dev.tiny/dev.tiny.Probe (target=dev.tiny)" in adb.text(
        "shell", "pm", "list", "instrumentation"
    )
    assert "versionCode=1 " in adb.text("shell", "dumpsys", "package", "dev.tiny")
    assert adb.text("shell", "run-as", "dev.tiny", "pwd").strip() == "/data/data/dev.tiny"
    assert adb.text("shell", "run-as", "dev.tiny", "id").startswith("uid=10100(u0_a100) gid=10100(u0_a100)")
    adb.text("shell", "run-as dev.tiny sh -c 'echo kept > files/f; test -O files/f'")
    assert adb.text("shell", "run-as", "dev.tiny", "cat", "files/f") == "kept\n"
    assert adb.text("uninstall", "dev.tiny").strip() == "Success"
    assert adb("shell", "pm", "path", "dev.tiny").returncode == 1


def refusal(adb: Adb, apk: Path, *flags: str) -> str:
    """Android's code in the output of an install that must fail."""
    done = adb("install", *flags, str(apk))
    output = (done.stdout + done.stderr).decode()
    assert done.returncode != 0 or "Failure [" in output
    return output.partition("Failure [")[2].partition(":")[0].partition("]")[0]


def test_an_apk_whose_signature_does_not_hold_is_refused(
    adb: Adb, pixel: PixelInfo, apk: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """Changed after signing, never signed, or signed by another than the installed one."""
    broken = tmp_path / "broken.apk"
    broken.write_bytes(apk.read_bytes().replace(b"code", b"evil"))
    assert refusal(adb, broken) == "INSTALL_PARSE_FAILED_NO_CERTIFICATES"
    assert refusal(adb, pack(tmp_path / "unsigned.apk")) == "INSTALL_PARSE_FAILED_NO_CERTIFICATES"
    assert refusal(adb, sign(pack(tmp_path / "arm.apk", files={"lib/arm64-v8a/a.so": b"1"}), keys[0])) == (
        "INSTALL_FAILED_NO_MATCHING_ABIS"
    )
    adb.text("install", str(apk))
    other = sign(pack(tmp_path / "other.apk", manifest(version=2)), keys[1])
    assert refusal(adb, other, "-r") == "INSTALL_FAILED_UPDATE_INCOMPATIBLE"
    adb.text("uninstall", "dev.tiny")


def test_sessions_install_what_was_written_into_them(adb: Adb, pixel: PixelInfo, apk: Path) -> None:
    """`pm install-create`, `-write`, `-commit`, as scripts use them."""
    adb.text("push", str(apk), "/data/local/tmp/s.apk")
    number = adb.text("shell", "pm install-create -r").partition("[")[2].partition("]")[0]
    assert "Success" in adb.text(
        "shell", f"pm install-write -S {apk.stat().st_size} {number} base /data/local/tmp/s.apk"
    )
    assert adb.text("shell", f"pm install-commit {number}").strip() == "Success"
    adb.text("uninstall", "dev.tiny")


def test_logcat_follows_until_its_client_goes(adb: Adb, pixel: PixelInfo) -> None:
    """Lines come as they are written; when the client is killed, no logcat is left on the device."""
    following = adb.start("logcat", "-v", "brief", "-s", "mine")
    try:
        adb.text("shell", "log -t mine -p w hello; log -t other no")
        assert following.stdout is not None
        lines = [following.stdout.readline(), following.stdout.readline()]
        assert lines[0].startswith(b"--------- beginning of main")
        assert lines[1].startswith(b"W/mine ")
        assert lines[1].endswith(b": hello\n")
    finally:
        following.kill()
        following.communicate()
    assert (
        adb(
            "shell", "i=0; while pidof logcat >/dev/null; do i=$((i+1)); [ $i -gt 200 ] && exit 1; sleep .05; done"
        ).returncode
        == 0
    )


def test_a_command_ends_with_its_client(adb: Adb, pixel: PixelInfo) -> None:
    """A shell whose client is killed doesn't go on on the device."""
    running = adb.start("shell", "echo started; sleep 1000")
    assert running.stdout is not None
    assert running.stdout.readline() == b"started\n"
    assert adb("shell", "pidof sleep").returncode == 0
    running.kill()
    running.communicate()
    wait = "i=0; while ps -A -o ARGS | grep -q '[s]leep 1000'; do i=$((i+1)); [ $i -gt 200 ] && exit 1; sleep .05; done"
    assert adb("shell", wait).returncode == 0


def test_the_home_screen_is_a_png_of_the_screens_size(adb: Adb, pixel: PixelInfo) -> None:
    """`screencap -p` with no app in front."""
    picture = adb("exec-out", "screencap", "-p").stdout
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (1440, 2960)


def test_an_idle_device_is_small(adb: Adb, pixel: PixelInfo) -> None:
    """Resident memory of the device's process, after all that the tests above did, in kB."""
    status = Path(f"/proc/{pixel.pid}/status").read_text(encoding="ascii")
    resident = int(status.partition("VmRSS:")[2].split()[0])
    assert resident < 80_000
