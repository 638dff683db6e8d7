"""`am`: what it prints, line by line, and what it does with the app's process."""

from __future__ import annotations

import pytest

from harness.pixel.logcat import Buffer
from harness.pixel.zygote import Event
from tests.unit.pixel.conftest import Bench, ScriptedApp

INSTRUMENT = ("am", "instrument", "-w", "-r", "-e", "plan", "/data/local/tmp/p.json", "dev.tiny/.Probe")


async def finishing(app: ScriptedApp, command: Event) -> None:
    """Two reports and a good end, as an instrumentation sends them."""
    number = command["id"]
    app.on_event({"event": "ready"})
    app.on_event({"event": "status", "id": number, "code": 1, "values": {"record": '{"a":1}', "also": "x"}})
    app.on_event({"event": "status", "id": number, "code": 1, "values": {"record": '{"a":2}', "stream": "\n.."}})
    app.on_event({"event": "finish", "id": number, "code": -1, "values": {"samples": "/sdcard/s", "stream": "OK"}})


def test_raw_reports_are_printed_as_android_prints_them(bench: Bench) -> None:
    """Keys in order, a code after each report, the results, the last code; exit code 0."""
    assert bench.run(finishing, *INSTRUMENT) == (
        0,
        "INSTRUMENTATION_STATUS: also=x\n"
        'INSTRUMENTATION_STATUS: record={"a":1}\n'
        "INSTRUMENTATION_STATUS_CODE: 1\n"
        'INSTRUMENTATION_STATUS: record={"a":2}\n'
        "INSTRUMENTATION_STATUS: stream=\n..\n"
        "INSTRUMENTATION_STATUS_CODE: 1\n"
        "INSTRUMENTATION_RESULT: samples=/sdcard/s\n"
        "INSTRUMENTATION_RESULT: stream=OK\n"
        "INSTRUMENTATION_CODE: -1\n",
        "",
    )
    assert bench.apps[0].commands[0] == {
        "do": "instrument",
        "id": 1,
        "component": "dev.tiny/dev.tiny.Probe",
        "args": {"plan": "/data/local/tmp/p.json"},
    }


def test_without_raw_the_stream_text_stands_for_the_report(bench: Bench) -> None:
    """Reports without such a text are printed all the same."""
    code, output, _ = bench.run(finishing, "am", "instrument", "-w", "dev.tiny/.Probe")
    assert code == 0
    assert output == (
        'INSTRUMENTATION_STATUS: also=x\nINSTRUMENTATION_STATUS: record={"a":1}\nINSTRUMENTATION_STATUS_CODE: 1\n\n..OK\n'
    )


def test_the_process_ends_with_its_instrumentation(bench: Bench) -> None:
    """As on Android, whatever the app would still do."""
    ended: list[bool] = []
    bench.run(finishing, *INSTRUMENT, then=lambda: ended.append(bench.device.activities.running() == []))
    assert ended == [True]


async def throwing(app: ScriptedApp, command: Event) -> None:
    """A report, then an exception that nobody catches."""
    app.on_event({"event": "status", "id": command["id"], "code": 1, "values": {"record": "1"}})
    app.on_event(
        {
            "event": "crash",
            "id": command["id"],
            "thread": "main",
            "class": "java.lang.Error",
            "message": "boom",
            "stack": "",
        }
    )
    app.end(1)


def test_a_crash_ends_the_output_with_process_crashed(bench: Bench) -> None:
    """What was reported before stays, and code 0 stands where a good run has -1."""
    code, output, _ = bench.run(throwing, *INSTRUMENT)
    assert code == 0
    assert output.splitlines()[-4:] == [
        "INSTRUMENTATION_STATUS_CODE: 1",
        "INSTRUMENTATION_RESULT: longMsg=java.lang.Error: boom",
        "INSTRUMENTATION_RESULT: shortMsg=Process crashed.",
        "INSTRUMENTATION_CODE: 0",
    ]


