"""The emulator's console, line by line."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from harness.pixel.emulator_console import EmulatorConsole, console_token
from harness.pixel.hardware import Battery, BatteryHealth, BatteryStatus, Hardware, Link, ThermalStatus

AUTH = "auth secret"
MEMORY = 4 << 30


class Session:
    """What a client says to a console and hears from it."""

    def __init__(self, *, token: str = "secret") -> None:  # noqa: S107 - a test's
        self.hardware = Hardware(MEMORY)
        self.killed = False
        self._token = token

    def say(self, *lines: str | bytes) -> list[str]:
        """The lines heard after the greeting."""

        async def run() -> bytes:
            console = EmulatorConsole(
                "pixel", Path("/home/me/token"), self._token, self.hardware, self._kill, {"more": " ".join}
            )
            server = await asyncio.start_server(console.serve, "127.0.0.1", 0, limit=1 << 13)
            async with server, asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                await reader.readuntil(b"OK\r\n")
                for line in lines:
                    writer.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
                writer.write_eof()
                heard = await reader.read()
                writer.close()
                return heard

        return asyncio.run(run()).decode().splitlines()

    def _kill(self) -> None:
        self.killed = True


def test_a_token_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    """Later devices of the user share it; nobody else can read it."""
    token = console_token(tmp_path)
    assert len(token) >= 16
    assert console_token(tmp_path) == token
    assert (tmp_path / ".emulator_console_auth_token").stat().st_mode & 0o077 == 0


def test_devices_that_start_at_once_agree_on_one_token(tmp_path: Path) -> None:
    """None of them ever reads a file that another has made and not yet written: an empty token would ask for none."""
    for turn in range(20):
        home, together = tmp_path / str(turn), Barrier(8)
        home.mkdir()

        def start(_: int, home: Path = home, together: Barrier = together) -> str:
            together.wait()
            return console_token(home)

        with ThreadPoolExecutor(8) as pool:
            (token,) = set(pool.map(start, range(8)))
        assert len(token) >= 16
        assert [path.name for path in home.iterdir()] == [".emulator_console_auth_token"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("auth wrong", "KO: authentication token does not match ~/.emulator_console_auth_token"),
        ("auth", "KO: missing authentication token"),
        ("kill", "KO: unknown command, try 'help'"),
        ("power capacity 1", "KO: unknown command, try 'help'"),
    ],
)
def test_nothing_is_done_for_who_does_not_know_the_token(line: str, answer: str) -> None:
    """The refusal is the emulator's own."""
    session = Session()
    assert session.say(line) == [answer]
    assert not session.killed
    assert session.hardware.now == Hardware(MEMORY).now


def test_some_is_told_without_the_token() -> None:
    """As on the emulator: the device's name, that it lives, and which commands there are."""
    assert Session().say("avd name", "ping") == ["pixel", "OK", "I am alive!", "OK"]
    said = Session().say("help")
    assert {"power", "network", "kill", "quit"} <= {line.split()[0] for line in said[1:] if line.startswith(" ")}


def test_an_emptied_token_asks_for_none() -> None:
    """Who has emptied the file wants no check."""
    session = Session(token="")
    session.say("kill")
    assert session.killed


def test_kill_says_so_and_ends_the_device() -> None:
    """What comes after it is not heard."""
    session = Session()
    assert session.say(AUTH, "kill", "ping")[-1] == "OK: killing emulator, bye bye"
    assert session.killed


def test_quit_ends_the_session_alone() -> None:
    """The device goes on."""
    session = Session()
    assert session.say(AUTH, "quit", "ping")[-1] == "OK"
    assert not session.killed


def test_the_battery_is_changed_and_told() -> None:
    """Each field by its own command, in the emulator's words."""
    session = Session()
    lines = ("ac off", "status not-charging", "health overheat", "present false", "capacity 7")
    session.say(AUTH, *(f"power {line}" for line in lines))
    assert session.hardware.battery == Battery(
        ac=False, status=BatteryStatus.not_charging, health=BatteryHealth.overheat, present=False, level=7
    )
    shown = ["AC: offline", "status: Not-charging", "health: Overheat", "present: false", "capacity: 7", "OK"]
    assert session.say(AUTH, "power display")[-6:] == shown


def test_network_settings_are_kept_and_told() -> None:
    """Names, one number and two, as the emulator takes them."""
    session = Session()
    session.say(AUTH, "network delay umts", "network speed 14:80")
    assert session.hardware.now.link == Link(14_000, 80_000, 35, 200)
    assert "  maximum latency:  200 ms" in session.say(AUTH, "network status")


@pytest.mark.parametrize("word", ["3", "severe"])
def test_the_thermal_status_is_set_by_number_and_by_name(word: str) -> None:
    """Those of `PowerManager`; what apps are told is shown."""
    session = Session()
    assert session.say(AUTH, f"thermal status {word}", "thermal display")[-2:] == ["status: 3 severe", "OK"]
    assert session.hardware.thermal is ThermalStatus.severe


@pytest.mark.parametrize(("text", "size"), [("3G", 3 << 30), ("512m", 512 << 20), ("268435456", 256 << 20)])
def test_the_memory_is_set_in_bytes_and_units(text: str, size: int) -> None:
    """K, M and G are powers of 1024."""
    session = Session()
    session.say(AUTH, f"memory size {text}")
    assert session.hardware.memory == size


def test_who_watches_is_told_of_each_change_and_of_nothing_else() -> None:
    """A command that sets what is there already changes nothing."""
    session, seen = Session(), []
    session.hardware.watchers.add(lambda: seen.append(session.hardware.thermal))
    session.say(AUTH, "thermal status light", "thermal status light", "power display", "thermal status none")
    assert seen == [ThermalStatus.light, ThermalStatus.none]


def test_a_command_of_the_devices_own_is_done_for_who_knows_the_token() -> None:
    """It is given its words, and its answer comes before the OK."""
    assert Session().say("more light") == ["KO: unknown command, try 'help'"]
    assert Session().say(AUTH, "more light now")[-2:] == ["light now", "OK"]


@pytest.mark.parametrize(
    "line",
    ["thermal status 7", "thermal status hot", "thermal", "memory size 12", "memory size 1T", "memory size", "memory",
     "power capacity 101", "power capacity -1", "power status asleep", "power", "network delay fast", "network speed 1:2:3",
     "network", "avd destroy", "rotate", "frobnicate"],
)  # fmt: skip
def test_what_can_not_be_done_is_refused_and_changes_nothing(line: str) -> None:
    """KO with the reason, and the session goes on."""
    session = Session()
    answers = session.say(AUTH, line, "ping")
    assert answers[-3].startswith("KO: ")
    assert answers[-2:] == ["I am alive!", "OK"]
    assert session.hardware.now == Hardware(MEMORY).now


def test_a_line_without_an_end_drops_its_client() -> None:
    """It isn't gathered for ever."""
    session = Session()
    assert session.say(b"x" * 100_000) == []
    assert session.say("ping") == ["I am alive!", "OK"]
