"""`python -m harness.models.webgpu_process FOLDER`: the models of FOLDER/questions.json on the CPU and on WebGPU.

Writes a line of JSON before each model and after it. Everything else that the libraries print is kept for `error`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.models.inspect import inspect
from harness.models.quiet import silenced

Arrays = list[npt.NDArray[Any]]

_ADAPTER = re.compile(r"Selected adapter: ([^,\n]+)")
_SHARED = re.compile(
    r"not supported by GPU delegate:\n(?P<left>.*?)\n(?P<taken>No|\d+) operations? will run on the GPU", re.DOTALL
)
_CHATTER = re.compile(r"INFO: |WARNING: |[IW]\d{4} ")
_LINES = 500


def _reference(model: str, inputs: Arrays) -> Arrays:
    """The CPU's own kernels without XNNPACK: the definition of each operator."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model, num_threads=1, experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    for details, tensor in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(details["index"], tensor)
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]


class _Accelerator:
    """The accelerator in an environment that all models share."""

    def __init__(self) -> None:
        from ai_edge_litert import compiled_model

        self._litert = compiled_model
        place = str(Path(compiled_model.__file__).parent)
        self._environment = compiled_model.Environment.create(
            options=compiled_model.EnvironmentOptions(runtime_path=place)
        )

    def compiled(self, model: str, *, with_cpu: bool) -> Any:
        """The model, compiled for the GPU alone, or for what the GPU doesn't take also for the CPU's own kernels."""
        kinds = self._litert.HardwareAccelerator
        plain = self._litert.CpuOptions(num_threads=1, kernel_mode=self._litert.CpuKernelMode.BUILTIN)
        options = self._litert.Options(
            hardware_accelerators=kinds.GPU | kinds.CPU if with_cpu else kinds.GPU,
            cpu_options=plain,
            gpu_options=self._litert.GpuOptions(enforce_f32=True),
        )
        return self._litert.CompiledModel.from_file(model, environment=self._environment, options=options)


def _answers(compiled: Any, inputs: Arrays, like: Arrays) -> tuple[Arrays, float]:
    """The second of two inferences, and its milliseconds until the outputs are here: `run` returns before they are."""
    given, made = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    outputs: Arrays = []
    start = 0.0
    for _ in range(2):
        start = time.perf_counter()
        for buffer, tensor in zip(given, inputs, strict=True):
            buffer.write(tensor)
        compiled.run_by_index(0, given, made)
        outputs = [
            buffer.read(each.size, each.dtype).reshape(each.shape) for buffer, each in zip(made, like, strict=True)
        ]
    return outputs, 1000 * (time.perf_counter() - start)


def _examine(accelerator: _Accelerator, folder: Path, name: str, model: str, count: int) -> dict[str, Any]:
    inputs = [np.load(folder / f"{name}.input.{index}.npy", allow_pickle=False) for index in range(count)]
    reference: Arrays = []
    outputs: Arrays = []
    whole, ms, error = False, None, ""
    with silenced() as noise:
        try:
            reference = _reference(model, inputs)
            try:
                compiled = accelerator.compiled(model, with_cpu=False)
                whole = True
            except RuntimeError:  # it doesn't take every operator
                compiled = accelerator.compiled(model, with_cpu=True)
            outputs, ms = _answers(compiled, inputs, reference)
        except (RuntimeError, ValueError) as failure:
            error = str(failure)
        said = noise.tail(_LINES)
    for kind, tensors in (("reference", reference), ("outputs", outputs)):
        for index, tensor in enumerate(tensors):
            np.save(folder / f"{name}.{kind}.{index}.npy", tensor, allow_pickle=False)
    adapter, shared = _ADAPTER.search(said), _SHARED.search(said)
    telling = "\n".join(line for line in said.splitlines() if not _CHATTER.match(line))
    taken = None if shared is None else 0 if shared["taken"] == "No" else int(shared["taken"])
    return {
        "adapter": adapter[1] if adapter else "",
        "taken": len(inspect(Path(model)).main.operations) if whole else taken,
        "left": "" if whole else shared["left"] if shared else telling,
        "ms": ms,
        "error": error,
        "reference": len(reference),
        "outputs": len(outputs),
    }


def main(folder: Path) -> None:
    """Answer all questions, one after the other."""
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    with os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8") as parent:
        with silenced():
            accelerator = _Accelerator()
        for name, model, count in questions:
            print(json.dumps({"begin": name}), file=parent)
            print(json.dumps(_examine(accelerator, folder, name, model, count)), file=parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
