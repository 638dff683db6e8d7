"""The folder of one run: `results/<run id>/`, readable whatever the run came to."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import HostError, ResultsInvalid

RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_LEAST_FREE = 64 << 20


def new_run_id() -> str:
    """A name for a run: UTC date and time, and six random hexadecimal digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a run keeps what it has: `samples.jsonl`, `outputs/`, `logcat.txt`, `plan.json`, `results.json`."""

    path: Path
    run_id: str

    @classmethod
    def create(cls, base: Path, run_id: str) -> RunFolder:
        """Make the folder. Raises `HostError` when the disk is full or read-only, before anything has run."""
        path = base / run_id
        try:
            path.mkdir(parents=True)
            free = shutil.disk_usage(path).free
        except OSError as error:
            raise HostError(
                "host.write", f"can't make {path}", why=str(error), hint="choose another folder with --results"
            ) from error
        if free < _LEAST_FREE:
            path.rmdir()
            raise HostError(
                "host.disk_full", f"{free >> 20} MiB are free at {base}", why=f"{_LEAST_FREE >> 20} MiB are needed"
            )
        return cls(path, run_id)

    @property
    def samples(self) -> Path:
        """The journal of the app's records."""
        return self.path / "samples.jsonl"

    @property
    def outputs(self) -> Path:
        """Raw output tensors: `<cell index>/<input>/<tensor index>.bin`."""
        return self.path / "outputs"

    @property
    def results(self) -> Path:
        """The judged results."""
        return self.path / "results.json"

    def write(self, name: str, data: str | bytes) -> Path:
        """Write a file of the run whole or not at all."""
        target = self.path / name
        part = target.with_name(target.name + ".part")
        try:
            part.write_bytes(data.encode() if isinstance(data, str) else data)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            raise HostError("host.write", f"can't write {target}", why=str(error)) from error
        return target

    def write_json(self, name: str, value: Any) -> Path:
        """Write a value as JSON, whole or not at all."""
        return self.write(name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def set_aside(self, attempt: int) -> None:
        """Move what an attempt left into `attempts/<number>/`, so that another can be made."""
        target = self.path / "attempts" / str(attempt)
        target.mkdir(parents=True)
        for path in (self.samples, self.outputs, self.path / "logcat.txt"):
            if path.exists():
                path.rename(target / path.name)


def output_path(folder: Path, relative: str) -> Path:
    """Where an output that the app names belongs under `folder`. Raises `ResultsInvalid` for a name that leaves it."""
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()) or "\0" in relative:
        raise ResultsInvalid("results.path", f"the app names an output outside its folder: {relative!r}")
    return path
