"""What TensorFlow's own interpreter answers on the host: the reference that a device's backends are held against."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HostError, ModelError
from harness.fetch.store import cached, key_of
from harness.models.describe import DescribedModel
from harness.models.quiet import silenced, tensorflow


def reference_outputs(described: DescribedModel, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The outputs for one set of input tensors, in the model's order, shapes and types.

    One thread, TensorFlow's default kernels (XNNPACK where it takes the model). Cached by model, inputs and
    TensorFlow's version, so that asking again doesn't import TensorFlow.

    Raises:
        ModelError: `reference.input` for a tensor of another shape or type; `reference.failed`.
    """
    _check(described, inputs)
    digests = [hashlib.sha256(np.ascontiguousarray(tensor).tobytes()).hexdigest() for tensor in inputs]
    key = key_of(described.sha256, version("tensorflow"), *digests)
    entry = cached("reference", key, lambda path: _run(described, inputs, path))
    try:
        return [np.load(entry / f"{index}.npy", allow_pickle=False) for index in range(len(described.outputs))]
    except (OSError, ValueError) as error:
        raise HostError("cache.damaged", f"{entry} is damaged", why=str(error), hint=f"rm -r '{entry}'") from error


def _check(described: DescribedModel, inputs: Sequence[NDArray[Any]]) -> None:
    if len(inputs) != len(described.inputs):
        what = f"{described.id} takes {len(described.inputs)} input tensors, and {len(inputs)} are given"
        raise ModelError("reference.input", what)
    for given, tensor in zip(inputs, described.inputs, strict=True):
        if (given.shape, str(given.dtype)) != (tensor.shape, tensor.dtype):
            raise ModelError("reference.input", f"{described.id}: {given.dtype} {given.shape} given for input {tensor}")


def _run(described: DescribedModel, inputs: Sequence[NDArray[Any]], target: Path) -> None:
    with silenced() as noise:
        try:
            interpreter = tensorflow().lite.Interpreter(model_path=str(described.path), num_threads=1)
            interpreter.allocate_tensors()
            for details, tensor in zip(interpreter.get_input_details(), inputs, strict=True):
                interpreter.set_tensor(details["index"], tensor)
            interpreter.invoke()
            outputs = [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]
        except (RuntimeError, ValueError) as error:
            what = f"{described.id}: TensorFlow's interpreter on the host can't run it"
            raise ModelError("reference.failed", what, why=f"{error}\n{noise.tail()}".strip()) from error
    target.mkdir()
    for index, output in enumerate(outputs):
        np.save(target / f"{index}.npy", output, allow_pickle=False)
