"""Faults as they are asked for, armed, used up and ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from signal import SIGKILL, SIGSEGV

import pytest

from harness.pixel.emulator_console import Refused
from harness.pixel.faults.armed import Faults, Order, parse_order
from harness.pixel.faults.console import FaultConsole
from harness.pixel.faults.files import spoiled
from harness.pixel.faults.kinds import (
    KINDS,
    Booting,
    CutPush,
    Damage,
    Drop,
    Fault,
    Freeze,
    FullStorage,
    HangInstall,
    KillApp,
    LoseExit,
    LoseLog,
    Offline,
    Reboot,
    RefuseInstall,
    Slow,
    SpoilPull,
    StopApp,
    Thermal,
    Unauthorized,
    parse_fault,
    words_of,
)
from harness.pixel.hardware import ThermalStatus

EXAMPLES: dict[str, Fault] = {
    "drop": Drop(),
    "drop 3": Drop(3),
    "offline": Offline(),
    "unauthorized": Unauthorized(),
    "freeze": Freeze(),
    "slow 1000": Slow(1000),
    "slow 1000 20": Slow(1000, 20),
    "full-storage": FullStorage(),
    "refuse-install INSTALL_FAILED_TEST_ONLY": RefuseInstall("INSTALL_FAILED_TEST_ONLY"),
    "refuse-install INSTALL_FAILED_X for no reason": RefuseInstall("INSTALL_FAILED_X", "for no reason"),
    "hang-install": HangInstall(),
    "kill-app dev.tiny": KillApp("dev.tiny", SIGKILL),
    "kill-app dev.tiny SIGSEGV": KillApp("dev.tiny", SIGSEGV),
    "stop-app dev.tiny": StopApp("dev.tiny"),
    "lose-log": LoseLog(1),
    "lose-log 3": LoseLog(3),
    "lose-exit": LoseExit(),
    "reboot": Reboot(),
    "booting": Booting(),
    "thermal severe": Thermal(ThermalStatus.severe),
    "spoil-pull flip": SpoilPull(Damage.flip),
    "spoil-pull lose *.bin": SpoilPull(Damage.lose, "*.bin"),
    "cut-push": CutPush(),
}


def with_faults(act: Callable[[Faults], object]) -> Faults:
    """Run `act` in a loop, as the device does."""

    async def run() -> Faults:
        faults = Faults()
        result = act(faults)
        if asyncio.iscoroutine(result):
            await result
        return faults

    return asyncio.run(run())


def test_every_kind_has_an_example() -> None:
    """So that the tests below miss none."""
    assert {type(fault) for fault in EXAMPLES.values()} == set(KINDS)


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_fault_is_read_from_its_words_and_said_in_them(text: str) -> None:
    """What the command line takes is what the console takes."""
    fault = parse_fault(text.split())
    assert fault == EXAMPLES[text]
    assert parse_fault(words_of(fault)) == fault
    assert parse_order(Order(fault, None, 0.5, 3).words()) == Order(fault, None, 0.5, 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no fault ''; there are drop, offline"),
        ("explode", "no fault 'explode'"),
        ("drop now", "'now' isn't a number of 0 or more"),
        ("drop 1 2", r"usage: drop \[PACKET\]"),
        ("slow", "usage: slow BYTES_PER_SECOND"),
        ("slow 0", "'0' isn't a number of 1 or more"),
        ("refuse-install broken", "'broken' isn't a code"),
        ("kill-app dev.tiny SIGNOTHING", "'SIGNOTHING' is none of SIGHUP"),
        ("thermal hot", "'hot' is none of none, light"),
        ("spoil-pull eat", "'eat' is none of flip, cut"),
        ("times=0 drop", "times=0: a number from 1"),
        ("after=-1 drop", "after=-1: a number of seconds"),
        ("for=nan drop", "for=nan: a number of seconds"),
        ("often=1 drop", "no option 'often'"),
        ("times=² drop", "times=²"),
    ],
)
def test_what_is_no_fault_is_refused_with_the_reason(text: str, why: str) -> None:
    """On the console as KO, and nothing is armed."""
    with pytest.raises(ValueError, match=why):
        parse_order(text.split())
    faults = Faults()
    with pytest.raises(Refused, match=why):
        FaultConsole(faults)(text.split())
    assert faults.listed() == []


def test_what_breaks_an_operation_is_used_up_by_it() -> None:
    """As often as was asked for, and only by what it concerns."""

    def act(faults: Faults) -> None:
        faults.arm(Order(SpoilPull(Damage.cut, "*.bin"), times=2))
        assert faults.take(SpoilPull, lambda fault: fault.concerns("/a.txt")) is None
        assert faults.take(CutPush) is None
        assert faults.listed() == ["spoil-pull cut *.bin (2 more times)"]
        for _ in range(2):
            assert faults.take(SpoilPull, lambda fault: fault.concerns("/a.bin")) == SpoilPull(Damage.cut, "*.bin")
        assert faults.take(SpoilPull) is None
        faults.arm(Order(LoseExit(), times=None))
        assert all(faults.take(LoseExit) for _ in range(10))

    assert with_faults(act).listed() == ["lose-exit"]


def test_a_state_lasts_until_it_is_cleared() -> None:
    """All of one kind, or all; each is told of its begin and its end."""
    told: list[tuple[Fault, bool]] = []

    def act(faults: Faults) -> None:
        faults.act = lambda fault, on: told.append((fault, on))
        console = FaultConsole(faults)
        for line in ("freeze", "offline", "slow 10"):
            assert console(line.split()) == ""
        assert faults.on_line
        assert console(["list"]) == "freeze\r\noffline\r\nslow 10 0"
        console(["clear", "freeze"])
        assert console(["list"]) == "offline\r\nslow 10 0"
        console(["clear"])
        with pytest.raises(Refused, match="no fault 'frost'"):
            console(["clear", "frost"])

    assert not with_faults(act).on_line
    faults = (Freeze(), Offline(), Slow(10))
    assert told == [*((fault, True) for fault in faults), *((fault, False) for fault in faults)]


def test_a_fault_begins_and_ends_in_its_time() -> None:
    """After so many seconds, for so many."""

    async def act(faults: Faults) -> None:
        begun = asyncio.Event()
        faults.act = lambda _, on: begun.set() if on else None
        faults.arm(Order(Freeze(), after=0.02, seconds=0.02))
        assert faults.active(Freeze) is None
        assert faults.listed() == ["freeze (not begun yet)"]
        await asyncio.wait_for(begun.wait(), 5)
        assert faults.active(Freeze) == Freeze()
        while faults.listed():
            await asyncio.sleep(0.005)

    with_faults(act)


def test_one_that_can_not_begin_is_not_armed() -> None:
    """The reason is handed on; one that was to begin later is logged and forgotten."""

    def refuse(fault: Fault, on: bool) -> None:
        raise ValueError("dev.tiny isn't running")

    async def act(faults: Faults) -> None:
        faults.act = refuse
        with pytest.raises(ValueError, match="isn't running"):
            faults.arm(Order(KillApp("dev.tiny")))
        faults.arm(Order(StopApp("dev.tiny"), after=0.01))
        while faults.listed():
            await asyncio.sleep(0.005)

    with_faults(act)


def test_what_is_over_at_once_is_not_listed() -> None:
    """A drop now, a reboot."""

    def act(faults: Faults) -> None:
        for fault in (Drop(), Reboot(), KillApp("dev.tiny")):
            faults.arm(Order(fault))

    assert with_faults(act).listed() == []


def test_the_packet_to_cut_is_counted_from_when_the_fault_began() -> None:
    """Each packet counts once; asked for twice, it is cut twice."""

    def act(faults: Faults) -> None:
        assert not faults.cuts()
        faults.arm(Order(Drop(3), times=2))
        assert [faults.cuts() for _ in range(8)] == [False, False, True, False, False, True, False, False]

    assert with_faults(act).listed() == []


@pytest.mark.parametrize(
    ("damage", "left"), [(Damage.flip, b"abbd"), (Damage.cut, b"ab"), (Damage.double, b"abcdabcd")], ids=str
)
def test_a_spoiled_file_is_read_like_any_other(damage: Damage, left: bytes) -> None:
    """From its beginning, by a descriptor of its own; the file itself is as it was."""
    source = os.memfd_create("file")
    os.write(source, b"abcd")
    os.lseek(source, 0, os.SEEK_SET)
    fd = spoiled(os.dup(source), damage)
    assert os.read(fd, 100) == left
    assert os.pread(source, 100, 0) == b"abcd"
    os.close(fd)
    os.close(source)


def test_a_lost_file_is_not_there() -> None:
    """As open(2) says it."""
    with pytest.raises(FileNotFoundError):
        spoiled(os.memfd_create("file"), Damage.lose)
