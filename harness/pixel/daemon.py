"""The process of one virtual Pixel: `python -m harness.pixel.daemon`, which `harness.pixel.lifecycle` starts.

Nothing heavy is imported here: an idle device is a small process.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from harness import wire
from harness.errors import DeviceUnavailable, HarnessError, ToolMissing
from harness.pixel.authorisation import Authorisation
from harness.pixel.device import VirtualPixel
from harness.pixel.emulator_console import TOKEN_NAME, EmulatorConsole, console_token
from harness.pixel.hardware import Hardware
from harness.pixel.lifecycle import FIRST_PORT, KEYS_NAME, LAST_PORT, LOG_NAME, PixelInfo
from harness.pixel.orphans import OrphanCollector
from harness.pixel.profile import Gpu, Profile, profile_of
from harness.pixel.root import build_root
from harness.pixel.states import LOCK_NAME, empty, write_make
from harness.pixel.status import status_line, status_of
from harness.pixel.transports import Transports

log = logging.getLogger(__name__)

_LOOPBACK: Final = "127.0.0.1"
_ADB_SERVER_PORT: Final = 5037
_ANNOUNCE_DEADLINE_S: Final = 2.0
_DESCRIPTORS: Final = 32768


@dataclass(frozen=True, slots=True)
class _Options:
    devices: Path
    name: str | None
    port: int | None
    profile: str
    api: int
    gpu: Gpu
    ready: int
    owner: int | None
    wipe: bool
    secure: bool


def _parse(arguments: list[str]) -> _Options:
    parser = argparse.ArgumentParser(prog="harness.pixel.daemon")
    parser.add_argument("--devices", type=Path, required=True, help="folder of all devices' states")
    parser.add_argument("--name", help="the device's name; made of its profile, API level and port without")
    parser.add_argument("--port", type=int, help="even port of the console; the first free one without")
    parser.add_argument("--profile", required=True, help="which phone's make")
    parser.add_argument("--api", type=int, required=True, help="API level of its Android")
    parser.add_argument("--gpu", type=Gpu, required=True, help="graphics drivers that apps find")
    parser.add_argument("--ready", type=int, required=True, help="descriptor to say on that the device is up")
    parser.add_argument("--owner", type=int, help="descriptor whose end is the device's end")
    parser.add_argument("--wipe", action="store_true", help="forget the state")
    parser.add_argument("--secure", action="store_true", help="ask adb servers for a known key")
    return _Options(**vars(parser.parse_args(arguments)))


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.listen(16)
    except OSError:
        listener.close()
        raise
    return listener


def _take_ports(asked: int | None) -> tuple[int, socket.socket, socket.socket]:
    """The console's port, and listeners on it and on the next. Raises `DeviceUnavailable` when there is none."""
    why = ""
    for port in (asked,) if asked else range(FIRST_PORT, LAST_PORT + 1, 2):
        try:
            console = _listen(port)
        except OSError as error:
            why = f"{_LOOPBACK}:{port}: {error.strerror}"
            continue
        try:
            return port, console, _listen(port + 1)
        except OSError as error:
            console.close()
            why = f"{_LOOPBACK}:{port + 1}: {error.strerror}"
    what = f"port {asked} is taken" if asked else f"no free pair of ports from {FIRST_PORT} to {LAST_PORT + 1}"
    raise DeviceUnavailable("pixel.port_taken", what, why=why, hint="harness pixel list shows which virtual Pixels run")


def _take_state(folder: Path, info: PixelInfo) -> int:
    """Lock the state folder for this process' life, and write into the lock who holds it. Raises `DeviceUnavailable`."""
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise DeviceUnavailable(
            "pixel.state_taken",
            f"the virtual Pixel {info.name} runs already",
            hint="harness pixel list; give the new one another name",
        ) from None
    os.ftruncate(fd, 0)
    os.write(fd, json.dumps(asdict(info)).encode())
    return fd


