"""An app's process: a JVM in the device's root that runs the APK's classes on Android's framework."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from harness.errors import DeviceUnavailable
from harness.pixel.hardware import Hardware
from harness.pixel.native_crash import NativeCrash, read_crash
from harness.pixel.profile import Gpu, Profile
from harness.pixel.runtime_build import FRAMEWORK, Runtime, convert_dex
from harness.pixel.sandbox import Bind, Namespaces, sandbox_command

log = logging.getLogger(__name__)

Event = dict[str, Any]

_FRAMEWORK: Final = "/system/framework"
_LIBRARIES: Final = "/system/lib64"
_VENDOR: Final = "/vendor/lib64"
_NATIVE: Final = "/system/nativeruntime"
_JAVA: Final = "/apex/com.android.art"
_OPENCL_VENDORS: Final = "/vendor/Khronos/OpenCL/vendors"
_CLASSES: Final = "/dev/app_classes.jar"
_LINE_MAX: Final = 64 << 20
_START_DEADLINE_S: Final = 5.0
_NOTHING: Final = "/vendor/none"
_NO_DRIVERS: Final[Mapping[Gpu, dict[str, str]]] = {
    Gpu.BOTH: {},
    Gpu.OPENGL: {"OCL_ICD_VENDORS": _NOTHING},
    Gpu.NONE: {"OCL_ICD_VENDORS": _NOTHING, "__EGL_VENDOR_LIBRARY_DIRS": _NOTHING},
}
"""What keeps the loaders of OpenCL and EGL from the host's drivers: a folder to look for them that isn't there."""
_OPENED: Final = ("lang", "lang.reflect", "io", "util", "nio", "net", "text")
_JVM: Final = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # an app is short-lived, and its work is native: compile fast
    "-XX:+DisplayVMOutputToStderr",  # standard output belongs to the events
    "-XX:-CreateCoredumpOnCrash",
    "-Drobolectric.offline=true",
    *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENED),
)


class AppPackage(Protocol):
    """What the process must know of an installed package; `harness.pixel.packages.Package` is one."""

    @property
    def name(self) -> str:
        """The application id."""

    @property
    def apk(self) -> Path:
        """The APK's path on the host."""

    @property
    def device_apk(self) -> str:
        """The APK's path on the device."""

    @property
    def native_dir(self) -> str:
        """The device's folder that its libraries were extracted to, or nothing."""

    @property
    def uid(self) -> int:
        """The app's user id on the device."""


