"""The table that a person reads."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.report.terminal import render
from harness.results.document import RunResults


def text_of(results: RunResults) -> str:
    console = Console(file=io.StringIO(), width=160, highlight=False)
    console.print(render(results))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def results_of(*rows: dict[str, object], **more: object) -> RunResults:
    return RunResults.model_validate(
        {
            "schema": 1,
            "run_id": "20260101-000000-abcdef",
            "status": "complete",
            "scenario": "s",
            "harness": "0",
            "started_utc": "",
            "device": {
                "serial": "emulator-5554", "manufacturer": "Google", "model": "Pixel 3 XL", "release": "14", "sdk": 34,
                "abis": ["x86_64"], "fingerprint": "f", "hardware": "virtual", "emulated": True,
            },
            "rows": rows,
            **more,
        }
    )  # fmt: skip


def row(**changes: object) -> dict[str, object]:
    return {
        "cell": "m/fp32/gpu", "model": "m", "variant": "fp32", "backend": "gpu", "delegate": "gpu",
        "outcome": "pass", "validity": "valid", "model_bytes": 18_600_000, "latency_of": "virtual device, not a phone",
        "coverage": [{"delegate": "TfLiteGpuDelegateV2", "taken": 61, "total": 61, "partitions": 1}],
        "latency": {"count": 3, "minimum": 1.0, "median": 2.0, "p90": None, "maximum": 3.0},
        **changes,
    }  # fmt: skip


@pytest.mark.fault("F38")
def test_row_of_a_virtual_device_says_whose_latency_it_is() -> None:
    """Each row says that it isn't a phone's, and the heading says it too."""
    text = text_of(results_of(row()))
    assert "GPU 61/61" in text
    assert "virtual device" in next(line for line in text.splitlines() if "GPU 61/61" in line)
    assert "isn't a phone's" in text


def test_few_samples_have_no_p90() -> None:
    """Where a p90 would be made up, the count stands."""
    assert "n=3" in text_of(results_of(row()))


def test_invalid_row_says_so_with_its_reason() -> None:
    """An invalid row reads invalid, never pass."""
    issue = {"code": "gpu.not_applied", "owner": "model", "text": "GpuDelegate took no node"}
    text = text_of(results_of(row(outcome="skip", validity="invalid", issues=[issue], coverage=[])))
    line = next(line for line in text.splitlines() if "fp32" in line)
    assert "invalid gpu.not_applied" in line
    assert "pass" not in line
    assert "GpuDelegate took no node" in text
    assert "exit code 9" in text


def test_broken_run_says_what_and_what_to_do() -> None:
    """A run that broke off shows why, whose it is, and the remedy."""
    failure = {
        "code": "device.lost",
        "owner": "device",
        "exit_code": 8,
        "what": "it went away",
        "hint": "look at the cable",
    }
    text = text_of(results_of(failure=failure, status="incomplete"))
    assert "device.lost" in text
    assert "look at the cable" in text
    assert "exit code 8" in text


@pytest.mark.fault("F42")
def test_markup_in_a_reason_stays_text() -> None:
    """Brackets out of a log are shown as they are."""
    issue = {"code": "x.y", "owner": "model", "text": "shape [1,2] [/red] \x1b[31m"}
    text = text_of(results_of(row(outcome="fail", issues=[issue])))
    assert "[1,2] [/red]" in text
    assert "\x1b[31m" not in text
