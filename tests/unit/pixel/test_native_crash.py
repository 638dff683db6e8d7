"""What is read from the reports of processes that native code ended."""

from __future__ import annotations

import signal
from pathlib import Path

from harness.pixel.native_crash import JVM_REPORT, LAYER_REPORT, NativeCrash, parse_jvm_report, read_crash

HOTSPOT = """\
#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f4dd9a2b1c4, pid=17, tid=42
#
# Problematic frame:
# C  [libtensorflowlite_jni.so+0x2b1c4]

---------------  T H R E A D  ---------------

Current thread (0x00007f4de8000b60):  JavaThread "Instr: .Run" [_thread_in_native, id=42, stack(0x1,0x2)]

Stack: [0x00007f4ddc000000,0x00007f4ddc100000],  sp=0x00007f4ddc0fe8a0,  free space=1018k
Native frames: (J=compiled Java code, j=interpreted, Vv=VM code, C=native code)
C  [libtensorflowlite_jni.so+0x2b1c4]
C  [libtensorflowlite_jni.so+0x1fe00]  Java_org_tensorflow_lite_NativeInterpreterWrapper_run+0x20
j  org.tensorflow.lite.NativeInterpreterWrapper.run(JJ)V+0

Java frames: (J=compiled Java code, j=interpreted, Vv=VM code)
J 412 c1 dev.tfliteharness.Trials.run()V (30 bytes) @ 0x00007f4dd8 [0x00007f4dd7+0x1]
v  ~StubRoutines::call_stub

siginfo: si_signo: 11 (SIGSEGV), si_code: 1 (SEGV_MAPERR), si_addr: 0x0000000000000010
"""


def test_a_hotspot_report_becomes_signal_thread_address_and_frames() -> None:
    """Native frames come first, then the Java ones; offsets and symbols are kept."""
    crash = parse_jvm_report(HOTSPOT)
    assert crash is not None
    assert (crash.signal, crash.tid, crash.thread) == (signal.SIGSEGV, 42, "Instr: .Run")
    assert crash.fault_address == "0x0000000000000010"
    assert crash.frames == (
        "#00 pc 000000000002b1c4  libtensorflowlite_jni.so",
        "#01 pc 000000000001fe00  libtensorflowlite_jni.so"
        " (Java_org_tensorflow_lite_NativeInterpreterWrapper_run+0x20)",
        "#02 pc 0000000000000000  [java] org.tensorflow.lite.NativeInterpreterWrapper.run(JJ)V+0",
        "#03 pc 0000000000000000  [java] dev.tfliteharness.Trials.run()V",
    )


def test_a_report_without_a_signal_is_no_crash() -> None:
    """A JVM that gave up for want of memory was struck by no signal."""
    assert parse_jvm_report("# There is insufficient memory for the Java Runtime Environment to continue.\n") is None


def test_the_layers_own_report_tells_of_an_abort(tmp_path: Path) -> None:
    """Thread, message of several lines, and frames are read from what `abort` left."""
    (tmp_path / LAYER_REPORT).write_text(
        "thread 7 worker one\nmessage check failed: a == b\nframe #00 pc 0000000000000010  /data/app/x/libx.so (f+4)\n"
    )
    assert read_crash(tmp_path) == NativeCrash(
        signal=signal.SIGABRT,
        tid=7,
        thread="worker one",
        message="check failed: a == b",
        fault_address="--------",
        frames=("#00 pc 0000000000000010  /data/app/x/libx.so (f+4)",),
    )


def test_the_layers_report_counts_before_the_jvms(tmp_path: Path) -> None:
    """An abort that the layer saw is told with its message, even where the JVM wrote of it too."""
    (tmp_path / LAYER_REPORT).write_text("thread 1 main\n")
    (tmp_path / JVM_REPORT).write_text(HOTSPOT)
    crash = read_crash(tmp_path)
    assert crash is not None
    assert crash.signal == signal.SIGABRT


def test_no_report_is_no_crash(tmp_path: Path) -> None:
    """A process that left nothing behind died of something else."""
    assert read_crash(tmp_path) is None
