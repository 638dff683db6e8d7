"""An app's process for real: the APK's own classes and libraries, on the framework, in the device's root."""

from __future__ import annotations

import array
import asyncio
import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.app.bundle import Bundle
from harness.app.direct import BuiltApk
from harness.pixel.hardware import Battery, BatteryStatus, Hardware, ThermalStatus
from harness.pixel.logcat import Buffer
from harness.pixel.profile import PIXEL_3_XL
from harness.pixel.root import build_root
from harness.pixel.runtime_build import Runtime, convert_dex, find_jdk, prepare_runtime
from tests.integration.installed_app import NAME, Event, Installed, Log, Ran, install, perform, start
from tests.integration.probe_app import PROBE, build_probe

RUN = f"{NAME}/.ProbeInstrumentation"


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    """The runtime, prepared."""
    return prepare_runtime(PIXEL_3_XL.sdk)


@pytest.fixture(scope="module")
def probe_apk(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> BuiltApk:
    """The probe app, built like the app itself, with the small model."""
    return build_probe(small_bundle, tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device's root, which the tests of this module share."""
    root = tmp_path_factory.mktemp("device")
    build_root(root)
    (root / "dev/__properties__/properties").write_text("ro.product.model=Pixel 3 XL\n")
    return root


@pytest.fixture(scope="module")
def probe(device: Path, probe_apk: BuiltApk, runtime: Runtime) -> Installed:
    """The probe app, installed, with a library of its own beside TensorFlow Lite's."""
    package = install(device, probe_apk.path)
    libraries = device / "data/app" / NAME / "lib/x86_64"
    jdk = find_jdk() / "include"
    names = [str(runtime.folder / "lib64" / name) for name in ("libc.so", "liblog.so")]
    flags = [
        "-shared",
        "-fPIC",
        "-O1",
        "-fno-optimize-sibling-calls",
        "-nostdlib",
        "-fno-builtin",
        f"-I{jdk}",
        f"-I{jdk}/linux",
    ]
    subprocess.run(["gcc", *flags, "-o", libraries / "libprobe.so", PROBE / "probe.c", *names], check=True)
    return package


@pytest.fixture
def run(device: Path, probe: Installed, runtime: Runtime) -> Iterator[Callable[..., Ran]]:
    """Runs the probe's process through commands, each sent when the one before was answered, then stops it."""
    with Log(device / "dev/socket/logdw") as log:

        def act(*commands: Event) -> Ran:
            return asyncio.run(perform(device, probe, runtime, log, commands))

        yield act


def instrument(what: str, **more: str) -> Event:
    return {"do": "instrument", "component": RUN, "args": {"do": what, **more}}


def test_an_app_finds_itself_on_a_pixel(run: Callable[..., Ran], probe_apk: BuiltApk, device: Path) -> None:
    """Folders, make, screen, battery, time, assets and pictures are what Android would tell on that device."""
    ran = run(instrument("facts", word="zwölf\n"))
    facts = ran.event("finish")["values"]
    assert ran.status == 0
    assert ran.event("finish")["code"] == -1
    assert ran.event("status")["values"] == {"argument": "zwölf\n"}
    assert facts["files"] == f"/data/user/0/{NAME}/files"
    assert facts["card"] == f"/storage/emulated/0/Android/data/{NAME}/files"
    assert (device / "storage/emulated/0/Android/data" / NAME / "files").is_dir()
    assert facts["make"] == "Google|Pixel 3 XL|crosshatch|virtual"
    assert facts["fingerprint"] == PIXEL_3_XL.fingerprint
    assert (facts["abi"], facts["sdk"], facts["uid"]) == ("x86_64", "34", "10123")
    assert facts["pid"] == str(ran.event("ready")["pid"])
    assert (facts["thermal"], facts["battery"], facts["capacity"]) == ("0", "250", "100")
    assert facts["memory"] == str(4 << 30)
    assert (facts["screen"], facts["refresh"]) == ("1440x2960@560", "60.0")
    assert facts["label"] == "Probe"
    assert 50_000 < int(facts["pss"]) < 1_000_000
    assert int(facts["clocks_apart_us"]) < 1000
    assert 150 <= int(facts["slept_ms"]) < 1000
    assert 150 <= int(facts["delayed_ms"]) < 1000
    with zipfile.ZipFile(probe_apk.path) as archive:
        size = archive.getinfo("assets/models/small/fp32.tflite").file_size
    assert facts["asset"] == f"TFL3 {size}"
    assert facts["photo"] == "48x32 ff141880"


def test_java_and_native_lines_keep_their_order(run: Callable[..., Ran]) -> None:
    """Lines that Java and a library write in turn arrive in turn, and none is lost."""
    ran = run(instrument("native"))
    assert ran.log.of("probe") == [f"{who} {line}" for line in range(200) for who in ("java", "native")]


def test_an_app_is_told_of_heat_and_power(run: Callable[..., Ran]) -> None:
    """Thermal listeners hear what is and what becomes, each on its executor; receivers, the battery and what it crosses."""
    hardware = Hardware(PIXEL_3_XL.memory)

    def become(**changes: Any) -> Event:
        hardware.change(replace(hardware.now, **changes))
        return {"do": "hardware", "facts": hardware.facts()}

    ran = run(
        instrument("watch"),
        become(thermal=ThermalStatus.severe),
        become(battery=Battery(ac=False, level=50, status=BatteryStatus.discharging)),
        become(battery=Battery(ac=False, level=10, status=BatteryStatus.discharging)),
        become(battery=Battery(ac=True, level=30)),
        {"do": "screencap", "path": "/data/none"},  # the main thread answers that there is nothing on the screen
    )
    lines = ran.log.of("probe")
    assert [line for line in lines if "no more" in line] == ["thermal 0 and no more"]
    assert [line for line in lines if "on main" in line] == ["thermal 0 on main", "thermal 3 on main"]
    assert [line for line in lines if "at once" in line] == [
        "thermal 0 at once, headroom 0.5", f"thermal 3 at once, headroom {1 + 0.5 / 30:.7f}",
    ]  # fmt: skip
    assert [line for line in lines if not line.startswith("thermal")] == [
        "BATTERY_CHANGED 100", "BATTERY_CHANGED 50", "ACTION_POWER_DISCONNECTED", "BATTERY_CHANGED 10", "BATTERY_LOW",
        "BATTERY_CHANGED 30", "ACTION_POWER_CONNECTED", "BATTERY_OKAY",
    ]  # fmt: skip


def test_an_uncaught_exception_is_a_crash(run: Callable[..., Ran]) -> None:
    """Its stack goes to the crash buffer; the event names the innermost cause, as Android does; the process ends by itself."""
    ran = run(instrument("crash"))
    crash = ran.event("crash")
    lines = [message for buffer, _, tag, message in ran.log.lines if (buffer, tag) == (Buffer.crash, "AndroidRuntime")]
    assert ran.status == 10
    assert (crash["id"], crash["class"], crash["message"]) == (1, "java.io.IOException", "the cause")
    assert "Caused by: java.io.IOException: the cause" in crash["stack"]
    assert "ProbeInstrumentation.onStart(ProbeInstrumentation.java:" in crash["stack"]
    assert lines[0].startswith("FATAL EXCEPTION: Instr: ")
    assert lines[1] == f"Process: {NAME}, PID: {ran.event('ready')['pid']}"
    assert lines[2] == "java.lang.IllegalStateException: told to"


def test_an_exception_on_the_main_thread_is_a_crash(run: Callable[..., Ran]) -> None:
    """What `onCreate` throws ends the process, as nobody catches it there."""
    ran = run(instrument("crash main"))
    assert ran.status == 10
    assert (ran.event("crash")["thread"], ran.event("crash")["message"]) == ("main", "told to, in onCreate")


PROBED = "libprobe.so (Java_dev_tfliteharness_ProbeInstrumentation_probe+"
FAULTS = [
    pytest.param(-1, "SIGSEGV", "1 (SEGV_MAPERR)", PROBED, id="null pointer"),
    pytest.param(-3, "SIGSEGV", "2 (SEGV_ACCERR)", "libprobe.so (probe_deeper+", id="stack of a Java thread"),
    pytest.param(
        -7, "SIGSEGV", "2 (SEGV_ACCERR)", "libprobe.so (probe_deeper+", id="own stack", marks=pytest.mark.slow
    ),
    pytest.param(-4, "SIGFPE", "1 (FPE_INTDIV)", PROBED, id="division", marks=pytest.mark.slow),
    pytest.param(-5, "SIGILL", "2 (ILL_ILLOPN)", PROBED, id="trap", marks=pytest.mark.slow),
    pytest.param(-6, "SIGBUS", "2 (BUS_ADRERR)", PROBED, id="lost page", marks=pytest.mark.slow),
    pytest.param(-9, "SIGSEGV", "1 (SEGV_MAPERR)", "libc.so.6", id="in libc", marks=pytest.mark.slow),
    pytest.param(
        -10, "SIGSEGV", "1 (SEGV_MAPERR)", "pc 0000000000000000  <unknown>", id="jump", marks=pytest.mark.slow
    ),
]


@pytest.mark.parametrize(("number", "name", "code", "frame"), FAULTS)
def test_a_fault_in_a_library_is_told_as_android_tells_it(
    run: Callable[..., Ran], number: int, name: str, code: str, frame: str
) -> None:
    """Null pointers, divisions, traps, lost pages, both kinds of stack overflow: signal, code, and the innermost frame."""
    ran = run(instrument("probe", number=str(number)))
    crash = ran.event("crash")
    assert ran.status == 128 + signal.Signals[name]
    assert (crash["class"], crash["code"]) == (name, code)
    assert frame in crash["frames"][0]
    assert any("libprobe.so" in each and "(BuildId: " in each for each in crash["frames"])
    said = [line for buffer, _, tag, line in ran.log.lines if (buffer, tag) == (Buffer.crash, "libc")]
    assert said[0].startswith(f"Fatal signal {signal.Signals[name]:d} ({name}), code {code}, fault addr 0x")


def test_a_null_pointer_in_a_library_is_told_with_its_frames(run: Callable[..., Ran]) -> None:
    """The address is reported, and behind the library's own frames stand those of Java."""
    crash = run(instrument("probe", number="-1")).event("crash")
    assert int(crash["fault_address"], 16) == 16
    assert any("ProbeInstrumentation.onStart" in frame for frame in crash["frames"])
    assert [frame.split()[0] for frame in crash["frames"]] == [f"#{index:02d}" for index in range(len(crash["frames"]))]


ABORTS = [
    pytest.param(-2, "told to abort", id="its own"),
    pytest.param(-8, "1 is not 2", id="assertion", marks=pytest.mark.slow),
    pytest.param(-11, "", id="heap", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("number", "message"), ABORTS)
def test_a_library_that_aborts_is_told_with_its_message(run: Callable[..., Ran], number: int, message: str) -> None:
    """Its own abort, a failed assertion and the heap's: the message and the library's frame are reported, and logged."""
    ran = run(instrument("probe", number=str(number)))
    crash = ran.event("crash")
    assert ran.status == 128 + signal.SIGABRT
    assert (crash["class"], crash["code"], crash["message"]) == ("SIGABRT", "-6 (SI_TKILL)", message)
    assert any("libprobe.so (Java_dev_tfliteharness_ProbeInstrumentation_probe" in frame for frame in crash["frames"])
    assert any(line.startswith("Fatal signal 6 (SIGABRT)") for line in ran.log.of("libc"))


def test_what_androids_linker_refuses_an_app_is_told(run: Callable[..., Ran], probe: Installed, device: Path) -> None:
    """`System.loadLibrary` and `load` throw what Android throws, and the process lives on; what is right loads."""
    folder = device / "data/app" / NAME / "lib/x86_64"
    whole = (folder / "libprobe.so").read_bytes()
    (folder / "libarm.so").write_bytes(whole[:18] + b"\xb7" + whole[19:])
    (folder / "libtext.so").write_text("no library")
    names = whole.replace(b"__android_log_print", b"__android_log_prunt")
    (folder / "libwants.so").write_bytes(names)
    place = probe.native_dir
    expected = {
        "probe": "",
        "log": "",
        f"{probe.device_apk}!/lib/x86_64/libprobe.so": "",
        "none": 'dlopen failed: library "libnone.so" not found',
        "ssl": 'dlopen failed: library "libssl.so" not found',
        "/none/libx.so": 'dlopen failed: library "/none/libx.so" not found',
        "arm": f'dlopen failed: "{place}/libarm.so" is for EM_AARCH64 (183) instead of EM_X86_64 (62)',
        "text": f'dlopen failed: "{place}/libtext.so" is too small to be an ELF executable: only found 10 bytes',
        "wants": f'dlopen failed: cannot locate symbol "__android_log_prunt" referenced by "{place}/libwants.so"...',
        "a/b": "Directory separator should not appear in library name: a/b",
    }
    ran = run(instrument("load", libraries="|".join(expected)))
    assert ran.event("finish")["values"] == expected
    assert ran.log.of("linker") == [expected["wants"].removeprefix("dlopen failed: ")]


def test_an_app_that_exits_ends_its_process(run: Callable[..., Ran]) -> None:
    """`System.exit` is a process' end with that status, and no crash."""
    ran = run(instrument("exit"))
    assert ran.status == 3
    assert "crash" not in {event["event"] for event in ran.events}


def test_an_unknown_instrumentation_is_a_crash_with_its_name(run: Callable[..., Ran]) -> None:
    """A class that the APK lacks ends the process with Android's words."""
    ran = run({"do": "instrument", "component": f"{NAME}/.Nothing", "args": {}})
    assert "Unable to instantiate instrumentation ComponentInfo{dev.tfliteharness" in ran.event("crash")["stack"]


def test_the_screen_is_drawn_at_the_devices_size(run: Callable[..., Ran], device: Path) -> None:
    """A started activity's views, also as they change later, are in the picture: 1440 by 2960 pixels."""
    shown = start("ProbeActivity", ["colour", "string", "#3366cc"], ["number", "int", 5])
    ran = run(shown | {"pause": 0.5}, {"do": "screencap", "path": "/data/local/tmp/.shot.png"})
    assert ran.event("displayed")["component"] == f"{NAME}/.ProbeActivity"
    assert 0 < ran.event("displayed")["milliseconds"] < 20_000
    with Image.open(device / "data/local/tmp/.shot.png") as picture:
        assert picture.size == (PIXEL_3_XL.width, PIXEL_3_XL.height)
        assert picture.convert("RGB").getpixel((720, 800)) == (0x33, 0x66, 0xCC)
        assert picture.convert("RGB").getpixel((720, 2400)) == (0, 255, 0)


def test_an_activity_that_throws_is_a_crash(run: Callable[..., Ran]) -> None:
    """What `onCreate` of an activity throws ends the process with that exception."""
    ran = run(start("ProbeActivity", ["crash", "boolean", True]))
    assert ran.status == 10
    assert ran.event("crash")["message"] == "told to, in onCreate"


def test_an_activity_that_is_not_there_is_refused(run: Callable[..., Ran]) -> None:
    """The command is answered in Android's words, and the process serves on."""
    ran = run(start("Nothing"))
    assert ran.event("error")["message"] == f"Activity class {{{NAME}/.Nothing}} does not exist."
    assert ran.status == 0


def test_a_process_leaves_nothing_behind(run: Callable[..., Ran], device: Path) -> None:
    """Neither an end in order nor a crash leaves temporary files in the device."""
    run(instrument("facts"))
    run(instrument("crash"))
    assert list((device / "cache").iterdir()) == []
    assert [each.name for each in (device / "data/local/tmp").iterdir() if each.name != ".shot.png"] == []


def test_the_delegate_finds_opencl_and_opengl(
    app_apk: BuiltApk, small_bundle: Bundle, runtime: Runtime, tmp_path: Path
) -> None:
    """The app's own libraries run a model by XNNPACK, by OpenCL and by OpenGL, and the answers are one."""
    root = tmp_path / "root"
    build_root(root)
    package = install(root, app_apk.path)
    plan = root / "data/local/tmp/plan.json"
    pixels = array.array("f", (math.sin(index) for index in range(32 * 32 * 3))).tobytes()
    (plan.parent / "input.bin").write_bytes(pixels)
    plan.write_text(json.dumps(_plan(small_bundle, hashlib.sha256(pixels).hexdigest())))
    with Log(root / "dev/socket/logdw") as log:
        command = {
            "do": "instrument",
            "component": f"{NAME}/.RunInstrumentation",
            "args": {"plan": "/data/local/tmp/plan.json"},
        }
        ran = asyncio.run(perform(root, package, runtime, log, (command,)))
        said = "\n".join(log.of("tflite"))
    assert ran.event("finish")["values"]["status"] == "complete"
    assert "Created TensorFlow Lite XNNPACK delegate for CPU." in said
    assert "Initialized OpenCL-based API." in said
    assert "Initialized OpenGL-based API." in said
    outputs = root / "storage/emulated/0/Android/data" / NAME / "files/runs/r1/outputs"
    answers = [array.array("f", (outputs / str(cell) / "wave/0.bin").read_bytes()) for cell in range(3)]
    assert sum(answers[0]) == pytest.approx(1)
    assert answers[1].tolist() == pytest.approx(answers[0].tolist(), abs=1e-5)
    assert answers[2].tolist() == pytest.approx(answers[0].tolist(), abs=1e-4)


def _plan(bundle: Bundle, sha256: str) -> dict[str, Any]:
    gpu = {"delegate": "gpu", "precision_loss": False, "threads": 1, "warmup": 0, "rounds": 1}
    return {
        "schema": 1,
        "run_id": "r1",
        "models": [
            {
                "model": "small",
                "variant": "fp32",
                "asset": "models/small/fp32.tflite",
                "sha256": bundle.sha256(bundle.models[0].variants[0]),
                "inputs": [{"name": "wave", "tensors": [{"file": "input.bin", "sha256": sha256}]}],
                "cells": [
                    {"id": "cpu", "delegate": "cpu", "threads": 1, "xnnpack": True, "warmup": 0, "rounds": 1},
                    {"id": "opencl", "gpu_api": "opencl", **gpu},
                    {"id": "opengl", "gpu_api": "opengl", **gpu},
                ],
            }
        ],
    }


def test_the_process_dies_with_who_started_it(device: Path, probe: Installed) -> None:
    """A device's process that is killed takes its apps with it."""
    script = f"""
        import asyncio, sys
        from pathlib import Path
        from harness.pixel.app_process import AppProcess
        from harness.pixel.profile import PIXEL_3_XL
        from harness.pixel.runtime_build import prepare_runtime
        from tests.integration.installed_app import Installed

        async def main():
            package = Installed({probe.name!r}, Path({str(probe.apk)!r}), {probe.device_apk!r}, {probe.native_dir!r})
            process = await AppProcess.launch(
                package, Path({str(device)!r}), PIXEL_3_XL, prepare_runtime(PIXEL_3_XL.sdk), lambda event: None
            )
            print(process.pid, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    checkout = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=checkout) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}/exe").exists()
    for left in (device / "cache").iterdir():  # the parent that would have removed it is dead
        shutil.rmtree(left)


def test_a_prepared_runtime_is_there_at_once(runtime: Runtime) -> None:
    """Asking again neither hashes nor compiles: well under 50 ms."""
    fastest = min(_seconds(partial(prepare_runtime, PIXEL_3_XL.sdk)) for _ in range(5))
    assert fastest < 0.05
    assert prepare_runtime(PIXEL_3_XL.sdk) == runtime


def test_dex_is_translated_once(runtime: Runtime, probe_apk: BuiltApk, tmp_path: Path) -> None:
    """Another APK with the same dex gets the same jar; every class of it is there, with its source file's name."""
    other = tmp_path / "other.apk"
    with zipfile.ZipFile(probe_apk.path) as old, zipfile.ZipFile(other, "w") as new:
        new.writestr("classes.dex", old.read("classes.dex"))
    jar = convert_dex(probe_apk.path, runtime)
    assert convert_dex(other, runtime) == jar
    with zipfile.ZipFile(jar) as classes:
        names = set(classes.namelist())
        assert b"ProbeInstrumentation.java" in classes.read("dev/tfliteharness/ProbeInstrumentation.class")
    assert {"dev/tfliteharness/ProbeActivity.class", "org/tensorflow/lite/Interpreter.class"} <= names


def _seconds(act: Callable[[], object]) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before
