"""The WebGPU accelerator on the host: what it answers, and what becomes of a process that dies, hangs or says nothing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.errors import HostError, ToolMissing
from harness.models.corpus import corpus
from harness.models.webgpu import Opinions, Question, second_opinions

CASES = {case.name: case for case in corpus()}

# Stands for `harness.models.webgpu_process`, without the libraries: it answers as they would, and does what a name says.
PROCESS = """
import json, os, signal, sys, time
import numpy as np
folder = sys.argv[1]
for name, model, count in json.load(open(folder + "/questions.json")):
    print(json.dumps({"begin": name}), flush=True)
    if name == "deadly":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == "endless":
        time.sleep(60)
    if name == "quitter":
        print("wound up in the driver", file=sys.stderr)
        sys.exit(5)
    given = np.load(f"{folder}/{name}.input.0.npy")
    np.save(f"{folder}/{name}.reference.0.npy", given)
    np.save(f"{folder}/{name}.outputs.0.npy", 2 * given)
    print(json.dumps({"adapter": ADAPTER, "taken": 1, "left": "No adapters found", "ms": 1.5, "error": "",
                      "reference": 1, "outputs": 1}), flush=True)
"""


def questions(*names: str) -> list[Question]:
    """Questions of these names; the model isn't read by the process that stands in."""
    return [Question(name, Path(f"{name}.tflite"), (np.ones(2, np.float32),)) for name in names]


def command(folder: Path, adapter: str = "SwiftShader") -> list[str]:
    """How to start the process that stands in."""
    script = folder / "process.py"
    script.write_text(f"ADAPTER = {adapter!r}\n{PROCESS}")
    return [sys.executable, str(script)]


@pytest.fixture(scope="module")
def real() -> Opinions:
    """What the real accelerator makes of three models."""
    names = ("relu-rank4", "pad-rank3-hwc", "pad-rank2")
    return second_opinions([Question(name, CASES[name].write(), CASES[name].inputs()) for name in names])


def test_an_answer_and_what_was_taken(real: Opinions) -> None:
    """RELU is taken whole and answered as the CPU does; the time is that of a whole inference."""
    found = real.by_name["relu-rank4"]
    assert found.taken == 1
    assert np.array_equal(found.outputs[0], found.reference[0])
    assert np.array_equal(found.reference[0], np.maximum(CASES["relu-rank4"].inputs()[0], 0))
    assert found.ms is not None
    assert found.ms > 0
    assert "SwiftShader" in real.adapter


def test_taken_whole_and_wrong(real: Opinions) -> None:
    """PAD of a (4, 5, 6) is taken, answered without an error, and wrong."""
    found = real.by_name["pad-rank3-hwc"]
    assert (found.taken, found.error) == (1, "")
    assert np.abs(found.outputs[0] - found.reference[0]).max() > 0.5


def test_what_it_leaves_to_the_cpu(real: Opinions) -> None:
    """A model that it takes nothing of is right, by the CPU, and its words say why."""
    found = real.by_name["pad-rank2"]
    assert (found.taken, found.error) == (0, "")
    assert found.left == "PAD: Invalid paddings tensor shape: expected 4x2 or 3x2, got 2x2"
    assert np.array_equal(found.outputs[0], found.reference[0])


def test_a_crash_is_an_opinion(tmp_path: Path) -> None:
    """The model that kills the process has that for its opinion; those before and after it are answered."""
    found = second_opinions(questions("before", "deadly", "quitter", "after"), command=command(tmp_path)).by_name
    assert (found["deadly"].ended, found["deadly"].error) == ("crashed", "its process ended by SIGSEGV")
    assert (found["quitter"].ended, found["quitter"].error) == ("crashed", "its process ended with exit code 5")
    for name in ("before", "after"):
        assert found[name].ended == ""
        assert found[name].outputs[0].tolist() == [2, 2]


def test_a_hang_has_a_deadline(tmp_path: Path) -> None:
    """The model that doesn't come back is given up; the one behind it is answered by another process."""
    found = second_opinions(questions("endless", "after"), seconds=2, command=command(tmp_path)).by_name
    assert (found["endless"].ended, found["endless"].error) == ("hung", "no answer within 2 s")
    assert found["after"].reference[0].tolist() == [1, 1]


def test_without_a_driver_nothing_is_judged(tmp_path: Path) -> None:
    """An accelerator without an adapter would answer by the CPU: that is an error, in its own words."""
    with pytest.raises(HostError, match="No adapters found") as caught:
        second_opinions(questions("one"), command=command(tmp_path, adapter=""))
    assert caught.value.code == "webgpu.adapter"


def test_a_process_that_says_nothing_is_an_error() -> None:
    """It is not started again and again: its exit code and its last words are told."""
    with pytest.raises(HostError, match="No module named nowhere") as caught:
        second_opinions(questions("one"), command=[sys.executable, "-m", "nowhere"])
    assert caught.value.code == "webgpu.failed"
    assert "exit code 1" in caught.value.why


def test_a_process_that_ends_too_soon_is_an_error() -> None:
    """Nothing asks it for ever: one that ends well without an answer is told as such."""
    with pytest.raises(HostError, match="exit code 0") as caught:
        second_opinions(questions("one"), command=[sys.executable, "-c", ""])
    assert caught.value.code == "webgpu.failed"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base install has no ai-edge-litert, and says what brings it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ToolMissing) as caught:
        second_opinions(questions("one"))
    assert caught.value.code == "webgpu.missing"
    assert "[webgpu]" in caught.value.hint
