"""The reference's answers, and the silence around TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models import DescribedModel
from harness.models.quiet import silenced
from harness.models.reference import reference_outputs

PHOTO = np.full((1, 16, 16, 3), 0.5, np.float32)


def test_the_answer_is_the_interpreters(tiny: dict[str, DescribedModel]) -> None:
    """Probabilities of the output's own shape and type."""
    (output,) = reference_outputs(tiny["fp32"], [PHOTO])
    assert (output.shape, output.dtype) == ((1, 5), np.float32)
    assert output.sum() == pytest.approx(1)


def test_an_answer_is_kept(tiny: dict[str, DescribedModel]) -> None:
    """Asked again in another process, it comes from the cache and without TensorFlow."""
    (output,) = reference_outputs(tiny["fp32"], [PHOTO])
    card = tiny["fp32"].card
    code = (
        "import sys, numpy; from pathlib import Path; from harness.models import describe_variants, load_card\n"
        "from harness.models.reference import reference_outputs\n"
        f"catalog = Path({str(card.folder.parent)!r})\n"
        "(model,) = describe_variants(load_card('tiny', catalog), ['fp32'], catalog=catalog)\n"
        "(output,) = reference_outputs(model, [numpy.full((1, 16, 16, 3), 0.5, numpy.float32)])\n"
        "print('tensorflow' in sys.modules, output.tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", output.tobytes().hex()]


def test_another_input_has_another_answer(tiny: dict[str, DescribedModel]) -> None:
    """The cache tells inputs apart by content."""
    assert not np.array_equal(*(reference_outputs(tiny["fp32"], [PHOTO * sign])[0] for sign in (1, -1)))


@pytest.mark.parametrize("given", [[], [PHOTO, PHOTO], [PHOTO[0]], [PHOTO.astype(np.float64)]])
def test_inputs_that_do_not_fit(tiny: dict[str, DescribedModel], given: list[np.ndarray]) -> None:  # type: ignore[type-arg]
    """Number, shape and type are checked before anything runs."""
    with pytest.raises(ModelError) as caught:
        reference_outputs(tiny["fp32"], given)
    assert caught.value.code == "reference.input"


def test_a_model_that_does_not_run_is_told(tiny: dict[str, DescribedModel], tmp_path: object) -> None:
    """The interpreter's own words, and nothing is cached."""
    path = tiny["fp32"].path.with_name("broken.tflite")
    path.write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(100))
    broken = replace(tiny["fp32"], path=path, sha256="0" * 64)
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            reference_outputs(broken, [PHOTO])
        assert caught.value.code == "reference.failed"


def test_silence_keeps_the_streams_and_the_noise(capfd: pytest.CaptureFixture[str]) -> None:
    """What is written below Python is kept aside; Python's own stderr, where people are told, stays open."""
    with silenced() as noise:
        os.write(1, b"native out\n")
        os.write(2, b"native err\n")
        print("printed")  # noqa: T201
        warnings.warn("warned", stacklevel=1)
        assert set(noise.tail().split("\n")) == {"native out", "native err", "printed"}
    os.write(1, b"after\n")
    assert capfd.readouterr() == ("after\n", "")


def test_people_are_still_told_meanwhile() -> None:
    """In a process whose stderr is a stream of the system, a message to it arrives during the silence."""
    code = (
        "import os, sys; from harness.models.quiet import silenced\n"
        "with silenced():\n    os.write(2, b'noise'); sys.stderr.write('told')\n"
        "sys.stderr.write(' after')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "told after")
