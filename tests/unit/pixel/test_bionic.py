"""The layer that gives Android's native names to Linux: each function that differs, asked by a library built for it."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.pixel.bionic_build import SOURCES, compile_bionic, read_symbols, version_script
from harness.pixel.logcat import Buffer, Priority, parse_datagram
from harness.pixel.native_crash import LAYER_REPORT, read_crash
from harness.pixel.runtime_build import find_jdk

PROBE = Path(__file__).with_name("android_probe.c")
ASK = """
import ctypes, json, os, sys
probe = ctypes.CDLL(sys.argv[1], mode=os.RTLD_LOCAL)
{body}
"""

Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiled layer (`lib64`), the probe, and what stands for the device's files."""
    place = tmp_path_factory.mktemp("bionic")
    defines = {"PROPERTY_FILE": str(place / "properties"), "LOG_SOCKET": str(place / "logdw")}
    compile_bionic(place / "lib64", jdk=find_jdk(), defines=defines)
    libraries = [str(place / "lib64" / name) for name in ("libc.so", "libm.so", "libdl.so", "liblog.so")]
    command = ["gcc", "-shared", "-fPIC", "-O1", "-nostdlib", "-ffreestanding", "-fno-builtin"]
    subprocess.run([*command, "-o", place / "probe.so", PROBE, *libraries], check=True)
    return place


