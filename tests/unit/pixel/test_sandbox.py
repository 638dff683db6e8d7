"""The root that every process of a device has: what of the host is shown in it, and what is said where it can't be made."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from harness.errors import DeviceUnavailable
from harness.pixel.memory import write_meminfo
from harness.pixel.sandbox import MEMORY, sandbox_command
from tests.unit.pixel.conftest import Bench


def binds(root: Path) -> list[tuple[str, str]]:
    """Source and target of each bind."""
    command = sandbox_command(root, ["sh"], uid=2000, gid=2000, env={"A": "b"})
    return [(command[at + 1], command[at + 2]) for at, word in enumerate(command) if "bind" in word]


def test_only_the_processors_of_the_host_are_shown(tmp_path: Path) -> None:
    """All other binds come from the device's root, and the host's command line is covered."""
    (tmp_path / "sys/devices/system/cpu").mkdir(parents=True)
    foreign = [pair for pair in binds(tmp_path) if not pair[0].startswith(str(tmp_path))]
    assert foreign == [("/dev/null", "/proc/cmdline"), ("/sys/devices/system/cpu", "/sys/devices/system/cpu")]


def test_the_devices_memory_covers_the_hosts(bench: Bench) -> None:
    """Once it is written, and each time as long, so that no reader sees half a file."""
    device = bench.open()
    assert "/proc/meminfo" not in [target for _, target in binds(device.root)]
    write_meminfo(device)
    first = (device.root / MEMORY).read_text()
    assert first.startswith("MemTotal:        4194304 kB\nMemFree:         4194304 kB\n")
    write_meminfo(device)
    assert len((device.root / MEMORY).read_text()) == len(first)
    assert (str(device.root / MEMORY), "/proc/meminfo") in binds(device.root)


def test_where_user_namespaces_are_off_the_remedy_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that can't have a network of its own doesn't start, and says what to do."""

    def refused() -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("harness.pixel.device.DeviceNetwork", refused)
    (bench.state / "root/dev/socket").mkdir(parents=True)

    async def act() -> None:
        await bench.open().start()

    with pytest.raises(DeviceUnavailable) as caught:
        asyncio.run(act())
    assert caught.value.code == "pixel.sandbox"
    assert caught.value.hint is not None
    assert "user namespaces" in caught.value.hint
