"""A device whose programs run in the test's own process, and an app process that plays a script."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from harness.pixel.activities import ActivityManager
from harness.pixel.commands import run_command
from harness.pixel.control import Call
from harness.pixel.descriptors import Sink, Source
from harness.pixel.device import VirtualPixel
from harness.pixel.manifest import parse_manifest
from harness.pixel.package import Package
from harness.pixel.profile import PIXEL_3_XL
from harness.pixel.signers import SigningDetails
from harness.pixel.zygote import AppHandle, Event
from tests.tiny_apk import binary_xml, manifest
from tests.unit.pixel.native_layer import NativeLayer

OnEvent = Callable[[Event], None]
Script = Callable[["ScriptedApp", Event], Coroutine[Any, Any, None]]


class ScriptedApp:
    """Stands for the app's process: answers each command with a coroutine of the test's. It runs no code of any APK."""

    def __init__(self, script: Script, on_event: OnEvent) -> None:
        self.pid, self.on_event = os.getpid(), on_event
        self.commands: list[Event] = []
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def send(self, command: Event) -> None:
        self.commands.append(command)
        if command["do"] == "stop":
            self.end(0)
            return
        task = asyncio.get_running_loop().create_task(self._script(self, command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> int:
        return await self._ended

    def kill(self) -> None:
        self.end(-9)

    def end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)


class Bench:
    """The device under test, with `dev.tiny` installed as far as its manager knows."""

    def __init__(self, state: Path) -> None:
        for folder in (
            "root/dev/__properties__",
            "root/data/app",
            "root/data/data",
            "root/data/local/tmp",
            "root/data/user",
            "root/data/tombstones",
        ):
            (state / folder).mkdir(parents=True)
        (state / "root/data/user/0").symlink_to("../data")
        self.state = state
        self.apps: list[ScriptedApp] = []
        self.device: VirtualPixel

    def run(self, script: Script, *command: str, then: Callable[[], None] | None = None) -> tuple[int, str, str]:
        """Exit code, standard output and error of one of Android's programs, with `script` as what apps do."""

        async def act() -> tuple[int, str, str]:
            async with asyncio.timeout(10):
                self.open()
                self.device.activities = ActivityManager(self.device, self._launcher(script))
                result = await run_program(self.device, *command)
                if then is not None:
                    then()
                await self.device.activities.stop_all()
                return result

        return asyncio.run(act())

    def open(self) -> VirtualPixel:
        """The device, not started: its programs work, its sandbox isn't there."""
        self.device = VirtualPixel(PIXEL_3_XL, "test", "emulator-5554", self.state)
        self.device.packages = StockedPackages(tiny_package(self.state))  # type: ignore[assignment]
        return self.device

    def _launcher(self, script: Script) -> Callable[[Package, OnEvent], Coroutine[Any, Any, AppHandle]]:
        async def launch(_: Package, on_event: OnEvent) -> AppHandle:
            self.apps.append(ScriptedApp(script, on_event))
            return self.apps[-1]

        return launch


class StockedPackages:
    """A package store with one package that was never installed."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def get(self, name: str) -> Package | None:
        return self._package if name == self._package.name else None

    def listed(self) -> list[Package]:
        return [self._package]

    def permission(self, _: str) -> None:
        return None


def tiny_package(state: Path) -> Package:
    """`dev.tiny` as its manifest declares it."""
    read = parse_manifest(binary_xml(manifest()))
    signing = SigningDetails(3, frozenset({"alice"}))
    return Package(read, (), state / "root", "/data/app/dev.tiny-0", "x86_64", 10100, signing, 0, 0)


async def run_program(device: VirtualPixel, name: str, *arguments: str, data: bytes = b"") -> tuple[int, str, str]:
    """Run one of Android's programs with pipes for streams, `data` its input; its exit code and what it wrote."""
    pipes = [os.pipe() for _ in range(3)]
    for fd in (pipes[0][0], pipes[1][1], pipes[2][1], pipes[1][0], pipes[2][0]):
        os.set_blocking(fd, False)
    os.write(pipes[0][1], data)
    os.close(pipes[0][1])
    readers = [Source(pipes[1][0]), Source(pipes[2][0])]
    call = Call(name, arguments, "/", Source(pipes[0][0]), Sink(pipes[1][1]), Sink(pipes[2][1]), 4242)

    async def collect(source: Source) -> str:
        data = b""
        while part := await source.read():
            data += part
        source.close()
        return data.decode()

    collecting = asyncio.gather(*(collect(reader) for reader in readers))
    try:
        code = await run_command(device, call)
    finally:
        call.close()
        output, errors = await collecting
    return code, output, errors


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "state")


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> NativeLayer:
    """The compiled native layer, with the probe library."""
    return NativeLayer(tmp_path_factory.mktemp("layer"))
