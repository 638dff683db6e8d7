"""Work for several devices at once under the same names on each, and what every one of them must find of its own alone."""

from __future__ import annotations

import hashlib
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.fetch.store import sha256_of

Run = Callable[..., bytes]
"""Runs adb with the arguments after the serial, checked; its standard output."""

SAME_FILE = "/data/local/tmp/same"
SAME_PORT = 7000
SAME_REVERSE = "tcp:6500"
ROUNDS = 3


@dataclass(frozen=True)
class Worker:
    """A device at work: the APK is installed where there is one, of a package that no other device has."""

    serial: str
    apk: Path | None = None
    package: str = ""


@dataclass(frozen=True)
class Found:
    """What a device has at the end: of everything, only its own is right."""

    file_sha256: str
    property: str
    logged: tuple[str, ...]
    packages: tuple[str, ...]
    reversed: str
    answer: str
    boot: str


def checked(program: Path, environment: Mapping[str, str]) -> Run:
    """Runs that program."""

    def run(serial: str, *arguments: str) -> bytes:
        command = [program, "-s", serial, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True).stdout

    return run


def all_at_once(run: Run, workers: Sequence[Worker], folder: Path) -> list[Found]:
    """Let all work at the same time, and then look at all at the same time."""
    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(lambda worker: _work(run, worker, folder), workers))
        return list(pool.map(lambda worker: _look(run, worker, folder), workers))


def mixed_up(workers: Sequence[Worker], found: Sequence[Found]) -> list[str]:
    """What isn't a device's own, a line each; empty when nothing is mixed up."""
    wrong = []
    for worker, has in zip(workers, found, strict=True):
        packages = (worker.package,) if worker.apk else ()
        file = hashlib.sha256(_content(worker)).hexdigest()
        own = Found(file, worker.serial, (worker.serial,) * ROUNDS, packages, SAME_REVERSE, worker.serial, has.boot)
        wrong += [f"{worker.serial}: {has}"] if has != own else []
    boots = {has.boot for has in found}
    return wrong + ([f"{len(boots)} boot ids of {len(found)} devices"] if len(boots) < len(found) else [])


def _content(worker: Worker) -> bytes:
    return worker.serial.encode() * 100_000


def _work(run: Run, worker: Worker, folder: Path) -> None:
    serial, source, back = worker.serial, folder / f"{worker.serial}.in", folder / f"{worker.serial}.out"
    source.write_bytes(_content(worker))
    run(serial, "wait-for-device")
    run(serial, "reverse", SAME_REVERSE, "tcp:1")
    server = f"nc -s 127.0.0.1 -p {SAME_PORT} -L echo {serial} </dev/null >/dev/null 2>&1 &"
    run(serial, "shell", f"logcat -c; setprop debug.mine {serial}; {server}")
    if worker.apk:
        run(serial, "install", str(worker.apk))
    for _ in range(ROUNDS):
        run(serial, "push", str(source), SAME_FILE)
        run(serial, "pull", SAME_FILE, str(back))
        run(
            serial,
            "shell",
            "log",
            "-t",
            "crosstalk",
            serial if back.read_bytes() == source.read_bytes() else "mixed up",
        )


def _look(run: Run, worker: Worker, folder: Path) -> Found:
    def text(*arguments: str) -> str:
        return run(worker.serial, *arguments).decode().strip()

    back = folder / f"{worker.serial}.out"
    lines = text("logcat", "-d", "-v", "raw", "-s", "crosstalk").splitlines()
    run(worker.serial, "pull", SAME_FILE, str(back))
    port = int(text("forward", "tcp:0", f"tcp:{SAME_PORT}"))
    with socket.create_connection(("127.0.0.1", port), 20) as channel, channel.makefile("r") as answers:
        answer = answers.readline().strip()
    text("forward", "--remove", f"tcp:{port}")
    return Found(
        file_sha256=sha256_of(back),
        property=text("shell", "getprop", "debug.mine"),
        logged=tuple(line for line in lines if not line.startswith("--------- beginning")),
        packages=tuple(
            line.removeprefix("package:") for line in text("shell", "pm", "list", "packages", "-3").splitlines()
        ),
        reversed=text("reverse", "--list").split()[1],
        answer=answer,
        boot=text("shell", "cat", "/proc/sys/kernel/random/boot_id"),
    )