def _raise_descriptor_limit() -> None:
    """As many open files as Android's programs may have, where the host allows it: each shell takes a few here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _DESCRIPTORS), hard))


def _log_into(path: Path) -> None:
    """Send this process' own output, and that of its children, into a fresh file."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(fd, standard)
    os.close(fd)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def _answer(fd: int, document: dict[str, object]) -> None:
    os.write(fd, json.dumps(document).encode())
    os.close(fd)


def main(arguments: list[str]) -> int:
    """Run a device until it is told to end; 0 then, 1 when it can't be started."""
    options = _parse(arguments)
    if os.fork():  # the starter waits for this first process only, and never gets a zombie
        os._exit(0)
    os.umask(0o022)
    _raise_descriptor_limit()
    try:
        profile = profile_of(options.profile, options.api)
        port, console, transport = _take_ports(options.port)
        name = options.name or f"{profile.name}-api{profile.sdk}-{port}"
        state = options.devices / name
        info = PixelInfo(
            name, f"emulator-{port}", os.getpid(), port, str(state), profile.name, profile.sdk, options.gpu,
            options.secure,
        )  # fmt: skip
        _take_state(state, info)
        if options.wipe:
            empty(state)
        write_make(state, profile)
        _log_into(state / LOG_NAME)
        os.chdir("/")
        build_root(state / "root")
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
        asyncio.run(_run(options, profile, info, console, transport))
    except HarnessError as error:
        fields: dict[str, object] = {"code": error.code, "what": error.what, "why": error.why, "hint": error.hint}
        _answer(options.ready, {"error": fields | {"tool_missing": isinstance(error, ToolMissing)}})
        return 1
    return 0


async def _run(
    options: _Options, profile: Profile, info: PixelInfo, console: socket.socket, transport: socket.socket
) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    OrphanCollector()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)  # full, it wakes the loop all the same
    if options.owner is not None:
        loop.add_reader(options.owner, stopping.set)
    state, home, hardware = Path(info.state), Path.home(), Hardware(profile.memory)
    authorisation = Authorisation(state / KEYS_NAME) if options.secure else None

    def boot() -> VirtualPixel:
        return VirtualPixel(profile, info.name, info.serial, state, hardware=hardware, secure=info.secure, gpu=info.gpu)

    device = boot()
    more = {"status": lambda _: status_line(status_of(device, info.pid))}
    consoles = EmulatorConsole(info.name, home / TOKEN_NAME, console_token(home), hardware, stopping.set, more)
    await asyncio.start_server(consoles.serve, sock=console, limit=1 << 13)

    def ready() -> None:
        _answer(options.ready, asdict(info))

    tell = ready
    while True:
        await _run_boot(device, Transports(device, authorisation), transport, stopping, tell)
        if stopping.is_set():
            break
        device, tell = boot(), _nobody_waits
    log.info("%s ends", info.serial)


async def _run_boot(
    device: VirtualPixel,
    transports: Transports,
    listener: socket.socket,
    stopping: asyncio.Event,
    tell: Callable[[], None],
) -> None:
    """From a start to the next restart, or the end; `tell` is called when adb can reach the device."""
    waits: list[asyncio.Task[bool]] = []
    try:
        await device.start()
        await transports.start(listener)
        await _announce(listener.getsockname()[1])
        tell()
        log.info("%s is up, process %d", device.serial, os.getpid())
        waits = [asyncio.create_task(event.wait()) for event in (stopping, device.rebooting)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await transports.close()
        await device.stop()


def _nobody_waits() -> None:
    """After a restart there is nobody to tell that the device is up."""


async def _announce(port: int) -> None:
    """Tell an adb server that runs where the device is, as Google's emulator does; none is started."""
    server_port = os.environ.get("ANDROID_ADB_SERVER_PORT", "")
    target = int(server_port) if server_port.isdigit() else _ADB_SERVER_PORT
    try:
        async with asyncio.timeout(_ANNOUNCE_DEADLINE_S):
            _, writer = await asyncio.open_connection(_LOOPBACK, target)
            writer.write(wire.pack_host(f"host:emulator:{port}"))
            await writer.drain()
            writer.close()
    except (OSError, TimeoutError) as error:
        log.info("no adb server on port %d: %s", target, error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
