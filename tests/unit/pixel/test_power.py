"""`cmd battery`, `dumpsys battery`, `cmd thermalservice` and `dumpsys thermalservice`."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from harness.pixel.hardware import Battery, BatteryStatus, ThermalStatus
from tests.unit.pixel.conftest import Bench, run_program


def run(bench: Bench, *lines: str) -> list[tuple[int, str, str]]:
    """Exit code, output and errors of each line's program, on one device."""

    async def act() -> list[tuple[int, str, str]]:
        device = bench.open()
        return [await run_program(device, *line.split()) for line in lines]

    return asyncio.run(act())


@pytest.mark.parametrize("how", ["cmd", "dumpsys"])
def test_a_battery_is_hidden_behind_what_was_set(bench: Bench, how: str) -> None:
    """Each field, until `reset`; the dump says that it doesn't follow the battery meanwhile."""
    *_, (_, hidden, _), _, (_, shown, _) = run(
        bench, f"{how} battery set level 20", f"{how} battery set temp 415", f"{how} battery set status 3",
        f"{how} battery unplug", "dumpsys battery", f"{how} battery reset", "dumpsys battery",
    )  # fmt: skip
    assert "  (UPDATES STOPPED -- use 'reset' to restart)\n" in hidden
    assert {"  level: 20", "  temperature: 415", "  status: 3", "  AC powered: false"} <= set(hidden.splitlines())
    assert "UPDATES STOPPED" not in shown
    assert {"  level: 100", "  temperature: 250", "  status: 2", "  AC powered: true"} <= set(shown.splitlines())


def test_what_the_battery_does_meanwhile_is_seen_after_the_reset(bench: Bench) -> None:
    """The override hides the hardware; it doesn't change it."""
    run(bench, "cmd battery set level 20")
    hardware = bench.device.hardware
    hardware.change(replace(hardware.now, battery=Battery(level=60)))
    assert hardware.battery.level == 20
    hardware.change(replace(hardware.now, battery_override=None))
    assert hardware.battery.level == 60


def test_a_field_is_told_alone(bench: Bench) -> None:
    """Numbers and switches as Java prints them."""
    lines = [f"cmd battery get {name}" for name in ("level", "ac", "status", "temp", "present")]
    assert [output for _, output, _ in run(bench, *lines)] == ["100\n", "true\n", "2\n", "250\n", "true\n"]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("cmd battery set level much", 255, "Bad value: much\n"),
        ("cmd battery set level", 255, "No value specified\n"),
        ("cmd battery set", 255, "No property specified\n"),
        ("cmd battery get", 255, "No property specified\n"),
        ("cmd battery set colour 3", 0, "Unknown set option: colour\n"),
        ("cmd battery charge", 255, "Unknown command: charge\n"),
        ("cmd thermalservice override-status 7", 255, "Invalid status: 7\n"),
        ("cmd thermalservice freeze", 255, "Unknown command: freeze\n"),
    ],
)
def test_what_is_wrong_is_said_in_androids_words_and_changes_nothing(
    bench: Bench, line: str, code: int, said: str
) -> None:
    """`BatteryService` and `ThermalManagerService` of Android 14 answer so."""
    assert run(bench, line) == [(code, said, "")]
    assert bench.device.hardware.now == type(bench.device.hardware)(bench.device.profile.memory).now


def test_an_unknown_status_of_the_battery_is_unknown(bench: Bench) -> None:
    """Apps are told a value that they know."""
    run(bench, "cmd battery set status 77")
    assert bench.device.hardware.battery.status is BatteryStatus.unknown


def test_a_thermal_status_is_locked_and_let_go(bench: Bench) -> None:
    """The override wins over the sensor, and the dump tells the two apart."""
    _, (_, locked, _), _, (_, free, _) = run(
        bench, "cmd thermalservice override-status 4", "dumpsys thermalservice", "cmd thermalservice reset",
        "dumpsys thermalservice",
    )  # fmt: skip
    assert "IsStatusOverride: true\n" in locked
    assert "Thermal Status: 4\n" in locked
    assert "mStatus=0}" in locked
    assert "IsStatusOverride: false\n" in free
    assert "Thermal Status: 0\n" in free


@pytest.mark.parametrize("status", list(ThermalStatus))
def test_the_sensors_temperature_fits_its_status(bench: Bench, status: ThermalStatus) -> None:
    """It is at or over the threshold of its own status, and under the next one's."""
    hardware = bench.open().hardware
    hardware.change(replace(hardware.now, thermal=status))
    _, text, _ = asyncio.run(run_program(bench.device, "dumpsys", "thermalservice"))
    found = re.search(r"Current temperatures from HAL:\n\tTemperature{mValue=([\d.]+), mType=3, .*mStatus=(\d)}", text)
    assert found is not None
    hot = [float(word) for word in text.split("mHotThrottlingThresholds=[")[1].split("]")[0].split(", ")]
    assert int(found[2]) == status
    assert sum(float(found[1]) >= threshold for threshold in hot) == status
