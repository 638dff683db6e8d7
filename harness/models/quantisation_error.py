"""How far a variant's answers are from fp32's, on the inputs that it was calibrated on."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HostError, ModelError
from harness.fetch.store import cached, key_of, sha256_of
from harness.models.calibration import Example, Examples, InputSpec
from harness.models.inspect import TensorInfo, TfliteFile, inspect
from harness.models.quiet import silenced, tensorflow
from harness.models.tensors import dequantise, quantise


@dataclass(frozen=True)
class OutputError:
    """One output against fp32's, over all numbers of all examples: largest and mean distance, and SNR in decibels.

    SNR is 10 log10(sum of fp32's squares / sum of the differences' squares); None where nothing differs.
    """

    name: str
    max_abs: float
    mean_abs: float
    snr_db: float | None


def errors_against(reference: Path, variant: Path, examples: Examples) -> tuple[OutputError, ...]:
    """The error of each output of `variant` against `reference`, in real numbers, in the order of its outputs.

    Both run on TensorFlow's interpreter with one thread. Cached by the files' and the examples' content.

    Raises:
        ModelError: `quantisation.run` when one of them can't be run; or as `Examples.read`.
    """
    key = key_of("1", sha256_of(reference), sha256_of(variant), examples.key(), version("tensorflow"))
    entry = cached("quantisation-errors", key, lambda path: _write(path, _compare(reference, variant, examples)))
    try:
        return tuple(OutputError(**fields) for fields in json.loads(entry.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise HostError("cache.damaged", f"{entry} is damaged", why=str(error), hint=f"rm '{entry}'") from error


def argument_names(model: TfliteFile) -> tuple[str, ...]:
    """The name of each input: its signature's argument, or the tensor's own where there is no signature."""
    by_tensor = {number: name for name, number in model.signatures[0].inputs.items()} if model.signatures else {}
    return tuple(by_tensor.get(number, model.main.tensors[number].name) for number in model.main.inputs)


def _write(path: Path, errors: Sequence[OutputError]) -> None:
    path.write_text(json.dumps([asdict(error) for error in errors]), encoding="utf-8")


def _compare(reference: Path, variant: Path, examples: Examples) -> tuple[OutputError, ...]:
    first, second = inspect(reference), inspect(variant)
    names = argument_names(first)
    specs = [
        InputSpec(name, tensor.dtype, tensor.shape)
        for name, tensor in zip(names, first.main.input_tensors, strict=True)
    ]
    given = examples.read(specs, lambda _message: None)
    expected, got = _answers(first, given), _answers(second, given)
    outputs = [tensor.name for tensor in first.main.output_tensors]
    return tuple(_error(name, expected[index], got[index]) for index, name in enumerate(outputs))


def _answers(model: TfliteFile, examples: Sequence[Example]) -> list[NDArray[np.float64]]:
    """All answers of each output, one after the other."""
    names = argument_names(model)
    collected: list[list[NDArray[np.float64]]] = [[] for _ in model.main.outputs]
    with silenced() as noise:
        try:
            interpreter = tensorflow().lite.Interpreter(model_path=str(model.path), num_threads=1)
            interpreter.allocate_tensors()
            for example in examples:
                for name, number, tensor in zip(names, model.main.inputs, model.main.input_tensors, strict=True):
                    interpreter.set_tensor(number, _as_given(example[name], tensor))
                interpreter.invoke()
                for index, number in enumerate(model.main.outputs):
                    raw = interpreter.get_tensor(number)
                    collected[index].append(dequantise(raw, model.main.tensors[number]).reshape(-1))
        except (RuntimeError, ValueError, KeyError) as error:
            what = f"{model.path}: TensorFlow's interpreter on the host can't run it"
            raise ModelError("quantisation.run", what, why=f"{error}\n{noise.tail()}".strip()) from error
    return [np.concatenate(answers) for answers in collected]


def _as_given(numbers: NDArray[Any], tensor: TensorInfo) -> NDArray[Any]:
    if not tensor.quantised or numbers.dtype.kind != "f":
        return numbers
    return quantise(numbers, tensor)


def _error(name: str, expected: NDArray[np.float64], got: NDArray[np.float64]) -> OutputError:
    if expected.shape != got.shape:
        what = f"output '{name}' has {got.size} numbers where fp32 has {expected.size}"
        raise ModelError("quantisation.run", what, hint="convert both again from one source")
    distance = np.abs(expected - got)
    noise, signal = float(np.sum(distance**2)), float(np.sum(expected**2))
    snr = 10 * math.log10(signal / noise) if noise > 0 and signal > 0 else None
    return OutputError(name, float(distance.max()), float(distance.mean()), snr)
