"""The device's part of a run: push the plan, follow the app live, pull what it wrote and hold it against its end mark."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.device import logcat
from harness.device.base import OWN_FOLDER, Device
from harness.device.crash import killed, last_crash
from harness.device.instrument import RESULT_OK, Finish, Status, instrument
from harness.device.shell import check, run
from harness.device.sync import pull, push_bytes
from harness.device.watch import aftermath, answers, boot_id
from harness.errors import AppCrashed, DeviceFailed, DeviceLost, HarnessError, ResultsInvalid
from harness.results.bundle import RunFolder, output_path
from harness.results.journal import Journal, Recorded, read_journal
from harness.results.records import SampleRecord, parse_record
from harness.scenario.plan import InputFile

APPLICATION = "dev.tfliteharness"
INSTRUMENTATION = f"{APPLICATION}/.RunInstrumentation"
_APP_FOLDER = PurePosixPath("/sdcard/Android/data") / APPLICATION / "files" / "runs"
_RECORD = "record"
_SAMPLES = "samples"
SILENCE_SECONDS = 180.0
"""How long the app may work without a record: the slowest GPU start that was seen, several times over."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What came back: the records, the log's messages of the app, and why it ended early if it did."""

    recorded: Recorded
    log: tuple[logcat.LogLine, ...]
    failure: HarnessError | None


def execute(
    device: Device,
    folder: RunFolder,
    plan: bytes,
    inputs: Iterable[InputFile],
    *,
    minutes: float,
    silence: float | None = None,
    on_sample: Callable[[SampleRecord], None],
) -> Executed:
    """Run a plan on a device whose app is installed. What arrives is in the run's folder at once, whatever comes after.

    The app may take `minutes` in all, and `silence` seconds without a record. A crash, a lost device or a broken result is
    in `failure`, beside all that was recorded before it; it is transient when the device is there again.
    """
    remote = OWN_FOLDER / folder.run_id
    failure: HarnessError | None = None
    lines: tuple[logcat.LogLine, ...] | None = None
    boot, since = boot_id(device), logcat.now(device)
    try:
        _push(device, remote, plan, inputs)
        finish = _follow(
            device, folder, remote, minutes=minutes, silence=silence or SILENCE_SECONDS, on_sample=on_sample
        )
        lines = _keep_log(device, folder, since)
        _check_finish(finish, lines)
        _pull(device, folder, PurePosixPath(finish.values[_SAMPLES]))
    except HarnessError as error:
        failure = aftermath(device, boot, error) if isinstance(error, DeviceLost) else error
    gone = isinstance(failure, DeviceLost) and not failure.transient
    if lines is None:
        lines = _keep_log(device, folder, since) if not gone else ()
    if not gone:
        _clean(device, folder.run_id)
    try:
        recorded = read_journal(folder.samples.read_bytes() if folder.samples.exists() else b"", folder.run_id)
        if failure is None and not recorded.complete:
            failure = ResultsInvalid("results.no_end", "the app finished, but its records have no end mark")
    except ResultsInvalid as error:
        recorded, failure = Recorded(None, (), (), None), failure or error
    return Executed(recorded, lines, failure)


def _push(device: Device, remote: PurePosixPath, plan: bytes, inputs: Iterable[InputFile]) -> None:
    check(device, ["mkdir", "-p", str(remote)])
    for name, data in {file.file: file.data for file in inputs}.items():
        push_bytes(device, data, remote / name)
    push_bytes(device, plan, remote / "plan.json")


