"""Runs a `.tflite` file on the host, for tests that compare what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray


def answers(path: Path, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
    """The outputs in the file's order, by TensorFlow Lite's reference kernels."""
    from harness.models.quiet import silenced, tensorflow

    with silenced():
        lite = tensorflow().lite
        reference = lite.experimental.OpResolverType.BUILTIN_REF
        interpreter = lite.Interpreter(str(path), num_threads=1, experimental_op_resolver_type=reference)
        interpreter.allocate_tensors()
        for details, values in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
        return [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]
