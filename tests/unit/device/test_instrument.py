"""`am instrument -r`, line by line."""

from __future__ import annotations

import pytest

from harness.device.instrument import Finish, Status, _Parser


def feed(text: str) -> tuple[list[Status], Finish]:
    parser = _Parser()
    statuses = [status for line in text.splitlines() if (status := parser.feed(line)) is not None]
    return statuses, parser.finish()


def test_status_and_result() -> None:
    """A status is complete at its code; the result comes with the final code."""
    statuses, finish = feed(
        'INSTRUMENTATION_STATUS: record={"a": "b=c"}\nINSTRUMENTATION_STATUS_CODE: 1\n'
        "INSTRUMENTATION_RESULT: samples=/sdcard/x\nINSTRUMENTATION_CODE: -1\n"
    )
    assert statuses == [Status(1, {"record": '{"a": "b=c"}'})]
    assert finish == Finish(-1, {"samples": "/sdcard/x"})


def test_value_over_several_lines() -> None:
    """A stack trace in a value keeps its lines."""
    _, finish = feed(
        "INSTRUMENTATION_RESULT: shortMsg=java.lang.IllegalStateException\n"
        "INSTRUMENTATION_RESULT: longMsg=java.lang.IllegalStateException: boom\n\tat a.B.c(B.java:1)\n"
        "INSTRUMENTATION_CODE: 0\n"
    )
    assert finish.code == 0
    assert finish.values["longMsg"] == "java.lang.IllegalStateException: boom\n\tat a.B.c(B.java:1)"


@pytest.mark.fault("F30")
def test_unknown_component_is_in_the_rest() -> None:
    """What `am` prints when it can't find the instrumentation is kept, and there is no code."""
    _, finish = feed(
        "INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: ComponentInfo{a/b}\n"
        "INSTRUMENTATION_STATUS: id=ActivityManagerService\nINSTRUMENTATION_STATUS_CODE: -1\n"
        "android.util.AndroidException: INSTRUMENTATION_FAILED: a/b\n"
    )
    assert finish.code is None
    assert "INSTRUMENTATION_FAILED: a/b" in finish.rest