@pytest.mark.parametrize(("code", "signal"), [(-11, "signal 11 (SIGSEGV)"), (134, "signal 6 (SIGABRT)")])
def test_a_native_death_is_written_to_the_crash_buffer(bench: Bench, code: int, signal: str) -> None:
    """By the signal's number, whether it comes from the kernel or through a shell; the name of the app is there."""

    async def dying(app: ScriptedApp, _: Event) -> None:
        app.end(code)

    _, output, _ = bench.run(dying, *INSTRUMENT)
    lines = [entry.message for entry in bench.device.logs.entries([Buffer.crash])]
    assert "INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n" in output
    assert any(line.startswith(signal) for line in lines)
    assert any(">>> dev.tiny <<<" in line for line in lines)
    assert (bench.state / "root/data/tombstones/tombstone_00").read_text().splitlines() == lines


def test_an_unknown_instrumentation_is_reported_in_androids_words(bench: Bench) -> None:
    """A status with the reason on standard output, the exception on standard error, exit code 1, and no process."""
    code, output, errors = bench.run(finishing, "am", "instrument", "-w", "-r", "dev.tiny/.Nothing")
    assert code == 1
    assert output.splitlines()[0] == (
        "INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: ComponentInfo{dev.tiny/dev.tiny.Nothing}"
    )
    assert "INSTRUMENTATION_STATUS_CODE: -1" in output
    assert errors.startswith("android.util.AndroidException: INSTRUMENTATION_FAILED: dev.tiny/.Nothing")
    assert bench.apps == []


async def displaying(app: ScriptedApp, command: Event) -> None:
    """An activity that is drawn after 321 ms."""
    app.on_event(
        {"event": "displayed", "id": command["id"], "component": command["intent"]["component"], "milliseconds": 321}
    )


def test_a_started_activity_is_waited_for(bench: Bench) -> None:
    """`-W` prints when it was displayed; extras and action reach the app."""
    code, output, _ = bench.run(
        displaying, "am", "start", "-W", "-n", "dev.tiny/.MainActivity", "-a", "x.Y", "--es", "k", "v", "--ei", "n", "3"
    )
    assert code == 0
    lines = output.splitlines()
    assert lines[0] == "Starting: Intent { act=x.Y cmp=dev.tiny/.MainActivity (has extras) }"
    assert lines[1:5] == [
        "Status: ok",
        "LaunchState: COLD",
        "Activity: dev.tiny/.MainActivity",
        "TotalTime: 321",
    ]
    intent = bench.apps[0].commands[0]["intent"]
    assert (intent["component"], intent["action"], intent["extras"]) == (
        "dev.tiny/dev.tiny.MainActivity",
        "x.Y",
        [["k", "string", "v"], ["n", "int", 3]],
    )


def test_the_launcher_activity_is_found_by_its_package(bench: Bench) -> None:
    """`am start PACKAGE` means its launcher activity."""
    _, output, _ = bench.run(displaying, "am", "start", "-W", "dev.tiny")
    assert "Activity: dev.tiny/.MainActivity" in output


def test_an_activity_that_is_not_there_is_said_so(bench: Bench) -> None:
    """Android's own words, on standard error."""
    code, _, errors = bench.run(displaying, "am", "start", "-n", "dev.tiny/.Other")
    assert (code, "does not exist" in errors, bench.apps) == (1, True, [])


def test_an_activity_whose_process_dies_is_no_success(bench: Bench) -> None:
    """`-W` ends with an error instead of waiting for ever."""

    async def dying(app: ScriptedApp, _: Event) -> None:
        app.end(1)

    code, output, errors = bench.run(dying, "am", "start", "-W", "dev.tiny")
    assert code == 1
    assert "Status: ok" not in output
    assert "its process died" in output + errors


def test_what_the_app_refuses_is_passed_on(bench: Bench) -> None:
    """An `error` event ends the instrumentation with its message."""

    async def refusing(app: ScriptedApp, command: Event) -> None:
        app.on_event({"event": "error", "id": command["id"], "message": "no such class"})

    _, output, _ = bench.run(refusing, *INSTRUMENT)
    assert "INSTRUMENTATION_RESULT: longMsg=no such class\n" in output
