"""The command line: what a user and a script see before anything heavy is touched."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
VERBS = (
    "run",
    "bisect",
    "train",
    "validate",
    "models",
    "convert",
    "describe",
    "inspect",
    "build",
    "devices",
    "pixel",
    "doctor",
)


def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    argv = [sys.executable, "-c", "from harness.cli import main; main()", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=CHECKOUT)


def test_help_names_every_verb_and_imports_nothing_heavy() -> None:
    """`--help` is there at once: neither NumPy, TensorFlow, pydantic nor ppadb is imported for it."""
    code = (
        "import sys\nfrom harness.cli import main\nsys.argv = ['harness', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'tensorflow', 'pydantic', 'ppadb', 'PIL', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < 5
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "nowhere.yaml"], 2, "scenario.missing"),
        (["run", "scenarios/quickstart.yaml", "--variant", "int16x8"], 10, "run.nothing"),
        (["run", "scenarios/quickstart.yaml", "--pixel", "-s", "x"], 2, "run.device"),
        (["validate", "README.md"], 2, "yaml."),
        (["convert", "efficientnet_lite"], 2, "did you mean 'efficientnet_lite0'"),
        (["convert", "absent.keras"], 2, "source.missing"),
        (["convert", "README.md"], 2, "source.unknown"),
        (["convert", "efficientnet_lite0", "--calibrate", "noise"], 2, "edit model.yaml"),
        (["convert", "x.keras", "--input-shape", "image=1,0"], 2, "convert.option"),
        (["convert", "x.keras", "--io", "double", "--calibrate", "noise"], 2, "not 'double'"),
        (["convert", "x.keras", "--io", "float"], 2, "--calibrate"),
        (["inspect", "README.md"], 4, "model.not_tflite"),
        (["pixel", "stop", "emulator-9999"], 5, "pixel.unknown"),
        (["pixel", "start", "--port", "5555"], 2, "even"),
        (["bisect", "efficientnet_lite0", "--suspect", "gpu-opncl"], 2, "did you mean 'gpu-opencl'"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_mistakes_have_their_exit_code(arguments: list[str], code: int, words: str) -> None:
    """Each mistake ends with its exit code and its code word on stderr, and nothing on stdout."""
    done = harness(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_validate_lists_the_cells_as_json() -> None:
    """Data goes to stdout as one JSON document."""
    done = harness("validate", "scenarios/quickstart.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 16
