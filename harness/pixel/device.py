"""One virtual Pixel: its parts put together, its first process started, its end made sure."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.errors import DeviceUnavailable
from harness.pixel.activities import ActivityManager
from harness.pixel.control import ControlSocket
from harness.pixel.descriptors import Source
from harness.pixel.event_log import Value
from harness.pixel.faults.armed import Faults
from harness.pixel.hardware import Hardware
from harness.pixel.logcat import Buffer, LogBuffers, LogSocket, Priority
from harness.pixel.memory import write_meminfo
from harness.pixel.network import DeviceNetwork
from harness.pixel.packages import PackageStore
from harness.pixel.paths import DevicePaths
from harness.pixel.power import Power
from harness.pixel.processes import Child, device_pid
from harness.pixel.profile import Gpu, Profile
from harness.pixel.properties import Properties, initial_properties
from harness.pixel.reverses import Reverses
from harness.pixel.root import SHELL_UID, shell_environment
from harness.pixel.sandbox import BOOT_ID, PRIVATE, Bind, Namespaces, sandbox_command
from harness.pixel.sessions import Sessions
from harness.pixel.storage import Storage

log = logging.getLogger(__name__)

_NS_GET_USERNS: Final = 0xB701
_BOOT_DEADLINE_S: Final = 10.0
SYSTEM_PID: Final = 1


class VirtualPixel:
    """A device from one boot to its end: `start` boots it, and what it started ends with `stop`, or with this process."""

    def __init__(
        self,
        profile: Profile,
        name: str,
        serial: str,
        state: Path,
        *,
        hardware: Hardware | None = None,
        faults: Faults | None = None,
        secure: bool = False,
        gpu: Gpu = Gpu.BOTH,
    ) -> None:
        self.profile, self.name, self.serial, self.state, self.gpu = profile, name, serial, state, gpu
        self.hardware: Hardware = hardware or Hardware(profile.memory)
        self.faults: Faults = faults or Faults()
        self.booted = time.monotonic()
        """When it booted, by the host's clock."""
        self.rebooting = asyncio.Event()
        """Set by who wants the device to end and boot again."""
        self.root = state / "root"
        self._private = state / "private"
        self._private.mkdir(exist_ok=True)
        self._private.chmod(0)
        self.paths = DevicePaths(self.root)
        values = initial_properties(profile, serial, name, secure=secure, gpu=gpu) | _kept_properties(state)
        self.properties = Properties(values, self.root / "dev/__properties__/properties")
        self.logs = LogBuffers()
        self.storage = Storage(self.root, staging=state / "staging")
        self.packages = PackageStore(state, self.paths, profile, self.storage)
        self.sessions = Sessions(state)
        self.activities = ActivityManager(self)
        self.power: Power = Power(self)
        self.reverses = Reverses(self)
        self.init_pid = 0
        self.namespaces: Namespaces | None = None
        self.network: DeviceNetwork | None = None
        self._init: subprocess.Popen[bytes] | None = None
        self._control: ControlSocket | None = None
        self._log_socket: LogSocket | None = None

    async def start(self) -> None:
        """Start the network, the first process and the sockets that the device's programs talk to. Raises `DeviceUnavailable`."""
        folder = os.open(self.root / "dev/socket", os.O_PATH | os.O_DIRECTORY)
        try:  # by descriptor: a socket's path may have 107 bytes only, and the state folder may lie deep
            base = f"/proc/self/fd/{folder}"
            for name in ("logdw", "pixel"):
                (self.root / "dev/socket" / name).unlink(missing_ok=True)
            self._log_socket = LogSocket(f"{base}/logdw", self.logs, device_pid, self.activities.user_of)
            self._control = ControlSocket(f"{base}/pixel", self)
        finally:
            os.close(folder)
        (self.root / BOOT_ID).write_text(f"{uuid.uuid4()}\n", encoding="ascii")
        write_meminfo(self)
        await self._start_init()
        self._control.start()
        self.hardware.watchers.add(self.activities.tell_hardware)
        self.system_log(Priority.I, "SystemServer", f"{self.profile.model} {self.serial} is up")

    async def stop(self) -> None:
        """End every process of the device, and keep what a restart needs."""
        self.hardware.watchers.discard(self.activities.tell_hardware)
        await self.activities.stop_all()
        await self.reverses.close()
        if self._control is not None:
            await self._control.close()
        if self._log_socket is not None:
            self._log_socket.close()
        if self._init is not None:
            self._init.send_signal(signal.SIGKILL)
            self._init.wait()
        for fd in self.namespaces.descriptors if self.namespaces else ():
            os.close(fd)
        if self.network is not None:
            self.network.close()
        (self.state / "properties.json").write_text(json.dumps(self.properties.kept()), encoding="utf-8")
        self.paths.close()

    def spawn(
        self,
        argv: Sequence[str],
        stdin: int,
        stdout: int,
        stderr: int,
        *,
        term: str = "dumb",
        app: Namespaces | None = None,
        cwd: str = "/",
    ) -> Child:
        """Start a program of the device as its shell user; with the namespaces of an `app`, as that one."""
        joined = app or self.namespaces
        if joined is None:
            raise DeviceUnavailable("pixel.stopped", f"{self.serial} isn't running")
        write_meminfo(self)
        binds = [] if app else [Bind(self._private, f"/{name}") for name in PRIVATE]
        command = sandbox_command(
            self.root,
            argv,
            uid=SHELL_UID,
            gid=SHELL_UID,
            env=shell_environment(self.root) | {"HOSTNAME": self.profile.device, "TERM": term},
            cwd=cwd,
            binds=binds,
            join=joined,
        )
        return Child(
            command, stdin=stdin, stdout=stdout, stderr=stderr, pass_fds=joined.descriptors, network=joined.network
        )

    def inner_pid(self, host_pid: int) -> int:
        """The number under which the device's programs see the app process that runs as `host_pid` on the host."""
        return device_pid(host_pid) or host_pid

    def system_log(self, priority: Priority, tag: str, message: str, buffer: Buffer = Buffer.system) -> None:
        """A line of the system's own in the device's log."""
        self.logs.write(buffer, priority, tag, message, pid=SYSTEM_PID)

    def event(self, name: str, *values: Value) -> None:
        """An event of the system's own in the device's events buffer (`harness.pixel.event_log` names them)."""
        self.logs.write_event(name, *values, pid=SYSTEM_PID)

    async def _start_init(self) -> None:
        """Start pid 1 of the device in namespaces of its own; when it dies, the kernel ends all that joined them."""
        info_read, info_write = os.pipe()
        ready_read, ready_write = os.pipe()
        try:
            network = self.network = DeviceNetwork()
        except OSError as error:
            raise _no_sandbox(f"no network namespace: {error.strerror}") from error
        command = sandbox_command(
            self.root, ["/system/bin/init"], uid=SHELL_UID, gid=SHELL_UID, env={}, own_network=False
        )
        command[1:1] = ["--as-pid-1", "--info-fd", str(info_write)]
        self._init = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=ready_write,
            pass_fds=(info_write,),
            start_new_session=True,
            preexec_fn=network.enter,  # noqa: PLW1509 - one system call, no lock
        )
        os.close(info_write)
        os.close(ready_write)
        info, ready = Source(info_read), Source(ready_read)
        for source in (info, ready):
            os.set_blocking(source.fd, False)
        try:
            async with asyncio.timeout(_BOOT_DEADLINE_S):
                text = b""
                while data := await info.read():
                    text += data
                if not (await ready.read()).startswith(b"ready"):
                    raise _no_sandbox("its first process ended at once")
            self.init_pid = int(json.loads(text)["child-pid"])
            self.namespaces = _open_namespaces(self.init_pid, network)
        except (TimeoutError, ValueError, KeyError, OSError) as error:
            raise _no_sandbox(str(error)) from error
        finally:
            info.close()
            ready.close()


def _open_namespaces(pid: int, network: DeviceNetwork) -> Namespaces:
    """A process' namespaces: that of its processes, of the users who own that one, its own users, and `network`."""
    processes = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY)
    owner = fcntl.ioctl(processes, _NS_GET_USERNS)
    users = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    if os.fstat(users).st_ino == os.fstat(owner).st_ino:
        os.close(users)
        return Namespaces(owner, None, processes, network)
    return Namespaces(owner, users, processes, network)


def _no_sandbox(why: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        "pixel.sandbox",
        "the virtual Pixel's sandbox doesn't start",
        why=why,
        hint="bubblewrap needs user namespaces: sysctl kernel.unprivileged_userns_clone=1, or run as root",
    )


def _kept_properties(state: Path) -> dict[str, str]:
    try:
        document = json.loads((state / "properties.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(value) for name, value in document.items()} if isinstance(document, dict) else {}
