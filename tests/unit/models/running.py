"""Converts a file and expects a refusal; runs a `.tflite` file on the host and gives its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.models.convert import convert_recipe
from harness.models.recipe import recipe_for


def refusal(path: Path, **options: Any) -> HarnessError:
    """What a conversion to fp32 ends with; twice the same, as nothing half-made is kept."""
    errors = []
    for _ in range(2):
        with pytest.raises(HarnessError) as caught:
            convert_recipe(recipe_for(str(path), **options), ["fp32"])
        errors.append(caught.value)
    assert errors[0].code == errors[1].code
    return errors[0]


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