class AppProcess:
    """A running app. `launch` starts one; commands and events are JSON objects, one a line, as the package docs say."""

    def __init__(self, process: asyncio.subprocess.Process, scratch: Path, on_event: Callable[[Event], None]) -> None:
        self._process, self._scratch, self._on_event = process, scratch, on_event
        self.pid = process.pid
        """The JVM's process id, as the host sees it."""
        self._end = asyncio.get_running_loop().create_task(self._run())

    @classmethod
    async def launch(
        cls,
        package: AppPackage,
        root: Path,
        profile: Profile,
        runtime: Runtime,
        on_event: Callable[[Event], None],
        *,
        hardware: Mapping[str, int] | None = None,
        gpu: Gpu = Gpu.BOTH,
        join: Namespaces | None = None,
    ) -> AppProcess:
        """Start the process of `package` in the device's `root`; each event that it sends is handed to `on_event`.

        `hardware` is what the app is told of it (`Hardware.facts`), by default that of a fresh device; of the graphics
        drivers it finds those of `gpu`.
        Returns when the JVM runs; its `ready` event comes about a second later, and commands wait for it. With `join`
        it is one of the device's own processes, else it has namespaces to itself.
        Raises `DeviceUnavailable` (`pixel.dex`, `pixel.app_process`).
        """
        classes = await asyncio.to_thread(convert_dex, package.apk, runtime)
        scratch = Path(tempfile.mkdtemp(prefix=f"{package.name}-", dir=root / "cache"))
        try:
            process = await asyncio.create_subprocess_exec(
                *sandbox_command(
                    root,
                    _java_command(
                        package,
                        profile,
                        hardware or Hardware(profile.memory).facts(),
                        runtime,
                        f"/cache/{scratch.name}",
                    ),
                    uid=package.uid,
                    gid=package.uid,
                    env=_environment(package, f"/cache/{scratch.name}") | _NO_DRIVERS[gpu],
                    binds=_binds(runtime, classes, gpu),
                    join=join,
                ),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE_MAX,
                pass_fds=join.descriptors if join else (),
                preexec_fn=join.network.enter if join else None,
                start_new_session=True,
            )
            app = cls(process, scratch, on_event)
            app.pid = await app._find_jvm()
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        return app

    async def send(self, command: Event) -> None:
        """Pass a command on. Raises `OSError` when the process has ended."""
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            raise BrokenPipeError("the app's process has ended")
        stdin.write(json.dumps(command).encode() + b"\n")
        await stdin.drain()

    async def wait(self) -> int:
        """The exit status, once all events have been handed over: 128 and the signal's number when one ended it."""
        return await asyncio.shield(self._end)

    def kill(self) -> None:
        """End the process now; nothing happens when it has ended."""
        for pid in {self.pid, self._process.pid}:
            with contextlib.suppress(ProcessLookupError):
                if self._process.returncode is None:
                    os.kill(pid, signal.SIGKILL)

    async def _run(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        async for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:  # the JVM's own last words, when native code ends it
                log.info("app process %d says: %s", self.pid, line.decode(errors="replace").rstrip())
                continue
            self._on_event(event)
        status = await self._process.wait()
        if crash := await asyncio.to_thread(read_crash, self._scratch):
            status = 128 + crash.signal
            self._on_event(_crash_event(crash))
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)
        return status if status >= 0 else 128 - status

    async def _find_jvm(self) -> int:
        """The one process below bubblewrap's own that has become the JVM."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_DEADLINE_S):
                while self._process.returncode is None:
                    for pid in _descendants(self._process.pid):
                        with contextlib.suppress(OSError):
                            if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == "java":
                                return pid
                    await asyncio.sleep(0.005)
        self.kill()
        raise DeviceUnavailable(
            "pixel.app_process",
            "the app's process doesn't start",
            why=f"bubblewrap ended with {self._process.returncode}",
            hint="see the device's log; bubblewrap needs user namespaces: sysctl kernel.unprivileged_userns_clone=1",
        )


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
            found.extend(int(child) for child in children.split())
    return found[1:]


def _java_command(
    package: AppPackage, profile: Profile, hardware: Mapping[str, int], runtime: Runtime, scratch: str
) -> list[str]:
    class_path = [*(f"{_FRAMEWORK}/{name}" for name in runtime.class_path), _CLASSES, package.device_apk]
    properties = {
        "java.io.tmpdir": scratch,
        "java.library.path": package.native_dir,
        "pixel.framework": f"{_FRAMEWORK}/{FRAMEWORK}.jar",
        "pixel.height": profile.height,
        "pixel.liblog": f"{_LIBRARIES}/liblog.so",
        "pixel.nativeruntime": _NATIVE,
        "pixel.package": package.name,
        "pixel.release": profile.release,
        "pixel.sdk": profile.sdk,
        "pixel.uid": package.uid,
        "pixel.width": profile.width,
        "user.home": "/data",
    }
    facts = dict(hardware) | {
        "abis": ",".join(profile.abis),
        "apk": package.device_apk,
        "brand": profile.brand,
        "build_id": profile.build_id,
        "density": profile.density,
        "device": profile.device,
        "fingerprint": profile.fingerprint,
        "height": profile.height,
        "manufacturer": profile.manufacturer,
        "model": profile.model,
        "package": package.name,
        "product": profile.product,
        "release": profile.release,
        "security_patch": profile.security_patch,
        "width": profile.width,
    }
    return [
        f"{_JAVA}/bin/java",
        *_JVM,
        f"-XX:ErrorFile={scratch}/jvm_crash",
        "-cp",
        ":".join(class_path),
        *(f"-D{name}={value}" for name, value in properties.items()),
        "dev.tfliteharness.pixel.launch.Launcher",
        *(f"{name}={value}" for name, value in facts.items()),
    ]


def _environment(package: AppPackage, scratch: str) -> dict[str, str]:
    return {
        "ANDROID_DATA": "/data",
        "ANDROID_ROOT": "/system",
        "ANDROID_STORAGE": "/storage",
        "EGL_PLATFORM": "surfaceless",
        "EXTERNAL_STORAGE": "/sdcard",
        "HOME": "/data",
        "LC_ALL": "C.UTF-8",  # Android's only locale, and the encoding of its file names
        "LD_LIBRARY_PATH": f"{_LIBRARIES}:{_VENDOR}:{_host_libraries()}",
        # Its cache is written by a thread of its own; closing a context meanwhile aborted one in eight processes.
        "MESA_SHADER_CACHE_DISABLE": "true",
        "OCL_ICD_VENDORS": _OPENCL_VENDORS,
        "PATH": "/product/bin:/system/bin:/vendor/bin:/usr/bin",
        "PIXEL_CRASH_REPORT": f"{scratch}/native_crash",
        "POCL_CACHE_DIR": f"/data/data/{package.name}/code_cache/pocl",
        "TMPDIR": scratch,
    }


def _host_libraries() -> str:
    """Where the host keeps its libraries: the drivers find their own files from there."""
    multiarch = Path("/usr/lib") / (sysconfig.get_config_var("MULTIARCH") or f"x86_64-{sys.platform}-gnu")
    return str(multiarch if multiarch.is_dir() else Path("/usr/lib64"))


def _binds(runtime: Runtime, classes: Path, gpu: Gpu) -> list[Bind]:
    shown = [
        Bind(Path("/usr"), "/usr"),
        Bind(Path("/lib").resolve(), "/lib"),
        Bind(Path("/lib64").resolve(), "/lib64"),
        Bind(Path("/sys/devices/system"), "/sys/devices/system"),
        Bind(runtime.java_home, _JAVA),
        Bind(runtime.folder / "framework", _FRAMEWORK),
        Bind(runtime.folder / "lib64", _LIBRARIES),
        Bind(runtime.native, _NATIVE),
        Bind(classes, _CLASSES),
    ]
    configuration = (runtime.java_home / "conf/logging.properties").resolve()
    if configuration.is_relative_to("/etc"):  # Debian keeps it apart, behind absolute links
        folder = Path("/etc") / configuration.relative_to("/etc").parts[0]
        shown.append(Bind(folder, str(folder)))
    if gpu is Gpu.BOTH:
        shown.append(Bind(runtime.folder / "vendor", _VENDOR))
    if (vendors := Path("/etc/OpenCL/vendors")).is_dir():
        shown.append(Bind(vendors, _OPENCL_VENDORS))
    return shown


def _crash_event(crash: NativeCrash) -> Event:
    return {
        "event": "crash",
        "id": None,
        "tid": crash.tid,
        "thread": crash.thread,
        "class": signal.Signals(crash.signal).name,
        "message": crash.message,
        "stack": "\n".join(crash.frames),
        "signal": crash.signal,
        "code": crash.code,
        "fault_address": crash.fault_address,
        "frames": list(crash.frames),
    }
