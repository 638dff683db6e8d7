"""The adb server and the program that starts it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.device.stream import Deadline, ServerRefused, Stream, connect
from harness.errors import DeviceLost, DeviceUnavailable, NoDevice, ToolMissing

DEFAULT_PORT = 5037
_LOOPBACK = "127.0.0.1"
_START_SECONDS = 20.0
_ANSWER_SECONDS = 10.0
_RECONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of `adb devices`: a serial and the server's word for its state (`device`, `offline`, `unauthorized`, …)."""

    serial: str
    state: str


def server_port() -> int:
    """The port that adb's own clients would use: `$ANDROID_ADB_SERVER_PORT`, or 5037."""
    text = os.environ.get("ANDROID_ADB_SERVER_PORT", "")
    return int(text) if text.isdigit() else DEFAULT_PORT


def find_adb() -> Path:
    """The adb program: `$ADB`, then PATH, then the Android SDK's. Raises `ToolMissing` with the places searched."""
    candidates = [os.environ.get("ADB"), shutil.which("adb")]
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        if sdk := os.environ.get(variable):
            candidates.append(str(Path(sdk) / "platform-tools" / "adb"))
    searched = []
    for candidate in candidates:
        if not candidate:
            continue
        if os.access(candidate, os.X_OK) and Path(candidate).is_file():
            return Path(candidate)
        searched.append(candidate)
    raise ToolMissing(
        "adb.missing",
        "adb isn't on this machine",
        why="looked at $ADB, PATH, $ANDROID_HOME and $ANDROID_SDK_ROOT"
        + (f"; tried {', '.join(searched)}" if searched else ""),
        hint="apt-get install adb, or Google's platform-tools on PATH",
    )