def run(place: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run Python statements that may use `probe`, the loaded library, in a process with the layer on its path."""
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(place / "lib64"),
        "PIXEL_CRASH_REPORT": str(place / LAYER_REPORT),
    }
    command = [sys.executable, "-c", ASK.format(body=body), str(place / "probe.so")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def ask(place: Path) -> Ask:
    """The value of an expression over `probe`."""

    def asked(expression: str, before: str = "") -> Any:
        done = run(place, f"{before}\nprint(json.dumps({expression}))")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return asked


def test_errno_is_the_callers_own(ask: Ask) -> None:
    """A failed `close` leaves EBADF where Android's `__errno` points."""
    assert ask("probe.probe_errno()") == 9


def test_streams_of_old_android_reach_standard_output(place: Path) -> None:
    """A `FILE*` that is a slot of `__sF`, as before API level 23, is glibc's own stream, whichever argument it is."""
    assert run(place, "probe.probe_old_stdout()").stdout == "fprintf 7\nfputs\nfwrite\n"


def test_stdout_is_a_stream(place: Path) -> None:
    """The variable `stdout`, as since API level 23, is a stream that can be written to."""
    assert run(place, "probe.probe_new_stdout()").stdout == "stream\n"


def test_strerror_r_is_the_posix_form(ask: Ask) -> None:
    """`strerror_r` returns 0 and fills the buffer; glibc's other form would return a pointer."""
    before = "text = ctypes.create_string_buffer(64); result = probe.probe_strerror(text, 64)"
    assert ask("[result, text.value.decode()]", before) == [0, "No such file or directory"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [(0x27, os.sysconf("SC_PAGESIZE")), (0x28, os.sysconf("SC_PAGESIZE")), (0x61, os.sysconf("SC_NPROCESSORS_ONLN"))],
)
def test_sysconf_goes_by_androids_numbers(ask: Ask, name: int, expected: int) -> None:
    """Android numbers the questions otherwise: 39 and 40 are the page size, 97 the processors."""
    assert ask(f"probe.probe_sysconf({name})") == expected


def test_sysconf_refuses_what_it_does_not_know(ask: Ask) -> None:
    """An unknown number is answered by -1, never by the value of glibc's like-numbered question."""
    assert ask("probe.probe_sysconf(30)") == -1


def test_aligned_memory_is_good_for_the_hosts_widest_vectors(ask: Ask) -> None:
    """XNNPACK's kernels for AVX-512 load from what it asked at 32 bytes; an alignment that is none is refused as ever."""
    assert ask("probe.probe_aligned()") == 32
    assert ask("probe.probe_misaligned()") == 22


def test_signal_sets_are_eight_bytes(ask: Ask) -> None:
    """Filling or reading a set touches its 8 bytes and no more; glibc would write 128."""
    before = "three = (ctypes.c_uint64 * 3)(1, 2, 3); member = probe.probe_sigset(three)"
    assert ask("[member, three[0], three[1], three[2]]", before) == [1, 1, 1 << 11, 3]


def test_sigaction_has_androids_order_of_fields(ask: Ask) -> None:
    """A handler that is set by Android's struct is called, and read back from it."""
    assert ask("probe.probe_sigaction()") == 10


def test_default_lookup_searches_the_callers_own_library(ask: Ask) -> None:
    """`dlsym(RTLD_DEFAULT, …)` finds a symbol of the asking library though it was loaded locally, as by a JVM."""
    assert ask("probe.probe_default_lookup()") == 41


def test_properties_come_from_the_devices_file(ask: Ask, place: Path) -> None:
    """A property is what the file's line says at the moment of the question; a name that only begins alike isn't it."""
    (place / "properties").write_text("ro.build.version.sdk=33\nro.product.model.x=no\nro.product.model=Pixel 3 XL\n")
    before = "text = ctypes.create_string_buffer(92); length = probe.probe_property(b'ro.product.model', text)"
    assert ask("[length, text.value.decode(), probe.probe_api_level()]", before) == [10, "Pixel 3 XL", 33]


def test_the_api_level_is_always_answered(ask: Ask, place: Path) -> None:
    """Without a property file the API level is 34 and all else is empty: XNNPACK is lost without an answer."""
    (place / "properties").unlink(missing_ok=True)
    before = "text = ctypes.create_string_buffer(92); length = probe.probe_property(b'ro.product.model', text)"
    assert ask("[length, text.value.decode(), probe.probe_api_level()]", before) == [0, "", 34]


def test_log_records_are_logds(place: Path) -> None:
    """A line reaches logd's socket as one datagram in logd's own format."""
    (place / "logdw").unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logd:
        logd.bind(str(place / "logdw"))
        logd.settimeout(10)
        run(place, "probe.probe_log(7)")
        buffer, priority, thread, _, tag, message = parse_datagram(logd.recv(4096))
    assert (buffer, priority, tag, message) == (Buffer.main, Priority.I, "probe", "number 7")
    assert thread > 0


def test_semaphores_fit_in_sixteen_bytes(ask: Ask) -> None:
    """Counting, refusing and timing out work in Android's 16 bytes; what lies behind them stays."""
    assert ask("probe.probe_semaphore()") == 0


def test_jumps_fit_in_eighty_bytes(ask: Ask) -> None:
    """`longjmp` comes back with its value, and `setjmp` writes within Android's 80 bytes."""
    assert ask("probe.probe_jump()") == 5


def test_strlcpy_cuts_and_tells_the_length(ask: Ask) -> None:
    """`strlcpy` ends what it cut with a zero and returns the length that it would have needed."""
    before = "text = ctypes.create_string_buffer(b'zzzzzz'); length = probe.probe_strlcpy(text, 4)"
    assert ask("[length, text.value.decode()]", before) == [6, "abc"]


def test_reading_past_a_buffer_ends_the_process(place: Path) -> None:
    """A checked `strlen` that would run out of its buffer aborts, as Android's FORTIFY does."""
    assert run(place, "probe.probe_overflow()").returncode == -signal.SIGABRT


def test_abort_leaves_message_and_stack(place: Path) -> None:
    """A library that aborts leaves the message that it had set, and its own frame first."""
    assert run(place, "probe.probe_abort()").returncode == -signal.SIGABRT
    crash = read_crash(place)
    assert crash is not None
    assert (crash.signal, crash.message) == (signal.SIGABRT, "told to")
    assert "probe.so (probe_abort+" in crash.frames[0]


def test_every_forwarded_name_is_there() -> None:
    """Each name that goes on to glibc exists in this host's glibc; none would be a call into nothing."""
    glibc = [ctypes.CDLL("libc.so.6"), ctypes.CDLL("libm.so.6")]
    forwarded = [each.name for each in read_symbols((SOURCES / "symbols.txt").read_text()) if not each.own]
    assert [name for name in forwarded if not any(hasattr(library, name) for library in glibc)] == []


@pytest.mark.parametrize("text", ["malloc\nmalloc\n", "malloc LIBC_Z\n", "malloc somehow\n", "fwrite file=9\n"])
def test_a_symbol_list_with_a_mistake_is_refused(text: str) -> None:
    """A name that is listed twice, an unknown version node and an unknown way are errors."""
    with pytest.raises(ValueError, match=r"symbols\.txt"):
        read_symbols(text)


def test_names_stand_under_their_version() -> None:
    """A name is published under the node that the list gives, and each later node inherits the one before."""
    script = version_script(read_symbols("malloc\nmblen LIBC_O\n"))
    assert "LIBC { global: __sF; stdin; stdout; stderr; timezone; daylight; tzname; environ; malloc;" in script
    assert "LIBC_O { global: mblen;" in script
    assert script.splitlines()[2].endswith("} LIBC_N;")


OPENCL = """
cl = ctypes.CDLL("libOpenCL.so")
def asked(platform, kind):
    device = ctypes.c_void_p()
    assert cl.clGetDeviceIDs(platform, ctypes.c_uint64(kind), 1, ctypes.byref(device), None) == 0
    return device
def said(device, what):
    text = ctypes.create_string_buffer(100)
    assert cl.clGetDeviceInfo(device, what, ctypes.c_size_t(100), text, None) == 0
    return text.value.decode()
platform = ctypes.c_void_p()
assert cl.clGetPlatformIDs(1, ctypes.byref(platform), None) == 0
device = asked(platform, 1 << 2)  # CL_DEVICE_TYPE_GPU
"""


@pytest.mark.parametrize("name", ["pocl", "Mali-G78"])
def test_the_gpu_of_opencl_has_no_processors_name(place: Path, name: str) -> None:
    """The delegate chooses kernels by the name: `pocl` whatever the host's processor is, or what the property says."""
    (place / "properties").write_text("" if name == "pocl" else f"debug.opencl.name={name}\n")
    done = run(place, f"{OPENCL}\nprint([said(device, 0x102B), said(device, 0x102C)])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str([name, name])