def _follow(
    device: Device,
    folder: RunFolder,
    remote: PurePosixPath,
    *,
    minutes: float,
    silence: float,
    on_sample: Callable[[SampleRecord], None],
) -> Finish:
    arguments = {"plan": str(remote / "plan.json")}
    end = time.monotonic() + minutes * 60
    try:
        with Journal(folder.samples) as journal:
            for event in instrument(device, INSTRUMENTATION, arguments, seconds=minutes * 60, silence=silence):
                if isinstance(event, Finish):
                    return event
                if isinstance(event, Status) and _RECORD in event.values:
                    journal.append(event.values[_RECORD])
                    record = parse_record(event.values[_RECORD])
                    if isinstance(record, SampleRecord):
                        on_sample(record)
    except DeviceLost as error:
        if error.code == "device.silent" and answers(device):
            raise _stop_app(device, late=time.monotonic() >= end, minutes=minutes, silence=silence) from error
        raise
    raise DeviceLost("device.lost", f"`am instrument` on {device.serial} ended without a word")


def _stop_app(device: Device, *, late: bool, minutes: float, silence: float) -> AppCrashed:
    """End an app that doesn't end by itself on a device that still answers, and say so."""
    check(device, ["am", "force-stop", APPLICATION])
    if late:
        return AppCrashed(
            "app.deadline",
            f"the app had not finished after {minutes:g} minutes, and was stopped",
            hint="raise `runs: {minutes: …}` in the scenario, or run fewer rounds",
        )
    return AppCrashed(
        "app.silent",
        f"the app recorded nothing for {silence:g} s, and was stopped",
        why="the device still answers: an inference, or the start of a delegate, doesn't end",
        hint="what it had recorded is kept; logcat.txt in the run's folder has the rest",
    )


def _check_finish(finish: Finish, lines: tuple[logcat.LogLine, ...]) -> None:
    if finish.code == RESULT_OK and _SAMPLES in finish.values:
        return
    stack = last_crash(lines, APPLICATION)
    if not stack and (word := killed(lines, APPLICATION)):
        raise AppCrashed(
            "app.killed",
            "the system ended the app in the middle of the run, to have memory",
            why=word,
            hint="close other apps, run fewer models at a time, or use a smaller variant",
        )
    if finish.code is None:
        raise AppCrashed(
            "app.not_started",
            "`am instrument` ended without a result of the app's",
            why=stack or finish.rest.strip()[:400],
            hint="`adb shell pm list instrumentation` shows what is installed",
        )
    said = finish.values.get("longMsg") or finish.values.get("shortMsg") or finish.values.get("error") or finish.rest
    raise AppCrashed(
        "app.crashed",
        f"the app ended in the middle of the run: {said or f'instrumentation code {finish.code}'}",
        why=stack,
        hint="what it had recorded is kept; logcat.txt in the run's folder has the rest",
    )


def _keep_log(device: Device, folder: RunFolder, since: str) -> tuple[logcat.LogLine, ...]:
    try:
        text = logcat.dump(device, since=since)
    except (DeviceLost, DeviceFailed) as error:
        folder.write("logcat.txt", f"the log could not be read: {error}\n")
        return ()
    folder.write("logcat.txt", text)
    return logcat.parse(text)


def _pull(device: Device, folder: RunFolder, samples: PurePosixPath) -> None:
    """Take the app's own file in place of what came live, once it is whole, and every output that it names, by its hash."""
    pulled = folder.path / "samples.pulled.jsonl"
    pull(device, samples, pulled)
    recorded = read_journal(pulled.read_bytes(), folder.run_id)
    pulled.replace(folder.samples)
    for sample in recorded.samples:
        for output in sample.outputs:
            if output.file is None:
                continue
            target = output_path(folder.path, output.file)
            pull(device, samples.parent / output.file, target)
            if hashlib.sha256(target.read_bytes()).hexdigest() != output.sha256:
                raise ResultsInvalid(
                    "results.hash",
                    f"{output.file} arrived with another SHA-256 than the app recorded",
                    hint="run again",
                )


def _clean(device: Device, run_id: str) -> None:
    """Leave nothing of this run on a device that still answers; one that doesn't has lost more than these folders."""
    try:
        run(device, ["rm", "-rf", str(OWN_FOLDER / run_id), str(_APP_FOLDER / run_id)])
    except (DeviceLost, DeviceFailed):
        return
