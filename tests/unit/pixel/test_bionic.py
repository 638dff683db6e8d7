"""The layer that gives Android's native names to Linux: each function that differs, called by a library built for it."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal

import pytest

from harness.pixel.bionic_build import SOURCES, read_symbols, version_script
from harness.pixel.logcat import Buffer, Priority
from harness.pixel.native_crash import read_crash
from tests.elf import ElfLibrary
from tests.unit.pixel.native_layer import PROBE, NativeLayer

SYMBOLS = read_symbols((SOURCES / "symbols.txt").read_text())
SELF_CHECKING = [
    name
    for path in sorted(PROBE.glob("*.c"))
    for name in re.findall(r"^int (probe_\w+)\(void\) \{", path.read_text(), re.MULTILINE)
    if name not in ("probe_api_level", "probe_own_symbol")
]
"""Probes that return 0, or the line of what doesn't hold."""


@pytest.fixture(scope="module")
def answers(layer: NativeLayer) -> dict[str, int]:
    """What each of those probes returned, all in one process; those that change it last."""
    (layer.place / "properties").write_text("ro.product.model=Pixel 3 XL\nlog.tag.quiet=W\n")
    names = sorted(SELF_CHECKING, key=lambda name: ("environment" in name, name))
    done = layer.run(f"print(json.dumps({{name: getattr(probe, name)() for name in {names}}}))")
    assert done.returncode == 0, done.stderr
    result: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("name", SELF_CHECKING)
def test_functions_do_as_androids(answers: dict[str, int], name: str) -> None:
    """Values, errors, `errno` and sizes are Android's; a probe names the line of its source that isn't so."""
    assert answers[name] == 0, f"{name} stops at line {answers[name]} of its source"


def test_every_function_of_the_layers_own_is_called(layer: NativeLayer) -> None:
    """Whatever the layer answers itself, and doesn't hand to glibc as it comes, is called by the probe."""
    called = {symbol.name for symbol in ElfLibrary(layer.probe.read_bytes()).undefined}
    own = {symbol.name for symbol in SYMBOLS if symbol.own}
    for name in ("liblog.so", "libnativewindow.so"):
        symbols = ElfLibrary((layer.libraries / name).read_bytes()).symbols
        own |= {symbol.name for symbol in symbols if symbol.defined and not symbol.name.startswith("Java_")}
    own.discard("LIBNATIVEWINDOW")
    assert own - called == set()


def test_every_function_of_the_sources_is_in_the_list() -> None:
    """A function that a source defines for Android is published, and one that is published as the layer's own is defined."""
    text = "".join(path.read_text() for path in (*SOURCES.glob("*.c"), SOURCES / "jumps.S"))
    published = {symbol.name for symbol in SYMBOLS if symbol.own}
    defined = set(re.findall(r"\bbionic_(\w+)(?=\()", text)) | set(re.findall(r"\bbionic_(\w+)(?=[:,\n])", text))
    assert published - defined == set()
    assert defined - published == {"die", "resolve"}


def test_every_name_is_found(layer: NativeLayer) -> None:
    """Each name of the list is found by `dlsym`, as a library finds it, and none is glibc's own in its stead."""
    names = [symbol.name for symbol in SYMBOLS]
    assert layer.ask(f"[name for name in {names} if not probe.probe_symbol(name.encode())]") == []


def test_every_forwarded_name_is_there() -> None:
    """Each name that goes on to glibc exists in this host's glibc; none would be a call into nothing."""
    glibc = [ctypes.CDLL("libc.so.6"), ctypes.CDLL("libm.so.6")]
    forwarded = [each.name for each in SYMBOLS if not each.own]
    assert [name for name in forwarded if not any(hasattr(library, name) for library in glibc)] == []


@pytest.mark.parametrize(
    ("probe", "printed"),
    [("streams_of_old_android", "fprintf 7\nfputs\nfwrite\n"), ("streams_of_new_android", "stream\n")],
)
def test_streams_reach_standard_output(layer: NativeLayer, probe: str, printed: str) -> None:
    """A slot of `__sF`, as before API level 23, and the variable `stdout` are glibc's own streams."""
    assert layer.run(f"probe.probe_{probe}()").stdout == printed


@pytest.mark.parametrize(
    ("name", "expected"),
    [(0x27, os.sysconf("SC_PAGESIZE")), (0x28, os.sysconf("SC_PAGESIZE")), (0x61, os.sysconf("SC_NPROCESSORS_ONLN"))],
)
def test_sysconf_goes_by_androids_numbers(layer: NativeLayer, name: int, expected: int) -> None:
    """Android numbers the questions otherwise: 39 and 40 are the page size, 97 the processors."""
    assert layer.ask(f"probe.probe_sysconf({name})") == expected


def test_sysconf_refuses_what_it_does_not_know(layer: NativeLayer) -> None:
    """An unknown number is answered by -1, never by the value of glibc's like-numbered question."""
    assert layer.ask("probe.probe_sysconf(30)") == -1