@dataclass(frozen=True, slots=True)
class AdbServer:
    """A running adb server on loopback; `started` when this process started it."""

    port: int
    started: bool = False

    @classmethod
    def ensure(cls, port: int | None = None) -> AdbServer:
        """The server on `port`, started when nothing listens there.

        Raises `DeviceUnavailable` (`adb.not_a_server`) when something else holds the port, `ToolMissing` without adb.
        """
        port = port or server_port()
        try:
            cls(port).version()
            return cls(port)
        except ConnectionRefusedError:
            pass
        adb = find_adb()
        done = subprocess.run(
            [str(adb), "-L", f"tcp:localhost:{port}", "start-server"],
            capture_output=True, text=True, errors="replace", timeout=_START_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        server = cls(port, started=True)
        try:
            server.version()
        except ConnectionRefusedError as error:
            raise DeviceUnavailable(
                "adb.no_server",
                f"{adb} did not start its server on port {port} (exit code {done.returncode})",
                why=(done.stderr or done.stdout).strip()[-400:],
                hint=f"run `{adb} start-server` to see more",
            ) from error
        return server

    def version(self) -> int:
        """The server's protocol version. Raises `ConnectionRefusedError` when nothing listens."""
        with connect(
            _LOOPBACK, self.port, "asking the adb server its version", Deadline.after(_ANSWER_SECONDS)
        ) as stream:
            try:
                stream.request("host:version")
                return int(stream.read_block(), 16)
            except (ServerRefused, DeviceLost, ValueError) as error:
                raise DeviceUnavailable(
                    "adb.not_a_server",
                    f"port {self.port} is taken by a program that isn't an adb server",
                    why=str(error),
                    hint="stop that program, or set ANDROID_ADB_SERVER_PORT to a free port",
                ) from error

    def open(self, service: str, what: str, deadline: Deadline) -> Stream:
        """A stream after the server said OKAY to `service`."""
        try:
            stream = connect(_LOOPBACK, self.port, what, deadline)
        except ConnectionRefusedError as error:
            raise DeviceLost(
                "adb.server_gone", f"{what}: the adb server on port {self.port} is gone", why=str(error)
            ) from error
        try:
            stream.request(service)
        except BaseException:
            stream.close()
            raise
        return stream

    def devices(self) -> tuple[Listed, ...]:
        """Who is there, in the server's order."""
        with self.open("host:devices", "listing devices", Deadline.after(_ANSWER_SECONDS)) as stream:
            return _parse_devices(stream.read_block())

    def changes(self, deadline: Deadline) -> Iterator[tuple[Listed, ...]]:
        """The list now, and again after each change, until the deadline raises `DeviceLost`."""
        with self.open("host:track-devices", "watching devices", deadline) as stream:
            while True:
                yield _parse_devices(stream.read_block())

    def wait_until_ready(self, serial: str, seconds: float) -> None:
        """Return once the server lists `serial` as `device`; raises `NoDevice` with its last state otherwise."""
        state = "not listed"
        try:
            for listed in self.changes(Deadline.after(seconds)):
                state = next((entry.state for entry in listed if entry.serial == serial), "not listed")
                if state == "device":
                    return
        except DeviceLost as error:
            raise NoDevice(
                "device.not_ready", f"{serial} did not become ready within {seconds:g} s", why=f"its state was: {state}"
            ) from error

    def ready(self, serial: str | None) -> str:
        """The serial to use, as `choose` gives it; a device that is offline is reconnected, once.

        Raises `NoDevice` when none can be used.
        """
        try:
            return choose(self.devices(), serial)
        except NoDevice as error:
            offline = [entry.serial for entry in self.devices() if entry.state == "offline"]
            wanted = serial or (offline[0] if len(offline) == 1 else "")
            if error.code not in ("device.offline", "device.none") or wanted not in offline:
                raise
        self.open("host:reconnect-offline", f"reconnecting {wanted}", Deadline.after(_ANSWER_SECONDS)).close()
        try:
            self.wait_until_ready(wanted, _RECONNECT_SECONDS)
        except NoDevice as error:
            raise NoDevice(
                "device.offline",
                f"{wanted} is offline, and was reconnected in vain",
                why=error.why,
                hint=_REMEDY["offline"],
            ) from error
        return choose(self.devices(), serial)

    def stop(self) -> None:
        """End the server; only for one that this process started."""
        try:
            self.open("host:kill", "stopping the adb server", Deadline.after(_ANSWER_SECONDS)).close()
        except (DeviceLost, ServerRefused):
            return  # it closes without an answer, or was gone already: both are what was asked


def _parse_devices(block: bytes) -> tuple[Listed, ...]:
    lines = block.decode(errors="replace").splitlines()
    return tuple(Listed(*line.split("\t", 1)) for line in lines if "\t" in line)


_REMEDY = {
    "unauthorized": "unlock the device and accept this computer's key, or `adb kill-server` and plug it in again",
    "offline": "plug it in again, or `adb reconnect offline`",
    "no permissions": "add a udev rule for it (apt-get install android-sdk-platform-tools-common)",
}


def choose(listed: tuple[Listed, ...], serial: str | None) -> str:
    """The serial to use: the one asked for, or the only one there. Never the first of several.

    Raises `NoDevice`: none there, several and none chosen, or the chosen one in a state that can't run anything.
    """
    inventory = ", ".join(f"{entry.serial} ({entry.state})" for entry in listed) or "none"
    if serial is None:
        ready = [entry for entry in listed if entry.state == "device"]
        if len(ready) == 1:
            return ready[0].serial
        if len(ready) > 1:
            raise NoDevice(
                "device.several",
                "several devices are there and none was chosen",
                why=inventory,
                hint="name one with --serial",
            )
        states = {entry.state for entry in listed}
        hint = "; ".join(remedy for state, remedy in _REMEDY.items() if state in states)
        raise NoDevice(
            "device.none", "no device is ready", why=f"adb lists: {inventory}", hint=hint or "harness pixel start"
        )
    found = next((entry for entry in listed if entry.serial == serial), None)
    if found is None:
        raise NoDevice("device.unknown", f"no device {serial}", why=f"adb lists: {inventory}")
    if found.state != "device":
        remedy = next((text for state, text in _REMEDY.items() if re.match(state, found.state)), "")
        raise NoDevice(f"device.{found.state.split()[0]}", f"{serial} is {found.state}", hint=remedy)
    return serial
