"""The device's hardware, and the apps that are told of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from harness.pixel.activities import ActivityManager
from harness.pixel.hardware import Battery, ThermalStatus
from harness.pixel.packages import Package
from harness.pixel.zygote import AppHandle, Event
from tests.unit.pixel.conftest import Bench, OnEvent, ScriptedApp, run_program


async def script(app: ScriptedApp, command: Event) -> None:
    """An app that displays what is started, and takes note of the rest."""
    app.on_event({"event": "displayed" if command["do"] == "start" else "done", "id": command["id"]})


def hardware_told(bench: Bench, *, during_launch: bool) -> list[dict[str, Any]]:
    """What an app is told when the device gets hot, while its process starts or once it is there."""

    async def launch(_: Package, on_event: OnEvent) -> AppHandle:
        if during_launch:
            heat()
        bench.apps.append(ScriptedApp(script, on_event))
        return bench.apps[-1]

    def heat() -> None:
        hardware = bench.device.hardware
        hardware.change(replace(hardware.now, thermal=ThermalStatus.severe, battery=Battery(usb=True, ac=False)))

    async def act() -> None:
        device = bench.open()
        device.activities = ActivityManager(device, launch)
        device.hardware.watchers.add(device.activities.tell_hardware)
        await run_program(device, "am", "start", "-W", "-n", "dev.tiny/.MainActivity")
        if not during_launch:
            heat()
        async with asyncio.timeout(5):
            while not any(command["do"] == "hardware" for command in bench.apps[0].commands):
                await asyncio.sleep(0)
        await device.activities.stop_all()

    asyncio.run(act())
    return [command["facts"] for command in bench.apps[0].commands if command["do"] == "hardware"]


def test_a_running_app_is_told_of_a_change(bench: Bench) -> None:
    """In the numbers of Android's own classes."""
    (facts,) = hardware_told(bench, during_launch=False)
    assert (facts["thermal"], facts["battery_plugged"], facts["battery_level"]) == (3, 2, 100)
    assert facts["skin"] > facts["skin_severe"]


def test_a_change_while_the_process_starts_is_not_lost(bench: Bench) -> None:
    """What it was started with is out of date by the time it runs."""
    (facts,) = hardware_told(bench, during_launch=True)
    assert facts["thermal"] == 3


def test_the_first_source_of_power_is_the_one_that_is_told() -> None:
    """As `BatteryService` has it: AC before USB before wireless before a dock."""
    assert [
        Battery(ac=True, usb=True).plugged,
        Battery(ac=False, usb=True, wireless=True).plugged,
        Battery(ac=False, wireless=True).plugged,
        Battery(ac=False, dock=True).plugged,
        Battery(ac=False).plugged,
    ] == [1, 2, 4, 8, 0]