def test_properties_come_from_the_devices_file(layer: NativeLayer) -> None:
    """A property is what the file's line says at the moment of the question; a name that only begins alike isn't it."""
    text = "ro.build.version.sdk=33\nro.product.model.x=no\nro.product.model=Pixel 3 XL\n"
    (layer.place / "properties").write_text(text)
    before = "text = ctypes.create_string_buffer(92); length = probe.probe_property(b'ro.product.model', text)"
    assert layer.ask("[length, text.value.decode(), probe.probe_api_level()]", before) == [10, "Pixel 3 XL", 33]


def test_the_api_level_is_always_answered(layer: NativeLayer) -> None:
    """Without a property file the API level is 34 and all else is empty: XNNPACK is lost without an answer."""
    (layer.place / "properties").unlink(missing_ok=True)
    before = "text = ctypes.create_string_buffer(92); length = probe.probe_property(b'ro.product.model', text)"
    assert layer.ask("[length, text.value.decode(), probe.probe_api_level()]", before) == [0, "", 34]


def test_log_records_are_logds(layer: NativeLayer) -> None:
    """Each way to log reaches logd's socket in logd's own format, in its buffer and with its priority."""
    with layer.log() as lines:
        assert layer.ask("probe.probe_log()") == 0
    assert lines == [
        (Buffer.main, Priority.I, "probe", "print 7"),
        (Buffer.main, Priority.W, "probe", "write"),
        (Buffer.system, Priority.E, "probe", "buffer"),
        (Buffer.crash, Priority.E, "probe", "to crash"),
        (Buffer.main, Priority.D, "probe", "list 8"),
        (Buffer.main, Priority.E, "syslog", "syslog 9"),
    ]


OVERFLOWS = {
    0: "memcpy: prevented 4-byte write into 3-byte buffer",
    1: "memmove: prevented 4-byte write into 3-byte buffer",
    2: "memset: prevented 4-byte write into 3-byte buffer",
    3: "memchr: prevented 4-byte read from 3-byte buffer",
    4: "strcpy: prevented 4-byte write into 3-byte buffer",
    5: "stpcpy: prevented 4-byte write into 3-byte buffer",
    6: "strcat: prevented 5-byte write into 4-byte buffer",
    7: "strncat: prevented 5-byte write into 4-byte buffer",
    8: "strncpy: prevented 4-byte write into 3-byte buffer",
    9: "stpncpy: prevented 4-byte write into 3-byte buffer",
    10: "strncpy: detected read past end of 3-byte buffer",
    11: "strlcpy: prevented 4-byte write into 3-byte buffer",
    12: "strlcat: prevented 4-byte write into 3-byte buffer",
    13: "strlen: detected read past end of buffer",
    14: "strchr: prevented read past end of buffer",
    15: "strrchr: prevented read past end of buffer",
    16: "read: prevented 4-byte write into 3-byte buffer",
    17: "write: prevented 4-byte read from 3-byte buffer",
    18: "fgets: prevented 4-byte write into 3-byte buffer",
    19: "fread: prevented 4-byte write into 3-byte buffer",
    20: "fwrite: prevented 4-byte read from 3-byte buffer",
    21: "FD_SET: file descriptor 1024 >= FD_SETSIZE 1024",
    22: "FD_CLR: file descriptor -1 < 0",
    23: "FD_ISSET: set size 8 is too small to be an fd_set",
}


def test_going_past_a_buffer_ends_the_process(layer: NativeLayer) -> None:
    """Each checked function that would run out of its buffer aborts with FORTIFY's words, as Android's."""
    forked = """
for number in range({count}):
    if os.fork() == 0:
        probe.probe_overflow(number)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == -6, number
"""
    with layer.log() as lines:
        done = layer.run(forked.format(count=len(OVERFLOWS)))
    assert done.returncode == 0, done.stderr
    said = [
        line for buffer, priority, tag, line in lines if (buffer, priority, tag) == (Buffer.main, Priority.F, "libc")
    ]
    assert said == [f"FORTIFY: {words}" for words in OVERFLOWS.values()]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (0, "told to"),
        (1, 'file.c:7: assertion "a == b" failed'),
        (2, 'file.c:7: f: assertion "a == b" failed'),
        (3, "1 is not 2"),
        (4, "Assertion failed: a == b"),
        (5, "Unspecified assertion failed"),
    ],
)
def test_an_abort_leaves_message_and_stack(layer: NativeLayer, how: int, message: str) -> None:
    """A library that ends the process leaves why, and the stack from the call on that ended it."""
    assert layer.run(f"probe.probe_end({how})").returncode == -signal.SIGABRT
    crash = read_crash(layer.place)
    assert crash is not None
    assert (crash.signal, crash.code, crash.message) == (signal.SIGABRT, "-6 (SI_TKILL)", message)
    assert crash.frames[0].startswith("#00 pc ")
    assert "libbionic_host.so" not in crash.frames[0]
    assert any("probe.so (probe_end+" in frame for frame in crash.frames[:2])


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
def test_the_gpu_of_opencl_has_no_processors_name(layer: NativeLayer, name: str) -> None:
    """The delegate chooses kernels by the name: `pocl` whatever the host's processor is, or what the property says."""
    (layer.place / "properties").write_text("" if name == "pocl" else f"debug.opencl.name={name}\n")
    done = layer.run(f"{OPENCL}\nprint([said(device, 0x102B), said(device, 0x102C)])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str([name, name])
